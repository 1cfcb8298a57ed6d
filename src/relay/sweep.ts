import type { AnyBackend, Logger, VideoClient } from '../index.js';
import type { JobHub } from './hub.js';

const OFTEN_MS = 30_000;
const SELDOM_MS = 600_000;
/** Status calls at once. */
const AT_ONCE = 6;
/** Keys of unknown outcome that were told already. */
const MAX_TOLD = 1_000;

/** Looks after the jobs that nobody watches, those of processes that died among them. */
export class Sweep {
  readonly #client: VideoClient<AnyBackend>;
  readonly #hub: Pick<JobHub, 'isFollowed'>;
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #everyMs: number;
  readonly #told = new Set<string>();
  #controller: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: {
    readonly client: VideoClient<AnyBackend>;
    readonly hub: Pick<JobHub, 'isFollowed'>;
    readonly logger: Pick<Logger, 'warn'>;
    /** The server tells of each end by itself. */
    readonly hasWebhooks: boolean;
  }) {
    this.#client = options.client;
    this.#hub = options.hub;
    this.#logger = options.logger;
    this.#everyMs = options.hasWebhooks ? SELDOM_MS : OFTEN_MS;
  }

  /** A Worker may make none at module level. */
  get #life(): AbortController {
    this.#controller ??= new AbortController();
    return this.#controller;
  }

  /** With the first request, since a Worker may do nothing before. Safe to call again. */
  start(): void {
    if (this.#timer !== undefined || this.#life.signal.aborted) return;
    // A tenth of chance, so that several processes do not all come at once.
    const timer = setTimeout(() => void this.#next(), this.#everyMs * (0.95 + Math.random() / 10));
    // A process that serves nobody any more may end.
    (timer as { unref?(): void }).unref?.();
    this.#timer = timer;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#life.abort();
  }

  async #next(): Promise<void> {
    await this.pass().catch((error: unknown) => {
      if (!this.#life.signal.aborted)
        this.#logger.warn(`relay: open jobs could not be looked after: ${error}`);
    });
    this.#timer = undefined;
    this.start();
  }

  /** Asks about each open job once. */
  async pass(): Promise<void> {
    const asking = new Set<Promise<void>>();
    for await (const { record, job, error } of this.#client.resume({
      open: true,
      signal: this.#life.signal,
    })) {
      if (error !== undefined) this.#tell(record?.key, error);
      if (job === undefined) continue;
      const asked = this.#ask(record.key, job).finally(() => asking.delete(asked));
      asking.add(asked);
      if (asking.size >= AT_ONCE) await Promise.race(asking);
    }
    await Promise.all(asking);
  }

  /** What comes of it goes to the record, and to all who wait for it: by the client. */
  async #ask(key: string, job: { readonly id: string; close(): void }): Promise<void> {
    try {
      if (!this.#hub.isFollowed(key)) await this.#client.status(job.id, { signal: this.#life.signal });
    } catch {
      // It is asked about again.
    } finally {
      job.close();
    }
  }

  #tell(key: string | undefined, error: Error): void {
    const name = key ?? 'of a record';
    if (this.#told.has(name)) return;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.add(name);
    this.#logger.warn(`relay: job ${name}: ${error.message}`);
  }
}
