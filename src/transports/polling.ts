import type { JobUpdate } from '../core/model.js';
import { ApiError } from '../errors.js';
import type { Runtime, TimerHandle } from '../runtime/runtime.js';

/** One attempt at a status call; rejects with our errors. */
export type AskStatus = (jobId: string, signal: AbortSignal) => Promise<JobUpdate>;

export interface StatusCallsDeps {
  readonly runtime: Pick<Runtime, 'now' | 'setTimeout' | 'clearTimeout'>;
  /** Calls under way at once. */
  readonly concurrency: number;
  readonly askStatus: AskStatus;
  /** `more`: it was asked again after this call had started, and that answer is still to come. */
  answered(jobId: string, update: JobUpdate, more: boolean): void;
  refused(jobId: string, error: unknown, more: boolean): void;
}

interface Call {
  readonly jobId: string;
  urgent: boolean;
  /** Undefined while it waits in line. */
  controller: AbortController | undefined;
  again: boolean;
}

/**
 * The one line that all status calls of a client stand in, whatever they are made for. How often a job is asked is
 * decided elsewhere; here it is how many are asked at once, and that nobody is while the server wants a pause.
 */
export class StatusCalls {
  readonly #deps: StatusCallsDeps;
  readonly #calls = new Map<string, Call>();
  readonly #urgent = new Line();
  readonly #routine = new Line();
  #underWay = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #timer: TimerHandle;

  constructor(deps: StatusCallsDeps) {
    this.#deps = deps;
  }

  /** Queues a call; the answer is of one that starts from now on. Nothing is sent before `flush`. */
  ask(jobId: string, urgent: boolean): void {
    const call = this.#calls.get(jobId);
    if (call?.controller !== undefined) {
      call.again = true;
    } else if (call === undefined) {
      this.#enqueue({ jobId, urgent, controller: undefined, again: false });
    } else if (urgent && !call.urgent) {
      this.#enqueue({ ...call, urgent }); // The one in the other line is passed over.
    }
  }

  forget(jobId: string): void {
    const call = this.#calls.get(jobId);
    if (call === undefined) return;
    this.#calls.delete(jobId);
    if (call.controller !== undefined) {
      this.#underWay -= 1;
      call.controller.abort();
    }
  }

  /** Starts what may start. */
  flush(): void {
    const { runtime, concurrency } = this.#deps;
    const pauseMs = this.#pausedUntil - runtime.now();
    if (pauseMs <= 0 || this.#calls.size === 0) this.#stopTimer();
    if (pauseMs > 0) {
      if (this.#calls.size > 0) this.#timer ??= runtime.setTimeout(() => this.#resume(), pauseMs);
      return;
    }
    while (this.#underWay < concurrency) {
      const call = this.#next();
      if (call === undefined) return;
      void this.#start(call);
    }
  }

  #enqueue(call: Call): void {
    this.#calls.set(call.jobId, call);
    (call.urgent ? this.#urgent : this.#routine).push(call);
  }

  #next(): Call | undefined {
    for (const line of [this.#urgent, this.#routine]) {
      for (let call = line.shift(); call !== undefined; call = line.shift()) {
        if (this.#calls.get(call.jobId) === call) return call;
      }
    }
    return undefined;
  }

  async #start(call: Call): Promise<void> {
    const { jobId } = call;
    const { askStatus, answered, refused } = this.#deps;
    const controller = new AbortController();
    call.controller = controller;
    this.#underWay += 1;
    let tell: (more: boolean) => void;
    try {
      const update = await askStatus(jobId, controller.signal);
      tell = (more) => answered(jobId, update, more);
    } catch (error) {
      if (this.#calls.get(jobId) === call) this.#obey(error);
      tell = (more) => refused(jobId, error, more);
    }
    if (this.#calls.get(jobId) !== call) return; // Forgotten meanwhile.
    this.#underWay -= 1;
    this.#calls.delete(jobId);
    if (call.again) this.#enqueue({ ...call, controller: undefined, again: false });
    tell(call.again);
    this.flush();
  }

  /** `Retry-After` is a word to the client, not about one job. */
  #obey(error: unknown): void {
    if (!(error instanceof ApiError) || error.retryAfterMs === undefined) return;
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#deps.runtime.now() + error.retryAfterMs);
  }

  #resume(): void {
    this.#timer = undefined;
    this.flush();
  }

  #stopTimer(): void {
    if (this.#timer === undefined) return;
    this.#deps.runtime.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** First in, first out, without moving the rest for each. */
class Line {
  #calls: Call[] = [];
  #first = 0;

  push(call: Call): void {
    this.#calls.push(call);
  }

  shift(): Call | undefined {
    const call = this.#calls[this.#first];
    if (call === undefined) return undefined;
    this.#first += 1;
    if (2 * this.#first >= this.#calls.length) {
      this.#calls = this.#calls.slice(this.#first);
      this.#first = 0;
    }
    return call;
  }
}
