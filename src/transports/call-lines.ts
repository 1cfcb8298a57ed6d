import type { CallStanding } from '../core/follow-model.js';
import type { JobUpdate } from '../core/model.js';

/** What becomes of the calls. `askedAgain`: it was asked again after this one had started, and that answer is to come. */
export interface Asker {
  answered(jobId: string, update: JobUpdate, askedAgain: boolean): void;
  refused(jobId: string, error: unknown, askedAgain: boolean): void;
  /** A routine call was not made: another process makes it. */
  spared(jobId: string, askedAgain: boolean): void;
  readonly peers?: Peers | undefined;
}

/** Other processes that follow the same jobs. */
export interface Peers {
  /** Whether a routine call is this process's to make. Never rejects. */
  claim(jobId: string): Promise<boolean>;
  /** A call that was claimed has failed. */
  unclaim(jobId: string): void;
}

/** A status call that waits in line, or is under way. */
export interface StatusCall {
  readonly jobId: string;
  readonly asker: Asker;
  /** Those of its asker, by job. */
  readonly calls: Map<string, StatusCall>;
  readonly urgent: boolean;
  /** What another process is told does as well. */
  routine: boolean;
  standing: CallStanding;
  /** When it came into line; only ever compared. */
  place: number;
  queuedAt: number;
  startedAt: number;
  /** How often it was stopped for others, to be made again. */
  cuts: number;
  /** Undefined while it waits in line. */
  controller: AbortController | undefined;
  /** It was asked again after it had started. */
  again: CallStanding | undefined;
  /** Nobody wants its answer. */
  left: boolean;
}

/** Registers it with its asker. */
export function newCall(
  jobId: string,
  asker: Asker,
  calls: Map<string, StatusCall>,
  urgent: boolean,
  routine: boolean,
  standing: CallStanding,
): StatusCall {
  const call: StatusCall = {
    ...{ jobId, asker, calls, urgent, routine, standing },
    ...{ place: 0, queuedAt: 0, startedAt: 0, cuts: 0 },
    ...{ controller: undefined, again: undefined, left: false },
  };
  calls.set(jobId, call);
  return call;
}

/**
 * Who is asked next. Urgent ones first, then who came first. Jobs whose last call failed stand apart, so that they
 * can be passed over.
 */
export class CallLines {
  readonly #urgent = new Line();
  readonly #routine = new Line();
  readonly #bad = new Line();
  #places = 0;

  /** Of those whose last call did not fail. */
  get sound(): number {
    return this.#urgent.size + this.#routine.size;
  }

  get size(): number {
    return this.sound + this.#bad.size;
  }

  add(call: StatusCall, now: number): void {
    this.#places += 1;
    call.place = this.#places;
    call.queuedAt = now;
    this.#of(call).push(call);
  }

  leave(call: StatusCall): void {
    call.left = true;
    this.#of(call).size -= 1;
  }

  /**
   * @param onlySound - Passes over those whose last call failed.
   * @param pausedUntil - Those who were answered before a pause and waited through it come first after it: else
   *   others, each of which brings about the next pause, could keep them waiting.
   */
  next(onlySound: boolean, pausedUntil: number): StatusCall | undefined {
    const urgent = this.#urgent.first;
    const routine = this.#routine.first;
    const hasWaited = routine?.standing === 'good' && routine.queuedAt < pausedUntil;
    if (urgent !== undefined && (urgent.standing === 'good' || !hasWaited)) return this.#urgent.shift();
    if (hasWaited) return this.#routine.shift();
    const bad = onlySound ? undefined : this.#bad.first;
    const comesFirst = bad !== undefined && (routine === undefined || bad.place < routine.place);
    return (comesFirst ? this.#bad : this.#routine).shift();
  }

  #of({ standing, urgent }: StatusCall): Line {
    if (standing === 'bad') return this.#bad;
    return urgent ? this.#urgent : this.#routine;
  }
}

/** First in, first out, without moving the rest for each. */
class Line {
  #calls: StatusCall[] = [];
  #first = 0;
  /** Of those that have not left. */
  size = 0;

  push(call: StatusCall): void {
    this.#calls.push(call);
    this.size += 1;
  }

  get first(): StatusCall | undefined {
    for (;;) {
      const call = this.#calls[this.#first];
      if (call === undefined || !call.left) return call;
      this.#step();
    }
  }

  shift(): StatusCall | undefined {
    const call = this.first;
    if (call === undefined) return undefined;
    this.size -= 1;
    this.#step();
    return call;
  }

  #step(): void {
    this.#first += 1;
    if (2 * this.#first < this.#calls.length) return;
    this.#calls = this.#calls.slice(this.#first);
    this.#first = 0;
  }
}
