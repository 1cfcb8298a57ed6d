import { positionOf } from '../core/job-state.js';
import { isEnd, type JobSnapshot, type JobUpdate } from '../core/model.js';
import type { Logger } from '../core/settings.js';
import { bounded, wordsOf } from '../core/text.js';
import { VideoError } from '../errors.js';
import type { JobBus, SharedSnapshot } from '../jobs/bus.js';
import { within } from '../runtime/abort.js';
import type { Runtime, TimerHandle } from '../runtime/runtime.js';
import type { Peers } from '../transports/call-lines.js';

export interface BusLinkDeps {
  readonly bus: JobBus;
  /** Of which server the jobs are. */
  readonly namespace: string;
  readonly runtime: Runtime;
  readonly logger: Pick<Logger, 'warn'>;
  /** Told what others have learned. */
  readonly learned: (update: JobUpdate) => void;
}

/** How long a bus may take, in milliseconds. */
const BUS_MS = 2_000;
/** Progress of one job is told to others no more often, in milliseconds. */
const PROGRESS_MS = 1_000;
/** Of what a server says, in characters. */
const MAX_TEXT = 500;

/** A job that is watched. */
interface Watched {
  watchers: number;
  stop: () => void;
  /** How far it is by what was told, either way. */
  position: number;
  publishedAt: number;
  waiting: JobSnapshot | undefined;
  timer: TimerHandle;
  claimedAt: number;
}

/** One client on a bus: what it learns others are told, and what they tell it learns. */
export class BusLink {
  readonly #deps: BusLinkDeps;
  readonly #watched = new Map<string, Watched>();
  #isCutOff = false;

  constructor(deps: BusLinkDeps) {
    this.#deps = deps;
  }

  /** A job is followed from now on, until `unwatch` was called as often. */
  watch(jobId: string): void {
    const watched = this.#watched.get(jobId) ?? this.#begin(jobId);
    watched.watchers += 1;
  }

  unwatch(jobId: string): void {
    const watched = this.#watched.get(jobId);
    if (watched === undefined || --watched.watchers > 0) return;
    this.#watched.delete(jobId);
    this.#deps.runtime.clearTimeout(watched.timer);
    this.#safely(() => watched.stop());
  }

  /** Something was learned of a job that is watched. An end is told at once, progress once a second. */
  share(snapshot: JobSnapshot): void {
    const watched = this.#watched.get(snapshot.id);
    if (watched === undefined || positionOf(snapshot) <= watched.position) return;
    watched.position = positionOf(snapshot);
    const waitMs = watched.publishedAt + PROGRESS_MS - this.#deps.runtime.elapsedMs();
    if (isEnd(snapshot) || waitMs <= 0) {
      this.#tell(watched, snapshot);
      return;
    }
    watched.waiting = snapshot;
    watched.timer ??= this.#deps.runtime.setTimeout(() => {
      watched.timer = undefined;
      if (watched.waiting !== undefined) this.#tell(watched, watched.waiting);
    }, waitMs);
  }

  /** Tells the others, and rejects where that cannot be done in time. */
  publish(snapshot: JobSnapshot): Promise<void> {
    const { bus, runtime } = this.#deps;
    const shared = sharedOf(this.#idOf(snapshot.id), snapshot, runtime.now());
    return this.#inTime(async () => bus.publish(shared));
  }

  /** Who polls a job, one at a time. */
  peers(intervalMs: number): Peers {
    const { bus, runtime } = this.#deps;
    return {
      claim: async (jobId) => {
        const watched = this.#watched.get(jobId);
        const now = runtime.elapsedMs();
        // Its own claim does not keep it from asking, and that of another since then does.
        const forMs = Math.min(intervalMs, now - (watched?.claimedAt ?? Number.NEGATIVE_INFINITY) - 1);
        const isOurs =
          forMs <= 0 ||
          // Better asked twice than never.
          (await this.#inTime(async () => bus.claim(this.#idOf(jobId), forMs)).catch(() => true));
        if (isOurs && watched !== undefined) watched.claimedAt = now;
        return isOurs;
      },
      unclaim: (jobId) => {
        const watched = this.#watched.get(jobId);
        if (watched !== undefined) watched.claimedAt = Number.NEGATIVE_INFINITY;
        this.#safely(() => bus.unclaim?.(this.#idOf(jobId)));
      },
    };
  }

  #begin(jobId: string): Watched {
    const watched: Watched = {
      watchers: 0,
      stop() {},
      position: -1,
      publishedAt: Number.NEGATIVE_INFINITY,
      claimedAt: Number.NEGATIVE_INFINITY,
      waiting: undefined,
      timer: undefined,
    };
    this.#watched.set(jobId, watched);
    const id = this.#idOf(jobId);
    this.#safely(() => {
      watched.stop = this.#deps.bus.watch(id, (shared) => {
        // A bus may be the caller's own, and hand on whatever came, to whomever. What is no snapshot has no position, and
        // after what is further than an end that would be no news.
        if (shared?.id !== id || !(positionOf(shared) <= 2_000)) return;
        watched.position = Math.max(watched.position, positionOf(shared));
        this.#deps.learned(updateOf(jobId, shared));
      });
    });
    return watched;
  }

  /** Others have their own ways to learn it: where it cannot be told that is a warning, once until it works again. */
  #tell(watched: Watched, snapshot: JobSnapshot): void {
    this.#deps.runtime.clearTimeout(watched.timer);
    watched.timer = undefined;
    watched.waiting = undefined;
    watched.publishedAt = this.#deps.runtime.elapsedMs();
    this.publish(snapshot).then(
      () => {
        this.#isCutOff = false;
      },
      (error: unknown) => {
        if (!this.#isCutOff)
          this.#deps.logger.warn(`other processes were not told of job ${snapshot.id}: ${wordsOf(error)}`);
        this.#isCutOff = true;
      },
    );
  }

  /** A bus may be the caller's own, and hang. */
  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    return within(this.#deps.runtime, BUS_MS, work(), () => {
      throw lateBus();
    });
  }

  /** The same, and throw, or reject where nobody waits for it. Never rejects. */
  async #safely(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.logger.warn(`the bus threw: ${wordsOf(error)}`);
    }
  }

  #idOf(jobId: string): string {
    return `${this.#deps.namespace} ${jobId}`;
  }
}

function lateBus(): VideoError {
  return new VideoError('bus', `the bus did not answer within ${BUS_MS} ms`, {
    hint: 'Check what it runs on. Where this is a webhook, answer 500: the sender comes again.',
  });
}

function sharedOf(id: string, snapshot: JobSnapshot, at: number): SharedSnapshot {
  const { status, progress, message } = snapshot;
  return {
    id,
    status,
    progress,
    at,
    ...(message !== undefined && { message: bounded(message, MAX_TEXT) }),
    ...(snapshot.status === 'failed' && {
      error: bounded(snapshot.error, MAX_TEXT),
      errorCode: snapshot.errorCode,
    }),
    ...(snapshot.status === 'queued' && { queuePosition: snapshot.queuePosition }),
  };
}

/** Without a URL: whoever downloads asks the status for it. */
function updateOf(jobId: string, { id: _, at: __, ...told }: SharedSnapshot): JobUpdate {
  return { ...told, jobId, raw: undefined };
}
