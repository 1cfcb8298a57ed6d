import { type Deadline, Deadlines } from '../../src/core/deadlines.js';

export interface Event extends Deadline {
  readonly run: () => void;
  /** Happens in the client, which may be asleep then. */
  readonly inClient: boolean;
}

/** Time that passes only from one event to the next. Can put the client to sleep: what reaches it then waits. */
export class VirtualClock {
  now = 1_700_000_000_000;
  readonly start = this.now;
  #events = new Deadlines<Event>();
  #asleepUntil = 0;
  /** Timers of the client that are armed. */
  readonly timers = new Set<Event>();

  /** How far somebody has set the clock of the machine. */
  wallAheadMs = 0;

  get wallNow(): number {
    return this.now + this.wallAheadMs;
  }

  get elapsed(): number {
    return this.now - this.start;
  }

  /** Something happens in the world. */
  after(delayMs: number, run: () => void): Event {
    return this.#add(delayMs, run, false);
  }

  /** Something reaches the client. */
  reach(delayMs: number, run: () => void): Event {
    return this.#add(delayMs, run, true);
  }

  setTimer(run: () => void, delayMs: number): Event {
    const event = this.#add(
      delayMs,
      () => {
        this.timers.delete(event);
        run();
      },
      true,
    );
    this.timers.add(event);
    return event;
  }

  cancel(event: Event): void {
    this.#events.delete(event);
    this.timers.delete(event);
  }

  sleep(forMs: number): void {
    this.#asleepUntil = Math.max(this.#asleepUntil, this.now + forMs);
  }

  /** Runs the next event, if it is due by then. */
  next(until: number): boolean {
    const event = this.#events.first;
    if (event === undefined || event.dueAt > until) return false;
    this.now = Math.max(this.now, event.dueAt);
    if (event.inClient && this.now < this.#asleepUntil) {
      this.#events.set(event, this.#asleepUntil);
      return true;
    }
    this.#events.delete(event);
    event.run();
    return true;
  }

  #add(delayMs: number, run: () => void, inClient: boolean): Event {
    const event = { run, inClient, dueAt: 0, place: -1 };
    this.#events.set(event, this.now + Math.max(0, delayMs));
    return event;
  }
}

/** Numbers in [0, 1) that follow from the seed (a linear congruential generator, Numerical Recipes). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
