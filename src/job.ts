import { EventEmitter } from 'eventemitter3';
import {
  type CompletedJob,
  type FailedJob,
  isEnd,
  type JobSnapshot,
  type JobWarning,
  type TransportChange,
} from './core/model.js';
import type { Runtime, TimerHandle } from './core/runtime.js';
import { JobFailedError, JobTimeoutError, VideoError } from './errors.js';
import type { DownloadOptions, VideoDownload } from './http/download.js';
import { iterateSnapshots, type SnapshotWaiter } from './job-iterator.js';
import { checkTimeoutMs } from './options.js';
import type { JobFollower, JobSink } from './transports/transport.js';

/** What `VideoJob` tells its listeners. */
export interface VideoJobEvents {
  /** Each snapshot that differs from the one before. */
  update: (snapshot: JobSnapshot) => void;
  /** The status moved on. */
  status: (snapshot: JobSnapshot) => void;
  /** The progress rose. */
  progress: (snapshot: JobSnapshot) => void;
  /** The end, told once; a listener added after it is told too. */
  completed: (snapshot: CompletedJob) => void;
  /** The end, told once; a listener added after it is told too. */
  failed: (snapshot: FailedJob) => void;
  /** Another transport brings the updates now. */
  transport: (change: TransportChange) => void;
  /** Something is odd. Of code `stopped`: following ended before the job did, and `error` says why. */
  warning: (warning: JobWarning) => void;
}

export interface WaitOptions {
  /** Ends the wait, not the job. Rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** From now, in milliseconds. @default timeouts.jobMs */
  readonly timeoutMs?: number | undefined;
}

/** What a job needs of the client that made it. */
export interface JobHost<Variant extends string> {
  readonly runtime: Runtime;
  readonly follower: JobFollower;
  /** `timeouts.jobMs` */
  readonly jobMs: number;
  download(job: CompletedJob, options?: DownloadOptions<Variant>): Promise<VideoDownload>;
}

/** A `completed()`, an iterator, or all listeners together. */
interface Waiter extends SnapshotWaiter {
  /** Frees its timer and its place on the signals. */
  release(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: what EventEmitter takes; `on` types each event.
type Listener = (payload: any) => void;

/**
 * One job that a server works on. It is followed while somebody listens, iterates or awaits, and no longer.
 */
export class VideoJob<Variant extends string = string> {
  readonly id: string;
  readonly #host: JobHost<Variant>;
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number;
  readonly #emitter = new EventEmitter();
  /** A listener's guarded form, by which it is removed. */
  readonly #guarded = new WeakMap<Listener, Listener>();
  /** The list is copied when it changes, so that it can change while it is told. */
  #waiters: readonly Waiter[] = [];
  #snapshot: JobSnapshot;
  /** False until a server said anything: then the snapshot is only a placeholder. */
  #known: boolean;
  #unfollow: (() => void) | undefined;
  #stopListening: (() => void) | undefined;
  #closed: VideoError | undefined;

  /** @internal Made by `generate` and `subscribe`. */
  constructor(host: JobHost<Variant>, snapshot: JobSnapshot, options: WaitOptions & { known: boolean }) {
    this.id = snapshot.id;
    this.#host = host;
    this.#snapshot = snapshot;
    this.#known = options.known;
    this.#signal = options.signal;
    this.#timeoutMs = checkTimeoutMs('timeoutMs', options.timeoutMs) ?? host.jobMs;
  }

  /** The last that is known, at once and without I/O. A placeholder (`queued`, 0) before anything is. */
  get snapshot(): JobSnapshot {
    return this.#snapshot;
  }

  /** Starts to follow with the first listener. Returns the way to remove it, safe to call twice. */
  on<E extends keyof VideoJobEvents>(event: E, listener: VideoJobEvents[E]): () => void {
    return this.#add(event, listener, false);
  }

  once<E extends keyof VideoJobEvents>(event: E, listener: VideoJobEvents[E]): () => void {
    return this.#add(event, listener, true);
  }

  off<E extends keyof VideoJobEvents>(event: E, listener: VideoJobEvents[E]): void {
    const guarded = this.#guarded.get(listener);
    if (guarded !== undefined) this.#emitter.off(event, guarded);
    if (this.#listenerCount() === 0) this.#stopListening?.();
  }

  /**
   * Resolves when the job has completed.
   *
   * @throws JobFailedError, JobTimeoutError, the signal's own reason, or what ended following (such as an
   * ApiError of code `not-found`, or a VideoError of code `closed`). Each carries the job's id.
   */
  completed(options: WaitOptions = {}): Promise<CompletedJob> {
    return new Promise((resolve, reject) => {
      this.#wait(options, {
        update: (snapshot) => {
          if (snapshot.status === 'completed') resolve(snapshot);
          else if (snapshot.status === 'failed') reject(failure(snapshot));
        },
        stopped: reject,
      });
    });
  }

  /**
   * Every snapshot from now on, the one known now first; ends after the terminal one. `break` cleans up.
   * Throws as `completed()` does, except that a failed job is a snapshot like any other.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<JobSnapshot> {
    return iterateSnapshots((waiter) => this.#wait({}, waiter));
  }

  /** Waits for the end where it has not come yet, then opens the download. */
  async download(options: DownloadOptions<Variant> = {}): Promise<VideoDownload> {
    const job = await this.completed({ signal: options.signal });
    return this.#host.download(job, options);
  }

  /** Stops following and drops all listeners; whoever still waits gets a VideoError of code `closed`. */
  close(): void {
    this.#closed ??= new VideoError('closed', `job ${this.id} was closed before it ended`, {
      jobId: this.id,
      hint: `The job may still be running: client.subscribe(${JSON.stringify(this.id)}) follows it again.`,
    });
    this.#stopAll(this.#closed);
    this.#emitter.removeAllListeners();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #add(event: keyof VideoJobEvents, listener: Listener, once: boolean): () => void {
    let guarded = this.#guarded.get(listener);
    if (guarded === undefined) {
      // One listener that throws must not keep the end from the others.
      guarded = (payload) => {
        try {
          listener(payload);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      };
      this.#guarded.set(listener, guarded);
    }
    const late = isEnd(this.#snapshot) && (event === 'update' || event === this.#snapshot.status);
    if (late) {
      const { snapshot } = this;
      const tell = guarded as (payload: JobSnapshot) => void;
      let removed = false;
      queueMicrotask(() => {
        if (!removed) tell(snapshot);
      });
      return () => {
        removed = true;
      };
    }
    if (this.#closed === undefined) {
      this.#emitter[once ? 'once' : 'on'](event, guarded);
      this.#stopListening ??= this.#listen();
    }
    return () => this.off(event, listener as VideoJobEvents[typeof event]);
  }

  #listenerCount(): number {
    return this.#emitter.eventNames().reduce((sum, name) => sum + this.#emitter.listenerCount(name), 0);
  }

  /** All listeners together are one waiter, with the job's own deadline. */
  #listen(): () => void {
    const stop = this.#wait(
      {},
      {
        update: ignore,
        stopped: (error) => {
          this.#stopListening = undefined;
          const message = error instanceof Error ? error.message : 'the wait was aborted';
          this.#emit('warning', { code: 'stopped', message, jobId: this.id, error });
        },
      },
    );
    return () => {
      stop();
      this.#stopListening = undefined;
    };
  }

  /** Keeps the job followed until the end, an error, or a call of the returned function. */
  #wait(options: WaitOptions, tell: SnapshotWaiter): () => void {
    const { runtime } = this.#host;
    const timeoutMs = checkTimeoutMs('timeoutMs', options.timeoutMs) ?? this.#timeoutMs;
    const signals = [options.signal, this.#signal].filter((signal) => signal !== undefined);
    if (isEnd(this.#snapshot)) return tellSoon(tell, this.#snapshot);
    const aborted = signals.find((signal) => signal.aborted);
    if (this.#closed !== undefined || aborted !== undefined) {
      tell.stopped(this.#closed ?? aborted?.reason);
      return () => {};
    }

    let timer: TimerHandle;
    // Where there are no signals nothing is kept for them: ten thousand jobs may be waited for.
    const onAbort =
      signals.length === 0
        ? undefined
        : (event: Event) => waiter.stopped((event.target as AbortSignal).reason);
    const release = () => {
      if (!this.#waiters.includes(waiter)) return;
      this.#waiters = this.#waiters.filter((one) => one !== waiter);
      runtime.clearTimeout(timer);
      if (onAbort !== undefined) {
        for (const signal of signals) signal.removeEventListener('abort', onAbort);
      }
      if (this.#waiters.length === 0) this.#stopFollowing();
    };
    const waiter: Waiter = {
      update: tell.update,
      stopped: (error) => {
        release();
        tell.stopped(error);
      },
      release,
    };
    this.#waiters = this.#waiters.concat(waiter); // A spread would reserve room for more.
    timer = runtime.setTimeout(() => waiter.stopped(new JobTimeoutError(this.id, timeoutMs)), timeoutMs);
    if (onAbort !== undefined) {
      for (const signal of signals) signal.addEventListener('abort', onAbort);
    }
    if (this.#known) waiter.update(this.#snapshot);
    this.#startFollowing();
    return release;
  }

  #startFollowing(): void {
    if (this.#unfollow !== undefined) return;
    const sink: JobSink = {
      update: (snapshot) => this.#update(snapshot),
      transport: (change) => this.#emit('transport', change),
      warning: (warning) => this.#emit('warning', warning),
      stopped: (error) => this.#stopAll(error),
    };
    this.#unfollow = this.#host.follower.follow(this.id, sink, this.#known ? this.#snapshot : undefined);
  }

  #stopFollowing(): void {
    const unfollow = this.#unfollow;
    this.#unfollow = undefined;
    unfollow?.();
  }

  #update(snapshot: JobSnapshot): void {
    const before = this.#snapshot;
    const first = !this.#known;
    this.#snapshot = snapshot;
    this.#known = true;
    for (const waiter of this.#waiters) waiter.update(snapshot);
    this.#emit('update', snapshot);
    if (first || snapshot.status !== before.status) this.#emit('status', snapshot);
    if (snapshot.progress !== before.progress) this.#emit('progress', snapshot);
    if (!isEnd(snapshot)) return;
    this.#emit(snapshot.status, snapshot);
    for (const waiter of this.#waiters) waiter.release();
    this.#emitter.removeAllListeners();
  }

  #stopAll(error: unknown): void {
    for (const waiter of this.#waiters) waiter.stopped(error);
    this.#stopFollowing();
  }

  #emit(event: keyof VideoJobEvents, payload: unknown): void {
    this.#emitter.emit(event, payload);
  }
}

function ignore(): void {}

/** The end is known already; still nobody is called in the middle of asking for it. */
function tellSoon(tell: SnapshotWaiter, snapshot: JobSnapshot): () => void {
  let stopped = false;
  queueMicrotask(() => stopped || tell.update(snapshot));
  return () => {
    stopped = true;
  };
}

function failure(snapshot: FailedJob): JobFailedError {
  return new JobFailedError(snapshot.id, snapshot.error, {
    reasonCode: snapshot.errorCode,
    hint: 'The server ended this job; submit a new one once the reason is mended.',
  });
}
