import { type Link, unlink } from '../core/chain.js';
import { checkDelayMs } from '../core/check-option.js';
import type { Following, JobFollower, JobSink } from '../core/follower.js';
import { positionOf } from '../core/job-state.js';
import { isEnd, type JobSnapshot, type JobWarning, type TransportChange } from '../core/model.js';
import type { Logger } from '../core/settings.js';
import { howToGoOn, isVideoError, JobTimeoutError, VideoError } from '../errors.js';
import type { Aborts } from '../runtime/aborts.js';
import type { Alarm, Alarms } from '../runtime/alarms.js';

/** How long to wait for a job. */
export interface WaitOptions {
  /** Ends the wait, not the job. Rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** From now, in milliseconds. @default timeouts.jobMs */
  readonly timeoutMs?: number | undefined;
}

/** Something that waits for the end of a job. It is told nothing after the terminal snapshot, or after `stopped`. */
export interface JobWaiter {
  /** `before` is undefined where this is the first that is known of the job. */
  update(snapshot: JobSnapshot, before: JobSnapshot | undefined): void;
  transport?(change: TransportChange): void;
  warning?(warning: JobWarning): void;
  /** `isAlone`: nothing else waited for this job. */
  stopped(error: unknown, isAlone: boolean): void;
}

/** @internal What a wait runs on: the timer of its deadline, and what follows its job. */
export interface WaitEngine {
  readonly alarms: Alarms;
  readonly follower: JobFollower;
  /** Nothing waits on it any more. */
  release(): void;
}

/** @internal What waiting needs of the client. */
export interface WaitHost {
  readonly aborts: Aborts;
  /** For one job, from its first wait to its last: one for all jobs, or one of its own. */
  engine(): WaitEngine;
  readonly logger: Pick<Logger, 'error'>;
  /** `timeouts.jobMs` */
  readonly jobMs: number;
}

// Ten thousand jobs may be waited for: these are classes, which take a third of what closures would.

/** Everybody who waits for one job. It is followed while there is one of them, and no longer. */
export class JobWaits implements JobSink {
  readonly #host: WaitHost;
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number;
  #first: Wait | undefined;
  /** Changed by `update` alone. */
  snapshot: JobSnapshot;
  #isKnown: boolean;
  #engine: WaitEngine | undefined;
  #following: Following | undefined;
  #closed: VideoError | undefined;

  /** @param isKnown - False until a server said anything: then the snapshot is only a placeholder. */
  constructor(host: WaitHost, snapshot: JobSnapshot, isKnown: boolean, options: WaitOptions) {
    this.#host = host;
    this.snapshot = snapshot;
    this.#isKnown = isKnown;
    this.#signal = options.signal;
    this.#timeoutMs = checkDelayMs('timeoutMs', options.timeoutMs, snapshot.id) ?? host.jobMs;
  }

  /** What a server said, where one did. */
  get known(): JobSnapshot | undefined {
    return this.#isKnown ? this.snapshot : undefined;
  }

  /** Why the status cannot be had now; undefined where it can. */
  get failure(): unknown {
    return this.#engine?.follower.failureOf(this.snapshot.id);
  }

  /** Says what a listener did wrong, or that an error reached no listener. A logger that throws is ignored. */
  report(message: string): void {
    try {
      this.#host.logger.error(message);
    } catch {
      // There is no one left to tell.
    }
  }

  isOnly(wait: Wait): boolean {
    return this.#first === wait && wait.next === undefined;
  }

  /** A wait that begins from now on is told that, and nothing else. */
  get isOver(): boolean {
    return this.#closed !== undefined || this.#signal?.aborted === true;
  }

  /** Keeps the job followed until the end, an error, or the release of what this returns. */
  add(waiter: JobWaiter, options: WaitOptions = {}): Wait {
    const timeoutMs = checkDelayMs('timeoutMs', options.timeoutMs, this.snapshot.id) ?? this.#timeoutMs;
    const wait = new Wait(this, waiter, timeoutMs);
    if (isEnd(this.snapshot)) {
      // Not at once: a caller is not called back while it is still asking.
      queueMicrotask(() => {
        if (!wait.hasLeft) waiter.update(this.snapshot, this.snapshot);
      });
      return wait;
    }
    const signals = [options.signal, this.#signal].filter((signal) => signal !== undefined);
    const aborted = signals.find((signal) => signal.aborted);
    if (this.#closed !== undefined || aborted !== undefined) {
      const reason = this.#closed ?? aborted?.reason;
      queueMicrotask(() => {
        if (!wait.hasLeft) waiter.stopped(reason, this.#first === undefined);
      });
      return wait;
    }
    // First: where one of them is no signal this throws, and nothing may be left then.
    if (signals.length > 0) wait.listenTo(signals, this.#host.aborts);
    wait.next = this.#first;
    this.#first = wait;
    this.#engine ??= this.#host.engine();
    const { alarms, follower } = this.#engine;
    wait.alarms = alarms;
    alarms.set(wait, timeoutMs);
    this.#following ??= follower.follow(this.snapshot.id, this, this.known);
    return wait;
  }

  /** Safe to call twice. */
  release(wait: Wait): void {
    if (wait.hasLeft) return;
    wait.hasLeft = true;
    wait.stopListening?.();
    wait.alarms?.delete(wait);
    this.#first = unlink(this.#first, wait);
    if (this.#first === undefined) this.#stopFollowing();
  }

  update(snapshot: JobSnapshot): void {
    const before = this.known;
    // Another job object of the same id may have known less.
    if (before === snapshot || (before !== undefined && positionOf(snapshot) < positionOf(before))) return;
    this.snapshot = snapshot;
    this.#isKnown = true;
    const isLast = isEnd(snapshot);
    for (let wait = this.#first; wait !== undefined; wait = wait.next) {
      if (wait.hasLeft) continue;
      wait.waiter.update(snapshot, before);
      if (isLast) wait.release();
    }
  }

  transport(change: TransportChange): void {
    for (let wait = this.#first; wait !== undefined; wait = wait.next) wait.waiter.transport?.(change);
  }

  warning(warning: JobWarning): void {
    for (let wait = this.#first; wait !== undefined; wait = wait.next) wait.waiter.warning?.(warning);
  }

  stopped(error: unknown): void {
    if (isVideoError(error) && error.code === 'closed') this.#closed ??= error;
    const first = this.#first;
    // Before the listeners are told: one that then waits again has the job followed again.
    this.#first = undefined;
    this.#stopFollowing();
    const isAlone = first?.next === undefined;
    for (let wait = first; wait !== undefined; wait = wait.next) wait.stop(error, isAlone);
  }

  close(): void {
    if (isEnd(this.snapshot)) return;
    const { id } = this.snapshot;
    this.#closed ??= new VideoError('closed', `job ${id} was closed before it ended`, {
      jobId: id,
      hint: `${howToGoOn(id)}.`,
    });
    this.stopped(this.#closed);
  }

  #stopFollowing(): void {
    this.#following?.stop();
    this.#following = undefined;
    this.#engine?.release();
    this.#engine = undefined;
  }
}

/** One of them: a `completed()`, an iterator, or all listeners together. */
export class Wait implements Alarm, Link<Wait> {
  readonly waiter: JobWaiter;
  next: Wait | undefined;
  hasLeft = false;
  dueAt = 0;
  place = -1;
  alarms: Alarms | undefined;
  stopListening: (() => void) | undefined;
  readonly #waits: JobWaits;
  readonly #timeoutMs: number;

  constructor(waits: JobWaits, waiter: JobWaiter, timeoutMs: number) {
    this.waiter = waiter;
    this.#waits = waits;
    this.#timeoutMs = timeoutMs;
  }

  /** Its deadline is to come: the job is followed for it. */
  get isActive(): boolean {
    return this.place >= 0;
  }

  release(): void {
    this.#waits.release(this);
  }

  stop(error: unknown, isAlone = this.#waits.isOnly(this)): void {
    // The end that is being told is told to all, whatever one of them does about it.
    if (this.hasLeft || isEnd(this.#waits.snapshot)) return;
    this.release();
    this.waiter.stopped(error, isAlone);
  }

  ring(): void {
    const cause = this.#waits.failure;
    this.stop(new JobTimeoutError(this.#waits.snapshot.id, this.#timeoutMs, { cause }));
  }

  listenTo(signals: readonly AbortSignal[], aborts: Aborts): void {
    const stops = signals.map((signal) => aborts.listen(signal, (reason) => this.stop(reason)));
    this.stopListening = () => {
      for (const stop of stops) stop();
    };
  }
}
