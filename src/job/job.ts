/// <reference lib="esnext.disposable" preserve="true" />
import { checkCall, checkDownload } from '../core/check-option.js';
import { type CompletedJob, type FailedJob, isEnd, type JobSnapshot } from '../core/model.js';
import type { DownloadOptions, VideoDownload } from '../core/video-download.js';
import { JobFailedError } from '../errors.js';
import { iterateSnapshots } from './iterator.js';
import { JobListeners, type VideoJobEvents } from './listeners.js';
import { JobWaits, type WaitHost, type WaitOptions } from './waits.js';

/** @internal What a job needs of the client that made it. */
export interface JobHost<Variant extends string> extends WaitHost {
  download(job: CompletedJob, options?: DownloadOptions<Variant>): Promise<VideoDownload>;
  cancel(jobId: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<JobSnapshot>;
  /** Nobody here is at work on the job of this key any more. */
  release?(key: string): void;
}

/**
 * One job that a server works on. It is followed only while there is a listener, an iterator or a promise waiting for it.
 */
export class VideoJob<Variant extends string = string> {
  readonly id: string;
  /** Of its record, where the client keeps some: by it `generate` gives the same job again. */
  declare readonly key?: string;
  readonly #host: JobHost<Variant>;
  readonly #waits: JobWaits;
  /** Made with the first: of thousands of jobs few may have one. */
  #listeners: JobListeners | undefined;

  /** @internal Made by `generate` and `subscribe`. */
  constructor(
    host: JobHost<Variant>,
    snapshot: JobSnapshot,
    isKnown: boolean,
    options: WaitOptions,
    key?: string,
  ) {
    this.id = snapshot.id;
    if (key !== undefined) this.key = key;
    this.#host = host;
    this.#waits = new JobWaits(host, snapshot, isKnown, options);
  }

  get #events(): JobListeners {
    this.#listeners ??= new JobListeners(this.#waits);
    return this.#listeners;
  }

  /** The last that is known, at once and without I/O. A placeholder (`queued`, 0) before anything is. */
  get snapshot(): JobSnapshot {
    return this.#waits.snapshot;
  }

  /** Starts to follow with the first listener. Returns a function that removes it, safe to call twice. */
  on<E extends keyof VideoJobEvents>(event: E, listener: VideoJobEvents[E]): () => void {
    return this.#events.add(event, listener, false);
  }

  /** As `on`, for the next such event only. */
  once<E extends keyof VideoJobEvents>(event: E, listener: VideoJobEvents[E]): () => void {
    return this.#events.add(event, listener, true);
  }

  /** Stops following with the last listener, unless something else waits for the job. */
  off<E extends keyof VideoJobEvents>(event: E, listener: VideoJobEvents[E]): void {
    this.#events.remove(event, listener);
  }

  /**
   * Resolves when the job has completed.
   *
   * @throws JobFailedError, JobTimeoutError, the signal's own reason, or what ended following (such as an
   * ApiError of code `not-found`, or a VideoError of code `closed`). Each carries the job's id.
   */
  completed(options: WaitOptions = {}): Promise<CompletedJob> {
    return new Promise((resolve, reject) => {
      checkCall(options, this.id, 'timeoutMs');
      const update = (snapshot: JobSnapshot) => {
        if (snapshot.status === 'completed') resolve(snapshot);
        else if (snapshot.status === 'failed') reject(failure(snapshot));
      };
      this.#waits.add({ update, stopped: reject }, options);
    });
  }

  /**
   * Every snapshot from now on, the one known now first; ends after the terminal one. `break` cleans up.
   * Throws as `completed()` does, except that a failed job is a snapshot like any other.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<JobSnapshot> {
    return iterateSnapshots(this.#waits);
  }

  /** Waits for the end where it has not come yet, then opens the download. */
  async download(options: DownloadOptions<Variant> = {}): Promise<VideoDownload> {
    checkDownload(options, this.id);
    const job = await this.completed({ signal: options.signal });
    return this.#host.download(job, options);
  }

  /**
   * Cancels the job at the server, as `client.cancel(id)` does. Everything that waits for the job is told this end like any other.
   *
   * @throws ConfigurationError where the backend cannot cancel; ApiError, NetworkError.
   */
  async cancel(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<JobSnapshot> {
    const snapshot = await this.#host.cancel(this.id, options);
    // The job may not be followed now. What is known to have ended stays as it is.
    if (!isEnd(this.snapshot)) this.#waits.update(snapshot);
    return this.snapshot;
  }

  /** Stops following and drops all listeners; what still waits rejects with a VideoError of code `closed`. */
  close(): void {
    this.#waits.close();
    this.#listeners?.removeAllListeners();
    if (this.key !== undefined) this.#host.release?.(this.key);
  }

  /** As `close()`; for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function failure(snapshot: FailedJob): JobFailedError {
  return new JobFailedError(snapshot.id, snapshot.error, {
    reasonCode: snapshot.errorCode,
    hint: 'The server ended this job. Fix the cause, then submit a new job.',
  });
}
