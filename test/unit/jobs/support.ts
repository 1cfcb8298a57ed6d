import { applyUpdate } from '../../../src/core/job-state.js';
import type { JobSnapshot } from '../../../src/core/model.js';
import { ApiError, NetworkError, SubmitOutcomeUnknownError } from '../../../src/errors.js';
import type { ClientJobs, JobsHost, KeptSubmission, PostOptions } from '../../../src/jobs/jobs.js';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import type { JobStore } from '../../../src/jobs/store.js';

/** What a client hands over, on the clock of the test. */
export function hostOf(changes: Partial<JobsHost> = {}): JobsHost {
  return {
    backend: { name: 'mock', idempotency: 'none' },
    settings: {
      baseUrl: new URL('https://host/api'),
      timeouts: { requestMs: 1_000, jobMs: 60_000 },
      retry: { attempts: 3, minDelayMs: 10, maxDelayMs: 100 },
    },
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    aborts: { listen: () => () => {} },
    runtime: {
      now: () => Date.now(),
      elapsedMs: () => Math.round(performance.now()),
      random: () => 0,
      setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
      clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    },
    http: { redact: (text) => text },
    ...changes,
  };
}

export function recordOf(changes: Partial<JobRecord> = {}): JobRecord {
  const now = Date.now();
  return {
    ...{ version: 1, key: 'order-7', backend: 'mock', baseUrl: 'https://host/api', state: 'submitting' },
    ...{
      idempotencyKey: 'idem-1',
      inputDigest: '0'.repeat(16),
      decidedBy: now,
      createdAt: now,
      updatedAt: now,
    },
    ...changes,
  };
}

function snapshotOf(jobId: string): JobSnapshot {
  return applyUpdate(undefined, { jobId, raw: undefined }, 'polling', Date.now());
}

/** What a server makes of one POST. */
export type Answer =
  | { readonly status: 200 }
  /** It made a job, and its answer was lost or says nothing. */
  | { readonly status: number; readonly makesJob?: boolean; readonly meanwhile?: () => Promise<void> }
  /** Asked to wait so long before the next try. */
  | { readonly waitMs: number }
  /** The connection was never made, or broke after a job was made. */
  | { readonly connection: 'never made' | 'lost' };

/** A server that counts its jobs. Where it honours keys, a key makes one. */
export class Server {
  readonly #answers: Answer[];
  readonly #byKey = new Map<string, string>();
  jobs = 0;
  posts = 0;

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  /** A submission to it, as a client makes one. */
  submission(input: unknown = { prompt: 'A cat' }): KeptSubmission<Record<never, never>> {
    return {
      operation: 'generate',
      input,
      encode: () => ({}),
      post: (options) => {
        let isAtStake = true;
        const answer = this.#answer(options).catch((error: unknown) => {
          isAtStake = error instanceof SubmitOutcomeUnknownError;
          throw error;
        });
        answer.catch(() => {});
        return { answer, isAtStake: () => isAtStake, isUnderWay: () => false, abandon: () => true, end() {} };
      },
    };
  }

  async #answer(options: PostOptions): Promise<JobSnapshot> {
    this.posts++;
    const next = this.#answers.shift() ?? { status: 200 };
    if ('waitMs' in next) {
      await options.onRepeat?.(next.waitMs);
      await new Promise((resolve) => setTimeout(resolve, next.waitMs));
      return this.#answer(options);
    }
    if ('connection' in next) {
      const cause = new NetworkError('network', `the connection was ${next.connection}`);
      if (next.connection === 'never made') throw cause;
      this.#make(options.idempotencyKey);
      throw new SubmitOutcomeUnknownError(cause.message, { cause });
    }
    if (next.status === 200) return snapshotOf(this.#make(options.idempotencyKey));
    if ('makesJob' in next && next.makesJob === true) this.#make(options.idempotencyKey);
    if ('meanwhile' in next) await next.meanwhile?.();
    if (next.status < 500) throw new ApiError(`answered ${next.status}`, { status: next.status });
    throw new SubmitOutcomeUnknownError(`answered ${next.status}`, { status: next.status });
  }

  #make(key: string | undefined): string {
    const before = key === undefined ? undefined : this.#byKey.get(key);
    if (before !== undefined) return before;
    const id = `job-${++this.jobs}`;
    if (key !== undefined) this.#byKey.set(key, id);
    return id;
  }
}

/** One process with the store. */
export function processOf(store: JobStore, changes: Partial<JobsHost> = {}): ClientJobs {
  return jobsOver(store).open(hostOf(changes));
}
