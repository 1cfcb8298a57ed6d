import type { Following, JobSink } from '../core/follower.js';
import { isEnd, type JobSnapshot, type JobWarning, type TransportChange } from '../core/model.js';
import type { VideoError } from '../errors.js';
import type { Follower } from '../transports/transport.js';
import type { BusLink } from './bus-link.js';

/** Follows as this follower does, and shares what is learned with the other processes on the bus. */
export function followOnBus(follower: Follower, link: BusLink): Follower {
  return {
    follow(jobId, sink, known) {
      const shared = new SharedJob(jobId, sink, link);
      shared.following = follower.follow(jobId, shared, known);
      return shared;
    },
    failureOf: (jobId) => follower.failureOf(jobId),
    ingest: (update, source) => follower.ingest(update, source),
    close: (error) => follower.close(error),
  };
}

/** One that follows one job. */
class SharedJob implements JobSink, Following {
  following: Following | undefined;
  readonly #jobId: string;
  readonly #sink: JobSink;
  readonly #link: BusLink;
  #isWatched = true;

  constructor(jobId: string, sink: JobSink, link: BusLink) {
    this.#jobId = jobId;
    this.#sink = sink;
    this.#link = link;
    link.watch(jobId);
  }

  update(snapshot: JobSnapshot): void {
    this.#link.share(snapshot);
    if (isEnd(snapshot)) this.#leave();
    this.#sink.update(snapshot);
  }

  stopped(error: VideoError): void {
    this.#leave();
    this.#sink.stopped(error);
  }

  transport(change: TransportChange): void {
    this.#sink.transport(change);
  }

  warning(warning: JobWarning): void {
    this.#sink.warning(warning);
  }

  stop(): void {
    this.#leave();
    this.following?.stop();
  }

  #leave(): void {
    if (this.#isWatched) this.#link.unwatch(this.#jobId);
    this.#isWatched = false;
  }
}
