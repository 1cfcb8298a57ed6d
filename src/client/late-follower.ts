import type { Following, JobSink } from '../core/follower.js';
import type { JobSnapshot, JobUpdate, SnapshotSource } from '../core/model.js';
import { partNotLoaded, type VideoError } from '../errors.js';
import type { Follower } from '../transports/transport.js';

/** Who waits until there is something that follows: asked for one job, and told where there will be nothing. */
interface Asked {
  readonly jobId: string;
  readonly sink: JobSink;
  readonly known: JobSnapshot | undefined;
}

/** The place of one of them. It is kept until the end of the job, so it keeps nothing but what it needs then. */
class Place implements Following {
  following: Following | undefined;
  readonly #waiting: Map<Place, Asked>;

  constructor(waiting: Map<Place, Asked>) {
    this.#waiting = waiting;
  }

  stop(): void {
    this.#waiting.delete(this);
    this.following?.stop();
  }
}

/** Follows by what is yet to be loaded, which may take a moment or fail: for the next job it is loaded again then. */
export class LateFollower implements Follower {
  readonly #load: () => Promise<Follower>;
  readonly #waiting = new Map<Place, Asked>();
  #loading: Promise<Follower | undefined> | undefined;
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
    const place = new Place(this.#waiting);
    this.#waiting.set(place, { jobId, sink, known });
    this.#start();
    return place;
  }

  failureOf(jobId: string): unknown {
    return this.#loaded?.failureOf(jobId);
  }

  ingest(update: JobUpdate, source: SnapshotSource): void {
    if (this.#loaded !== undefined) this.#loaded.ingest(update, source);
    // After those who wait for it are followed.
    else if (this.#waiting.size > 0) this.#start().then((loaded) => loaded?.ingest(update, source));
  }

  close(error: (jobId: string) => VideoError): void {
    this.#closed = error;
    this.#loaded?.close(error);
    this.#leave((_, { jobId, sink }) => sink.stopped(error(jobId)));
  }

  /** Undefined where it cannot be loaded; those who wait have been told then. */
  #start(): Promise<Follower | undefined> {
    this.#loading ??= this.#load().then(
      (loaded) => {
        this.#loaded = loaded;
        this.#leave((place, { jobId, sink, known }) => {
          place.following = loaded.follow(jobId, sink, known);
        });
        return loaded;
      },
      (error: VideoError) => {
        this.#loading = undefined;
        this.#leave((_, { jobId, sink }) => sink.stopped(partNotLoaded('following', jobId, error.cause)));
        return undefined;
      },
    );
    return this.#loading;
  }

  /** All that wait now, but for those that are stopped by what becomes of another. */
  #leave(then: (place: Place, asked: Asked) => void): void {
    for (const [place, asked] of [...this.#waiting]) if (this.#waiting.delete(place)) then(place, asked);
  }
}
