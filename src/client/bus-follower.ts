import { isEnd } from '../core/model.js';
import type { Follower } from '../transports/transport.js';
import type { BusLink } from './bus-link.js';

/** Follows as this follower does, and shares what is learned with the other processes on the bus. */
export function followOnBus(follower: Follower, link: BusLink): Follower {
  return {
    follow(jobId, sink, known) {
      const leave = link.watch(jobId);
      const following = follower.follow(
        jobId,
        {
          update(snapshot) {
            link.share(snapshot);
            if (isEnd(snapshot)) leave();
            sink.update(snapshot);
          },
          stopped(error) {
            leave();
            sink.stopped(error);
          },
          transport: (change) => sink.transport(change),
          warning: (warning) => sink.warning(warning),
        },
        known,
      );
      return {
        stop() {
          leave();
          following.stop();
        },
      };
    },
    failureOf: (jobId) => follower.failureOf(jobId),
    ingest: (update, source) => follower.ingest(update, source),
    close: (error) => follower.close(error),
  };
}
