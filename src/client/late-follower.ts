import type { Following, JobSink } from '../core/follower.js';
import type { JobSnapshot, JobUpdate, SnapshotSource } from '../core/model.js';
import { partNotLoaded, type VideoError } from '../errors.js';
import type { Follower } from '../transports/transport.js';

/** Who waits until there is something that follows. */
interface Waiting extends Following {
  readonly jobId: string;
  readonly sink: JobSink;
}

/** Follows by what is yet to be loaded, which may take a moment or fail: for the next job it is loaded again then. */
export class LateFollower implements Follower {
  readonly #load: () => Promise<Follower>;
  readonly #waiting = new Set<Waiting>();
  #loading: Promise<Follower> | undefined;
  #loaded: Follower | undefined;
  #closed: ((jobId: string) => VideoError) | undefined;

  constructor(load: () => Promise<Follower>) {
    this.#load = load;
  }

  follow(jobId: string, sink: JobSink, known?: JobSnapshot): Following {
    if (this.#closed !== undefined) {
      const error = this.#closed(jobId);
      queueMicrotask(() => sink.stopped(error));
      return { stop() {} };
    }
    if (this.#loaded !== undefined) return this.#loaded.follow(jobId, sink, known);
    let following: Following | undefined;
    const waiting: Waiting = {
      ...{ jobId, sink },
      stop: () => {
        this.#waiting.delete(waiting);
        following?.stop();
      },
    };
    this.#waiting.add(waiting);
    this.#whenLoaded(
      (loaded) => {
        if (this.#waiting.delete(waiting)) following = loaded.follow(jobId, sink, known);
      },
      ({ cause }: VideoError) => {
        if (this.#waiting.delete(waiting)) sink.stopped(partNotLoaded('following', jobId, cause));
      },
    );
    return waiting;
  }

  failureOf(jobId: string): unknown {
    return this.#loaded?.failureOf(jobId);
  }

  ingest(update: JobUpdate, source: SnapshotSource): void {
    if (this.#loaded !== undefined) this.#loaded.ingest(update, source);
    // After those who wait for it are followed.
    else if (this.#waiting.size > 0) this.#whenLoaded((loaded) => loaded.ingest(update, source));
  }

  close(error: (jobId: string) => VideoError): void {
    this.#closed = error;
    this.#loaded?.close(error);
    for (const { jobId, sink } of this.#waiting) sink.stopped(error(jobId));
    this.#waiting.clear();
  }

  #whenLoaded(then: (loaded: Follower) => void, orElse: (error: VideoError) => void = () => {}): void {
    this.#loading ??= this.#load().then(
      (loaded) => {
        this.#loaded = loaded;
        return loaded;
      },
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
    this.#loading.then(then, orElse);
  }
}
