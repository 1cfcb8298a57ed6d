import { type Deadline, Deadlines } from '../core/deadlines.js';
import type { Runtime, TimerHandle } from './runtime.js';

/** @internal Something that happens once its time has come. */
export interface Alarm extends Deadline {
  ring(): void;
}

/** @internal All deadlines of one client on one timer, which is armed only while there is one. */
export class Alarms {
  readonly #runtime: Pick<Runtime, 'elapsedMs' | 'setTimeout' | 'clearTimeout'>;
  readonly #deadlines = new Deadlines<Alarm>();
  #timer: TimerHandle;
  #firesAt = Number.POSITIVE_INFINITY;
  #aheadMs = 0;

  constructor(runtime: Pick<Runtime, 'elapsedMs' | 'setTimeout' | 'clearTimeout'>) {
    this.#runtime = runtime;
  }

  /** Rings once, so many milliseconds from now. */
  set(alarm: Alarm, delayMs: number): void {
    this.#deadlines.set(alarm, this.#now() + delayMs);
    this.#arm();
  }

  delete(alarm: Alarm): void {
    this.#deadlines.delete(alarm);
    if (this.#deadlines.first === undefined) this.#disarm();
  }

  #now(): number {
    return this.#runtime.elapsedMs() + this.#aheadMs;
  }

  /** A timer that is to fire too early is left: it is armed again then. */
  #arm(): void {
    const dueAt = this.#deadlines.first?.dueAt;
    if (dueAt === undefined || dueAt >= this.#firesAt) return;
    this.#disarm();
    this.#firesAt = dueAt;
    this.#timer = this.#runtime.setTimeout(() => this.#fired(), Math.max(0, dueAt - this.#now()));
  }

  #disarm(): void {
    this.#runtime.clearTimeout(this.#timer);
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #fired(): void {
    // The timer is trusted, not the clock: a test may have faked the one and not the other.
    this.#aheadMs += Math.max(0, this.#firesAt - this.#now());
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = this.#now();
    for (;;) {
      const alarm = this.#deadlines.first;
      if (alarm === undefined || alarm.dueAt > now) break;
      this.#deadlines.delete(alarm);
      alarm.ring();
    }
    this.#arm();
  }
}
