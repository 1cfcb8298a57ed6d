import type { StreamFailure, StreamName } from '../../src/core/follow-model.js';
import type { JobStatus } from '../../src/core/model.js';
import { ApiError, InvalidResponseError, NetworkError } from '../../src/errors.js';
import { randomOf, type VirtualClock } from './clock.js';
import {
  type FaultName,
  idOf,
  LONG_RETRY_AFTER_MS,
  MAX_LATENCY_MS,
  type Plan,
  REQUEST_MS,
  RETRY_AFTER_MS,
} from './plan.js';

export interface Truth {
  readonly jobId: string;
  readonly status: JobStatus;
  readonly progress: number;
  readonly error?: string | undefined;
}

export type Frame = Truth | 'greeting' | { readonly garbageFor: string | undefined };

/** Why a job failed. */
export const REASON = 'out of memory';

/** What a connection gets from the server. Each call happens in the client. */
export interface Peer {
  opened(): void;
  frame(frame: Frame): void;
  failed(failure: StreamFailure): void;
}

interface Connection {
  readonly stream: StreamName;
  readonly peer: Peer;
  readonly subscribed: Set<string>;
  /** As the server sees it. */
  alive: boolean;
  /** As the client sees it. */
  closed: boolean;
  lastArrival: number;
  /** What a proxy holds back. */
  held: Frame | undefined;
}

/** A server of the gateway dialect and the network before it: no snapshot, no replay, and faults as planned. */
export class SimulatedServer {
  readonly #clock: VirtualClock;
  readonly #plan: Plan;
  readonly #random: () => number;
  readonly #truths = new Map<string, Truth>();
  /** What a second call has to say of jobs that have ended. */
  readonly #results = new Map<string, Truth>();
  /** Jobs of which an event stream has brought something. */
  readonly #begun = new Set<string>();
  readonly #connections = new Set<Connection>();
  readonly #faults = new Map<FaultName, number>();
  /** When the server knew of the end of each job. */
  readonly endedAt = new Map<string, number>();
  /** When the last fault of the status route, or of everything, was over. */
  calmAt: number;
  statusCalls = 0;
  failedStatusCalls = 0;
  underWay = 0;
  /** Frames that say to ask. */
  hints = 0;

  constructor(clock: VirtualClock, plan: Plan) {
    this.#clock = clock;
    this.#plan = plan;
    this.#random = randomOf(plan.seed);
    this.calmAt = clock.now;
    for (const [index, job] of plan.jobs.entries()) this.#schedule(idOf(index), job);
    for (const { name, at, forMs } of plan.faults) {
      clock.after(at, () => this.#strike(name, forMs));
      const heldMs = name === 'status-429-long-some' ? LONG_RETRY_AFTER_MS : 0;
      if (/status|restart|sleep/.test(name))
        this.calmAt = Math.max(this.calmAt, clock.now + at + forMs + heldMs);
    }
  }

  /** Connections that the client has not closed. */
  get open(): readonly Connection[] {
    return [...this.#connections].filter(({ closed }) => !closed);
  }

  isStruck(name: FaultName): boolean {
    return (this.#faults.get(name) ?? 0) > this.#clock.now;
  }

  /** Calls back in the client, unless the returned function was called before. */
  status(jobId: string, answer: (result: Truth | Error) => void): () => void {
    this.statusCalls += 1;
    const { coarse } = this.#plan;
    const find = () => {
      const truth = this.#truths.get(jobId);
      return coarse && truth?.status === 'processing' ? { ...truth, progress: 50 } : truth;
    };
    return this.#call(jobId, find, answer);
  }

  /** What another process would be told now, where it would be answered. */
  peek(jobId: string): Truth | undefined {
    const hangs = this.isStruck('status-hang') || this.isStruck('status-hang-some');
    return hangs || this.#trouble(jobId) !== undefined ? undefined : this.#truths.get(jobId);
  }

  /** The same of the second call, which is in the place of the first. Undefined: not yet. */
  result(jobId: string, answer: (result: Truth | undefined | Error) => void): () => void {
    return this.#call(
      jobId,
      () => this.#results.get(jobId) ?? 'not yet',
      (result) => answer(result === 'not yet' ? undefined : result),
    );
  }

  #call<T extends Truth | 'not yet'>(
    jobId: string,
    find: () => T | undefined,
    answer: (result: T | Error) => void,
  ): () => void {
    this.underWay += 1;
    let over = false;
    const end = () => {
      if (!over) this.underWay -= 1;
      over = true;
    };
    const cancel = () => {
      if (!over) this.failedStatusCalls += 1;
      end();
    };
    const settle = (result: T | Error, delayMs: number) => {
      this.#clock.reach(delayMs, () => {
        if (over) return;
        end();
        if (result instanceof Error) this.failedStatusCalls += 1;
        answer(result);
      });
    };
    this.#clock.after(this.#latency() / 2, () => {
      const hangs =
        this.isStruck('status-hang') || (this.isStruck('status-hang-some') && !this.#isLast(jobId));
      if (hangs) {
        settle(new NetworkError('request-timeout', 'no answer'), REQUEST_MS);
        return;
      }
      settle(this.#trouble(jobId) ?? find() ?? apiError(404), this.#latency() / 2);
    });
    return cancel;
  }

  #isLast(jobId: string): boolean {
    return jobId === idOf(this.#plan.jobs.length - 1);
  }

  connect(stream: StreamName, peer: Peer): Connection {
    const connection: Connection = {
      stream,
      peer,
      subscribed: new Set(),
      alive: false,
      closed: false,
      lastArrival: 0,
      held: undefined,
    };
    this.#connections.add(connection);
    this.#clock.after(this.#latency() / 2, () => {
      if (this.isStruck(`${stream}-black-hole`)) return;
      if (this.isStruck('restart') || this.isStruck(`${stream}-refuse`)) {
        this.#break(connection, { reason: 'refused' });
      } else if (this.isStruck(`${stream}-absent`)) {
        this.#break(connection, { reason: 'answered 404', kind: 'absent' });
      } else {
        connection.alive = true;
        this.#deliver(connection, () => peer.opened());
        if (this.#plan.greets) this.#send(connection, 'greeting');
      }
    });
    return connection;
  }

  /** Takes its time to get there. */
  subscribe(connection: Connection, jobId: string): void {
    this.#clock.after(this.#latency() / 2, () => connection.subscribed.add(jobId));
  }

  unsubscribe(connection: Connection, jobId: string): void {
    this.#clock.after(this.#latency() / 2, () => connection.subscribed.delete(jobId));
  }

  /** Whether the event stream of a job ends with this frame. */
  endsWith(frame: Frame): frame is Truth {
    if (this.#plan.perJob !== true || frame === 'greeting' || !('status' in frame)) return false;
    const isFirst = !this.#begun.has(frame.jobId);
    this.#begun.add(frame.jobId);
    return isFirst || isHint(frame, this.#plan);
  }

  /** The server has ended the stream of this job: nothing more is on its way. */
  leave(connection: Connection, jobId: string): void {
    connection.subscribed.delete(jobId);
  }

  close(connection: Connection): void {
    connection.closed = true;
    this.#connections.delete(connection);
  }

  #schedule(jobId: string, { followAt, endsAt, goneAt, steps, outcome }: Plan['jobs'][number]): void {
    if (goneAt !== undefined) this.#clock.after(goneAt, () => this.#truths.delete(jobId));
    this.#truths.set(jobId, { jobId, status: 'queued', progress: 0 });
    const from = Math.min(followAt, endsAt) - 1_000;
    for (let step = 1; step <= steps; step++) {
      const at = from + ((endsAt - from) * step) / (steps + 1);
      const progress = Math.round((99 * step) / (steps + 1));
      this.#clock.after(at, () => this.#tell({ jobId, status: 'processing', progress }));
    }
    this.#clock.after(endsAt, () => {
      const error = outcome === 'failed' ? REASON : undefined;
      const truth = { jobId, status: outcome, progress: outcome === 'completed' ? 100 : 0, error };
      const { resultMs } = this.#plan;
      const conclude = () => {
        this.endedAt.set(jobId, this.#clock.now);
        this.#results.set(jobId, truth);
      };
      if (resultMs) this.#clock.after(resultMs, conclude);
      else conclude();
      this.#tell(resultMs === undefined ? truth : { jobId, status: 'completed', progress: 100 });
    });
  }

  #tell(truth: Truth): void {
    // Events of the same moment come in any order, and nothing is said after the end, nor of what is gone.
    const known = this.#truths.get(truth.jobId);
    if (known === undefined || isOver(known)) return;
    this.#truths.set(truth.jobId, truth);
    for (const connection of this.#connections) {
      if (connection.subscribed.has(truth.jobId)) this.#send(connection, truth);
    }
  }

  #send(connection: Connection, frame: Frame): void {
    const { stream } = connection;
    if (!connection.alive || this.isStruck(`${stream}-mute`)) return;
    const isEnd = typeof frame === 'object' && 'status' in frame && isOver(frame);
    if (isEnd && this.isStruck(`${stream}-drop-terminal`)) return;
    if (isEnd && this.#plan.wordless) {
      this.#pass(connection, { ...frame, error: undefined });
      return;
    }
    this.#pass(connection, this.isStruck(`${stream}-garble`) ? { garbageFor: undefined } : frame);
  }

  /** Through what is between the server and the client. */
  #pass(connection: Connection, frame: Frame): void {
    const { held, stream } = connection;
    connection.held = this.isStruck(`${stream}-hold`) ? frame : undefined;
    if (held !== undefined) this.#put(connection, held);
    if (connection.held === undefined) this.#put(connection, frame);
  }

  #put(connection: Connection, frame: Frame): void {
    for (let copy = this.#plan.duplicates ? 2 : 1; copy > 0; copy--) {
      if (isHint(frame, this.#plan)) this.hints += 1;
      this.#deliver(connection, () => connection.peer.frame(frame));
    }
  }

  #deliver(connection: Connection, run: () => void): void {
    let arrival = this.#clock.now + this.#latency() / 2;
    if (!this.#plan.disorder || connection.lastArrival === 0) {
      arrival = Math.max(arrival, connection.lastArrival);
      connection.lastArrival = arrival;
    }
    this.#clock.reach(arrival - this.#clock.now, () => {
      if (!connection.closed) run();
    });
  }

  #break(connection: Connection, failure: StreamFailure): void {
    connection.alive = false;
    this.#deliver(connection, () => {
      this.close(connection);
      connection.peer.failed(failure);
    });
  }

  /** What keeps a call about the job from being answered. */
  #trouble(jobId: string): Error | undefined {
    if (this.isStruck('status-network') || this.isStruck('restart'))
      return new NetworkError('network', 'refused');
    if (this.isStruck('status-429')) return apiError(429, RETRY_AFTER_MS);
    if (this.isStruck('status-500')) return apiError(500);
    if (this.isStruck('status-429-some') && !this.#isLast(jobId)) return apiError(429, RETRY_AFTER_MS);
    if (this.isStruck('status-429-long-some') && !this.#isLast(jobId))
      return apiError(429, LONG_RETRY_AFTER_MS);
    if (this.isStruck('status-404')) return apiError(404);
    if (this.isStruck('status-403')) return apiError(403);
    if (this.isStruck('status-html')) return new InvalidResponseError('answered 200 with a web page');
    if (this.isStruck('status-flap') && this.statusCalls % 2 === 0) return apiError(404);
    return undefined;
  }

  #strike(name: FaultName, forMs: number): void {
    this.#faults.set(name, Math.max(this.#faults.get(name) ?? 0, this.#clock.now + forMs));
    if (name === 'sleep') this.#clock.sleep(forMs);
    if (name === 'clock-back') this.#clock.wallAheadMs -= 3_600_000;
    if (name === 'clock-forward') this.#clock.wallAheadMs += 3_600_000;
    for (const connection of this.#connections) {
      if (!connection.alive) continue;
      if (name === 'cut' || name === 'restart') this.#break(connection, { reason: 'closed (1006)' });
      if (name === 'half-open') connection.alive = false;
      if (name === 'garbage') this.#send(connection, { garbageFor: idOf(0) });
    }
  }

  #latency(): number {
    return 5 + this.#random() * (MAX_LATENCY_MS - 5);
  }
}

/** Streams do not know what became of a job of which only a second call does. */
export function isHint(frame: Frame, { resultMs }: Plan): frame is Truth {
  return resultMs !== undefined && typeof frame === 'object' && 'status' in frame && isOver(frame);
}

export function isOver(truth: Truth | undefined): boolean {
  return truth?.status === 'completed' || truth?.status === 'failed';
}

function apiError(status: number, retryAfterMs?: number): ApiError {
  return new ApiError(`answered ${status}`, { status, retryAfterMs });
}
