import { backoffDelayMs } from '../core/backoff.js';
import { wordsOf } from '../core/text.js';
import { sleep } from '../runtime/abort.js';
import type { JobsHost } from './jobs.js';
import type { JobRecord } from './record.js';
import type { SafeStore } from './safe-store.js';

const BOUNDS = { minDelayMs: 500, maxDelayMs: 30_000 };
/** Some ten minutes, by which a store that is down is up again, or will not be. */
const ATTEMPTS = 24;
/** How often, once the client is closed. */
const HURRY_MS = 250;
/** How long a client that is closed waits for what is to be written. */
const AFTER_CLOSE_MS = 5_000;

/** What is to be written although nobody may wait for it. The timers of it keep the process alive. */
export class Writes {
  readonly #store: SafeStore;
  readonly #host: Pick<JobsHost, 'logger' | 'runtime'>;
  readonly #pending = new Set<Promise<unknown>>();
  // Each is made where it is first asked for: a Worker may make none at module level.
  #hurrying: AbortController | undefined;
  #givingUp: AbortController | undefined;

  constructor(store: SafeStore, host: Pick<JobsHost, 'logger' | 'runtime'>) {
    this.#store = store;
    this.#host = host;
  }

  get #hurry(): AbortController {
    this.#hurrying ??= new AbortController();
    return this.#hurrying;
  }

  get #giveUp(): AbortController {
    this.#givingUp ??= new AbortController();
    return this.#givingUp;
  }

  /** Aborts when what is still to be done is given up. */
  get givenUp(): AbortSignal {
    return this.#giveUp.signal;
  }

  /** Waited for when the client is closed. */
  owe<T>(work: Promise<T>): Promise<T> {
    const done = () => this.#pending.delete(work);
    this.#pending.add(work);
    work.then(done, done);
    return work;
  }

  /** Writes, and tries again behind the caller's back where that fails. Resolves after the first try; never rejects. */
  async keep(record: JobRecord): Promise<void> {
    try {
      await this.owe(this.#store.put(record));
    } catch (error) {
      const { logger } = this.#host;
      logger.warn(`${wordsOf(error)}. It is tried again; ${about(record)}.`);
      this.owe(this.#again(record)).catch(() => {});
    }
  }

  async #again(record: JobRecord): Promise<void> {
    const { logger, runtime } = this.#host;
    for (let failures = 1; failures <= ATTEMPTS && !this.#giveUp.signal.aborted; failures++) {
      const isHurried = this.#hurry.signal.aborted;
      const delayMs = isHurried ? HURRY_MS : backoffDelayMs(failures, BOUNDS, runtime.random());
      const signal = isHurried ? this.#giveUp.signal : this.#hurry.signal;
      await sleep(runtime, delayMs, signal).catch(() => {});
      try {
        await this.#store.put(record);
        return;
      } catch {
        // Told once, and at the end.
      }
    }
    logger.error(`a record could not be written, and is given up: ${about(record)}.`);
  }

  /** Resolves when nothing is to be written any more, after some seconds at most. */
  async close(): Promise<void> {
    this.#hurry.abort();
    const { runtime } = this.#host;
    const timer = runtime.setTimeout(() => this.#giveUp.abort(), AFTER_CLOSE_MS);
    const late = new Promise<void>((resolve) => {
      this.#giveUp.signal.addEventListener('abort', () => resolve());
    });
    while (this.#pending.size > 0 && !this.#giveUp.signal.aborted) {
      await Promise.race([Promise.allSettled(this.#pending), late]);
    }
    runtime.clearTimeout(timer);
  }
}

function about({ jobId, key, state }: JobRecord): string {
  const job = jobId === undefined ? '' : `, job ${JSON.stringify(jobId)}`;
  return `key ${JSON.stringify(key)} is ${state}${job}`;
}
