import { ConfigurationError, howToGoOn, VideoError } from '../errors.js';
import type { Aborts } from '../runtime/aborts.js';

/** All that is under way, so that closing a client can end it. */
export class Calls {
  /** How to end each, and what it is told then. */
  readonly #underWay = new Map<(reason: unknown) => void, () => VideoError>();
  readonly #aborts: Aborts;
  #closed = false;

  constructor(aborts: Aborts) {
    this.#aborts = aborts;
  }

  /** One call: rejects with the caller's own reason where that aborts it. */
  async run<T>(
    jobId: string | undefined,
    outer: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.refuseClosed(jobId);
    outer?.throwIfAborted();
    const controller = new AbortController();
    const abort = (reason: unknown) => controller.abort(reason);
    const stopListening = outer && this.#aborts.listen(outer, abort);
    const over = this.add(jobId, abort);
    try {
      return await work(controller.signal);
    } finally {
      over();
      stopListening?.();
    }
  }

  /** Something longer than a call; returns what to do when it is over. */
  add(
    jobId: string | undefined,
    abort: (reason: unknown) => void,
    closed = () => closedError(jobId),
  ): () => void {
    this.#underWay.set(abort, closed);
    return () => this.#underWay.delete(abort);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  refuseClosed(jobId: string | undefined): void {
    if (this.#closed) throw closedError(jobId);
  }

  close(): void {
    this.#closed = true;
    for (const [abort, closed] of this.#underWay) abort(closed());
  }
}

/** For what only a client can do that keeps records of its jobs. */
export function needsJobs(option: string): ConfigurationError {
  return new ConfigurationError(option, `${option}: the client was given no jobs, see reelwire/jobs`);
}

export function closedError(jobId: string | undefined): VideoError {
  const about = jobId === undefined ? '' : ` while job ${jobId} was under way`;
  return new VideoError('closed', `the client was closed${about}`, {
    jobId,
    hint: jobId === undefined ? 'Make a new VideoClient.' : `${howToGoOn(jobId)} of a new VideoClient.`,
  });
}
