import type { JobSnapshot } from '../core/model.js';
import { wordsOf } from '../core/text.js';
import { ConfigurationError } from '../errors.js';
import { abortable } from '../runtime/abort.js';
import { closedError } from './calls.js';
import type { CancelHost, Submitted } from './cancel-job.js';

/** How long the client, once closed, waits for what is to be cancelled. */
const AFTER_CLOSE_MS = 5_000;

/** Loads what is needed for the calls about a job, which a page has to fetch. */
export type LoadJobCalls = (jobId?: string) => Promise<JobCalls>;
type JobCalls = Pick<typeof import('./cancel-job.js'), 'cancelJob' | 'cancelOwn'> &
  Pick<typeof import('./ask-status.js'), 'askStatus'>;

/** Cancels jobs at the server. Never one that has ended: where cancelling is deleting, its video would be gone. */
export class Cancels {
  readonly #host: CancelHost;
  readonly #load: LoadJobCalls;
  /** What was cancelled here, by which call: its status may be "no such job" from then on, unless it is seen to go on. */
  readonly cancelled = new Map<string, object>();
  /** What has to be done although nobody may wait for it. */
  readonly #due = new Map<() => void, Promise<unknown>>();
  /** By job: how not to cancel it any more where a signal is aborted. */
  readonly #watched = new Map<string, Set<() => void>>();

  constructor(host: CancelHost, load: LoadJobCalls) {
    this.#host = host;
    this.#load = load;
  }

  /** @throws ConfigurationError where the backend has no way to cancel. */
  checkSupported(option: string, hint: string, jobId?: string): void {
    const { backend } = this.#host;
    if (typeof backend.cancel === 'function') return;
    throw new ConfigurationError(option, `the backend ${backend.name} cannot cancel a job`, { jobId, hint });
  }

  /** Asks the status, cancels where the job has not ended, and resolves with the newest that is known then. */
  async cancel(jobId: string, signal: AbortSignal): Promise<JobSnapshot> {
    const { cancelJob } = await abortable(this.#load(jobId), signal);
    return cancelJob(this.#host, this, jobId, signal);
  }

  /**
   * Cancels a job that was submitted here, or what is to become one, behind the caller's back; tells where that fails.
   * Never rejects.
   */
  async cancelOwn(own: string | Submitted, signal: AbortSignal): Promise<void> {
    try {
      const { cancelOwn } = await abortable(this.#load(typeof own === 'string' ? own : undefined), signal);
      await cancelOwn(this.#host, this, own, signal);
    } catch (error) {
      this.#host.logger.warn(`could not cancel: ${wordsOf(error)}`);
    }
  }

  /** Does what is due even where the client is closed meanwhile: it then has some seconds. */
  owe<T>(
    work: (signal: AbortSignal) => Promise<T>,
    { jobId, outer }: { jobId?: string | undefined; outer?: AbortSignal | undefined } = {},
  ): Promise<T> {
    const controller = new AbortController();
    const end = () => controller.abort(closedError(jobId));
    const stop = outer && this.#host.aborts.listen(outer, (reason) => controller.abort(reason));
    const done = work(controller.signal).finally(() => {
      stop?.();
      this.#due.delete(end);
    });
    this.#due.set(end, done);
    return done;
  }

  /** Cancels the job when the signal is aborted, unless its end becomes known before, or others want it then. */
  watch(jobId: string, signal: AbortSignal, isAlone: () => boolean): void {
    const watches = this.#watched.get(jobId) ?? new Set();
    this.#watched.set(jobId, watches);
    const stop = this.#host.aborts.listen(signal, () => {
      if (!isAlone()) return;
      this.ended(jobId);
      this.owe((life) => this.cancelOwn(jobId, life), { jobId }).catch(() => {});
    });
    watches.add(stop);
  }

  /** The job has ended: there is nothing to cancel any more. */
  ended(jobId: string): void {
    for (const stop of this.#watched.get(jobId) ?? []) stop();
    this.#watched.delete(jobId);
  }

  /** Lets go of all signals. Resolves, after some seconds at most, when nothing is due any more. */
  async close(): Promise<void> {
    for (const jobId of this.#watched.keys()) this.ended(jobId);
    if (this.#due.size === 0) return;
    const { runtime } = this.#host;
    const timer = runtime.setTimeout(() => {
      for (const end of this.#due.keys()) end();
    }, AFTER_CLOSE_MS);
    await Promise.allSettled(this.#due.values());
    runtime.clearTimeout(timer);
  }
}
