import { retryAfterOf } from '../core/backoff.js';
import type { CallStanding } from '../core/follow-model.js';
import type { JobUpdate } from '../core/model.js';
import type { ApiError } from '../errors.js';
import type { Runtime, TimerHandle } from '../runtime/runtime.js';
import { type Asker, CallLines, newCall, type StatusCall } from './call-lines.js';

/** One attempt at a status call; rejects with our errors. */
export type AskStatus = (jobId: string, signal: AbortSignal) => Promise<JobUpdate>;

export interface StatusCallsDeps {
  readonly runtime: Pick<Runtime, 'elapsedMs' | 'setTimeout' | 'clearTimeout'>;
  /** Calls under way at once. */
  readonly concurrency: number;
  /** All calls pause for no longer than this, whatever `Retry-After` says. */
  readonly maxPauseMs: number;
  /** How long a call may hold the line that is kept free, where others wait for it. */
  readonly quickMs: number;
  readonly askStatus: AskStatus;
}

/** The calls of one asker. */
export interface AskerCalls {
  /** Queues a call; the answer is of one that starts from now on. Nothing is sent before `flush`. */
  ask(jobId: string, urgent: boolean, standing: CallStanding, routine?: boolean): void;
  forget(jobId: string): void;
  /** Starts what may start. */
  flush(): void;
}

/**
 * The lines that all status calls of a client stand in, whatever they are made for. How often a job is asked is
 * decided elsewhere; here it is how many are asked at once, and that nobody is while the server wants a pause.
 *
 * Rule 12: calls that hang hold every line but one. That one is for jobs whose last call did not fail, and a call
 * that takes it for long, while others wait for it, is made again on one of the rest.
 */
export class StatusCalls {
  readonly #deps: StatusCallsDeps;
  readonly #lines = new CallLines();
  readonly #underWay = new Set<StatusCall>();
  #kept: StatusCall | undefined;
  /** How long an answer takes, on average. */
  #usualMs = 0;
  /** Calls that were stopped for others since the last answer. */
  #cuts = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #timer: TimerHandle;
  #wakesAt: number | undefined;

  constructor(deps: StatusCallsDeps) {
    this.#deps = deps;
  }

  of(asker: Asker): AskerCalls {
    const calls = new Map<string, StatusCall>();
    return {
      ask: (jobId, urgent, standing, routine = false) => {
        const call = calls.get(jobId);
        if (call !== undefined) call.routine &&= routine;
        if (call?.controller !== undefined) {
          call.again = standing;
        } else if (call === undefined || (urgent && !call.urgent)) {
          if (call !== undefined) this.#lines.leave(call);
          this.#lines.add(newCall(jobId, asker, calls, urgent, routine, standing), this.#now());
        }
      },
      forget: (jobId) => {
        const call = calls.get(jobId);
        if (call === undefined) return;
        calls.delete(jobId);
        if (call.controller === undefined) this.#lines.leave(call);
        else this.#stop(call);
      },
      flush: () => this.#flush(),
    };
  }

  #now(): number {
    return this.#deps.runtime.elapsedMs();
  }

  #flush(): void {
    // This is asked after each frame of a stream, when mostly nobody waits.
    const isIdle = this.#lines.size === 0;
    if (!isIdle && this.#pausedUntil > this.#now()) {
      this.#wakeAt(this.#pausedUntil);
      return;
    }
    this.#wakeAt(undefined);
    if (isIdle) return;
    this.#fill();
    if (this.#kept !== undefined && this.#lines.sound > 0) this.#freeKept(this.#kept);
  }

  #fill(): void {
    const { concurrency } = this.#deps;
    while (this.#underWay.size < concurrency) {
      const others = this.#underWay.size - (this.#kept === undefined ? 0 : 1);
      const isKept = others === concurrency - 1;
      let call = this.#lines.next(isKept, this.#pausedUntil);
      if (concurrency === 1) call ??= this.#lines.next(false, this.#pausedUntil);
      if (call === undefined) return;
      if (isKept) this.#kept = call;
      void this.#start(call);
    }
  }

  /** All lines are held, and somebody waits whose call may be quick. */
  #freeKept(kept: StatusCall): void {
    // Where it is the only line, there is no other for what is slow and no more: each time it has twice as long, and
    // four times where none is quick.
    const patience = this.#deps.concurrency === 1 ? 2 ** Math.max(kept.cuts, Math.min(this.#cuts, 2)) : 1;
    const dueAt = kept.startedAt + patience * Math.max(this.#deps.quickMs, 4 * this.#usualMs);
    if (dueAt > this.#now()) {
      this.#wakeAt(dueAt);
      return;
    }
    this.#stop(kept);
    kept.controller = undefined;
    kept.again = undefined;
    kept.standing = 'bad';
    kept.cuts += 1;
    this.#cuts += 1;
    this.#lines.add(kept, this.#now());
    this.#flush();
  }

  #stop(call: StatusCall): void {
    this.#release(call);
    call.controller?.abort();
  }

  #release(call: StatusCall): void {
    this.#underWay.delete(call);
    if (this.#kept === call) this.#kept = undefined;
  }

  async #start(call: StatusCall): Promise<void> {
    const { jobId, asker, calls } = call;
    const controller = new AbortController();
    call.controller = controller;
    call.startedAt = this.#now();
    this.#underWay.add(call);
    let tell: (askedAgain: boolean) => void;
    const claims = call.routine && asker.peers !== undefined;
    try {
      const isSpared = claims && !(await asker.peers.claim(jobId));
      controller.signal.throwIfAborted();
      if (isSpared) {
        tell = (askedAgain) => asker.spared(jobId, askedAgain);
      } else {
        const update = await this.#deps.askStatus(jobId, controller.signal);
        tell = (askedAgain) => asker.answered(jobId, update, askedAgain);
        this.#cuts = 0;
        this.#usualMs += (this.#now() - call.startedAt - this.#usualMs) / 8;
      }
    } catch (error) {
      if (claims) asker.peers.unclaim(jobId);
      if (!controller.signal.aborted) this.#obey(error, call.standing);
      tell = (askedAgain) => asker.refused(jobId, error, askedAgain);
    }
    if (controller.signal.aborted) return; // Forgotten meanwhile, or to be made again.
    this.#release(call);
    calls.delete(jobId);
    const { again } = call;
    if (again !== undefined)
      this.#lines.add(newCall(jobId, asker, calls, call.urgent, false, again), this.#now());
    tell(again !== undefined);
    this.#flush();
  }

  /**
   * By 429 and 503 a server speaks of all calls. Not where it has just refused this very job: that may be the job's
   * own trouble, and waits by itself.
   */
  #obey(error: unknown, standing: CallStanding): void {
    const askedMs = retryAfterOf(error);
    if (askedMs === undefined || standing === 'bad') return;
    const { status } = error as ApiError;
    if (status !== 429 && status !== 503) return;
    const pauseMs = Math.min(askedMs, this.#deps.maxPauseMs);
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#now() + pauseMs);
  }

  /** Undefined: no more. */
  #wakeAt(at: number | undefined): void {
    if (at === this.#wakesAt) return;
    const { runtime } = this.#deps;
    if (this.#wakesAt !== undefined) runtime.clearTimeout(this.#timer);
    this.#wakesAt = at;
    if (at === undefined) return;
    this.#timer = runtime.setTimeout(() => {
      this.#wakesAt = undefined;
      this.#flush();
    }, at - this.#now());
  }
}
