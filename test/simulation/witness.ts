import type { JobSnapshot, JobUpdate, JobWarning, TransportName } from '../../src/core/model.js';
import type { VirtualClock } from './clock.js';
import { RECONNECT_MS } from './peers.js';
import {
  idOf,
  isKnown,
  MAX_LATENCY_MS,
  MUTE_WEBSOCKET,
  type Plan,
  type PlannedJob,
  QUICK_MS,
  REQUEST_MS,
  RETRY_AFTER_MS,
  SETTINGS,
} from './plan.js';
import { REASON, type SimulatedServer } from './server.js';

const RANK = { queued: 0, processing: 1, completed: 2, failed: 2 };

/**
 * How long after the server knew of an end (and the faults of the status route were over, and the job was followed)
 * it may take to be told. A stream that swallows the end is asked about after `silenceMs`; a status call that failed
 * in the last moment of the faults is repeated after `maxDelayMs` or `Retry-After`, and may itself have hung for the
 * time of a request. Then one call, and what was under way.
 */
export const END_BOUND_MS =
  REQUEST_MS +
  Math.max(SETTINGS.silenceMs, SETTINGS.retry.maxDelayMs, SETTINGS.intervalMs * 1.2) +
  RETRY_AFTER_MS +
  4 * MAX_LATENCY_MS;

/** The same where another process was to ask, and died; and what the next one told was heard late. */
const PEERS_BOUND_MS = SETTINGS.intervalMs * 1.2 + RECONNECT_MS + MAX_LATENCY_MS;

/** A status call for which nobody waits in line. */
const CALL_BOUND_MS = MAX_LATENCY_MS + 10;

/**
 * For a job whose calls are answered, while those of others hang or are answered 429: an interval, one pause, and the
 * calls of two others that take its line until they are found to be slow.
 */
const ALONE_BOUND_MS = SETTINGS.intervalMs * 1.2 + 2 * QUICK_MS + 4 * MAX_LATENCY_MS;

/** However often a stream says to ask, and when: by then it was. */
const HINT_BOUND_MS = 1_000;

/** Where a stream brings what cannot be read, a job is polled. */
const GARBLED_BOUND_MS = SETTINGS.intervalMs * 1.2 + 2 * MAX_LATENCY_MS + CALL_BOUND_MS;

/** From the server's frame to the client, where everything is well. */
const PUSH_BOUND_MS = MAX_LATENCY_MS;
/** By then a job is carried by the stream that can. */
const SETTLING_MS = 2_000;

/** Sees what is told about the jobs, and says what should not be. */
export class Witness {
  readonly #clock: VirtualClock;
  readonly #server: SimulatedServer;
  readonly #plan: Plan;
  readonly #last = new Map<string, JobSnapshot>();
  readonly #firstAt = new Map<string, number>();
  readonly #endAt = new Map<string, number>();
  /** When something else was told. */
  readonly #newsAt = new Map<string, number>();
  readonly #stoppedAt = new Map<string, number>();
  readonly #refusalWarnings = new Map<string, number>();
  readonly #openedAt = new Map<string, number>();
  readonly #left = new Set<string>();
  readonly #answered = new Set<string>();
  /** Jobs of which the last answer took a second call. */
  readonly #followedUp = new Set<string>();
  /** What was said of streams that were open and did not bring what the status knew. */
  readonly #lies: string[] = [];
  connects = 0;
  wakes = 0;
  streamEvents = 0;

  constructor(clock: VirtualClock, server: SimulatedServer, plan: Plan) {
    this.#clock = clock;
    this.#server = server;
    this.#plan = plan;
  }

  update(jobId: string, snapshot: JobSnapshot): void {
    if (this.#left.has(jobId)) throw new Error(`${jobId} was told after it was left`);
    const before = this.#last.get(jobId);
    if (this.#endAt.has(jobId)) throw new Error(`${jobId} was told after its end`);
    if (before === snapshot) throw new Error(`${jobId} was told twice the same`);
    if (before !== undefined && RANK[snapshot.status] < RANK[before.status])
      throw new Error('status moved back');
    if (before !== undefined && snapshot.progress < before.progress) throw new Error('progress fell');
    this.#last.set(jobId, snapshot);
    if (before === undefined) this.#firstAt.set(jobId, this.#clock.now);
    if (RANK[snapshot.status] === 2) this.#endAt.set(jobId, this.#clock.now);
    else this.#newsAt.set(jobId, this.#clock.now);
  }

  stopped(jobId: string, error: unknown): void {
    const job = this.#plan.jobs.find((_, index) => idOf(index) === jobId);
    if (job?.goneAt === undefined) throw new Error(`${jobId} was given up: ${String(error)}`);
    if (this.isDone(jobId)) throw new Error(`${jobId} was told after its end`);
    this.#stoppedAt.set(jobId, this.#clock.now);
  }

  warned({ code, jobId, message }: JobWarning): void {
    if (code === 'transport-lied') this.#lies.push(message);
    if (code === 'transport-lied' && this.#followedUp.has(jobId))
      throw new Error(`a stream was accused of what a second call told of ${jobId}`);
    if (code === 'status-failed')
      this.#refusalWarnings.set(jobId, (this.#refusalWarnings.get(jobId) ?? 0) + 1);
  }

  /** Whether the last status call of a job that the client has heard of was answered. */
  answered(jobId: string, result: JobUpdate | Error): void {
    this.#followedUp.delete(jobId);
    if (result instanceof Error) {
      this.#answered.delete(jobId);
      return;
    }
    this.#answered.add(jobId);
    if (result.isFollowUp === true) this.#followedUp.add(jobId);
  }

  served(jobId: string, transport: TransportName | undefined): void {
    if (transport === 'polling' && !this.#answered.has(jobId))
      throw new Error(`polling was told to serve ${jobId}, and nothing answers`);
  }

  left(jobId: string): void {
    this.#left.add(jobId);
  }

  /** A stream carries the job from now on. */
  opened(jobId: string): void {
    this.#openedAt.set(jobId, this.#clock.now);
  }

  isDone(jobId: string): boolean {
    return this.#endAt.has(jobId) || this.#left.has(jobId) || this.#stoppedAt.has(jobId);
  }

  /** Everything is to be over by then, whatever happened. */
  get deadline(): number {
    const { jobs, resultMs = 0 } = this.#plan;
    const last = Math.max(...jobs.map(({ endsAt, followAt }) => Math.max(endsAt + resultMs, followAt)));
    return Math.max(this.#server.calmAt, this.#clock.start + last) + this.#endMs;
  }

  get #endMs(): number {
    return this.#plan.peers === undefined ? END_BOUND_MS : END_BOUND_MS + PEERS_BOUND_MS;
  }

  /** How long it takes to ask, by as many calls as that is. */
  get #askMs(): number {
    return this.#plan.resultMs === undefined ? CALL_BOUND_MS : 2 * CALL_BOUND_MS;
  }

  check(): void {
    const askMs = this.#askMs;
    const { resultMs = 0 } = this.#plan;
    for (const [index, job] of this.#plan.jobs.entries()) {
      const jobId = idOf(index);
      if (this.#left.has(jobId)) continue;
      const followedAt = this.#clock.start + job.followAt;
      this.#checkWarnings(jobId);
      if (job.goneAt !== undefined) {
        this.#checkGone(jobId, Math.max(followedAt, this.#clock.start + job.goneAt));
        continue;
      }
      const endAt = this.#endAt.get(jobId);
      if (endAt === undefined) throw new Error(`the end of ${jobId} was never told`);
      const knownAt = this.#server.endedAt.get(jobId) ?? Number.POSITIVE_INFINITY;
      if (endAt < knownAt) throw new Error(`${jobId} was told to have ended before it had`);
      const end = this.#last.get(jobId);
      if (end?.status !== job.outcome) throw new Error(`${jobId} was told ${end?.status}: ${job.outcome}`);
      const dueAt = Math.max(knownAt, followedAt, this.#server.calmAt, this.#heldUntil(jobId)) + this.#endMs;
      if (endAt > dueAt) throw new Error(`the end of ${jobId} was told ${endAt - dueAt} ms too late`);
      // Where it is left to others to poll, no shorter bound than that holds.
      if (this.#plan.peers === undefined) {
        this.#checkAlone(index, followedAt, knownAt, endAt);
        this.#checkGarbled(index, Math.max(followedAt, knownAt), endAt);
      }
      if (this.#server.calmAt !== this.#clock.start || isKnown(this.#plan)) continue;
      // The status route never failed and nothing slept: then two things are known much sooner.
      const firstAt = this.#firstAt.get(jobId) ?? Number.POSITIVE_INFINITY;
      // A change of network is a reason to ask anew, and to wait for that.
      const isLate = firstAt > followedAt + askMs && !this.#plan.faults.some(({ name }) => name === 'online');
      if (isLate) throw new Error(`the first snapshot of ${jobId} came too late`);
      const openedAt = this.#openedAt.get(jobId) ?? Number.POSITIVE_INFINITY;
      // Asked before it was open, the answer may be from before: then it is asked once more after that.
      if (openedAt >= knownAt && endAt > openedAt + 2 * askMs && endAt > openedAt)
        throw new Error(`${jobId} ended in the gap, and was not asked about when the stream opened`);
      if (
        end.status === 'failed' &&
        end.error !== REASON &&
        !this.#plan.faults.some(({ name }) => name === 'online')
      )
        throw new Error(`${jobId} was told to have failed, and not why`);
      // A failure without words waits for the status, which has the reason.
      const reasonMs = this.#plan.wordless ? CALL_BOUND_MS : 0;
      // Where it was known before that it has ended, and not how, it is asked about as if it were polled.
      const isAsked = resultMs > 0 && this.#isAsked(job);
      if (isAsked && endAt > knownAt + SETTINGS.intervalMs * 1.2 + 2 * askMs)
        throw new Error(`${jobId} was answered: not yet, and the end was told late`);
      const hintMs = this.#plan.resultMs === undefined ? 0 : HINT_BOUND_MS + 2 * askMs;
      if (this.#isPushed(job) && endAt > knownAt + PUSH_BOUND_MS + reasonMs + hintMs)
        throw new Error(`the end of ${jobId} was not pushed, though a stream could`);
    }
    this.#checkBudget();
  }

  /** Old news that something held back for long is news all the same: the stream is silent from then on. */
  #heldUntil(jobId: string): number {
    const holds = this.#plan.faults.some(({ name }) => name.endsWith('-hold'));
    return holds ? (this.#newsAt.get(jobId) ?? 0) : 0;
  }

  /** Rule 12: the last job is told in time, whatever the calls about the others meet with. */
  #checkAlone(index: number, followedAt: number, knownAt: number, endAt: number): void {
    const { faults, jobs } = this.#plan;
    if (index !== jobs.length - 1 || faults.length === 0) return;
    if (!faults.every(({ name }) => name.endsWith('-some'))) return;
    // An end that overtakes the subscription, and is no part of the answer yet: the silence of the stream tells of it.
    const openedAt = this.#openedAt.get(idOf(index)) ?? Number.POSITIVE_INFINITY;
    if (openedAt <= knownAt && knownAt < openedAt + MAX_LATENCY_MS) return;
    let pauseMs = faults.some(({ name }) => name === 'status-429-some') ? RETRY_AFTER_MS : 0;
    if (faults.some(({ name }) => name === 'status-429-long-some')) pauseMs = SETTINGS.retry.maxDelayMs;
    // The second calls of two others, and its own.
    if (this.#plan.resultMs !== undefined) pauseMs += 3 * CALL_BOUND_MS;
    const dueAt = Math.max(knownAt, followedAt) + ALONE_BOUND_MS + pauseMs;
    if (endAt > dueAt) throw new Error(`the others held ${idOf(index)} up for ${endAt - dueAt} ms`);
  }

  /** Rule 11: a job that is gone is given up, not before it was refused for so long, and not long after. */
  #checkGone(jobId: string, goneAt: number): void {
    const stoppedAt = this.#stoppedAt.get(jobId);
    if (stoppedAt === undefined) throw new Error(`${jobId} is gone, and was never given up`);
    const { intervalMs, missingMs, retry } = SETTINGS;
    if (!isKnown(this.#plan)) {
      // Nobody ever knew it: some tries, each put off by the backoff.
      const triesMs = (2 ** retry.attempts - 2) * retry.minDelayMs;
      if (stoppedAt > goneAt + triesMs + retry.attempts * CALL_BOUND_MS)
        throw new Error(`${jobId}, which nobody knew, was given up late`);
      return;
    }
    const lastMs = missingMs + 2 * 1.2 * intervalMs + 2 * CALL_BOUND_MS;
    if (stoppedAt < goneAt + missingMs - MAX_LATENCY_MS) throw new Error(`${jobId} was given up early`);
    if (stoppedAt > goneAt + lastMs) throw new Error(`${jobId} is gone, and was given up late`);
  }

  /** Rule 11: where there is nothing but refusals, a job is warned of them once. */
  #checkWarnings(jobId: string): void {
    const isOnlyRefused = this.#plan.faults.every(({ name }) =>
      /^status-(404|403|html|flap)$|^clock-/.test(name),
    );
    const warnings = this.#refusalWarnings.get(jobId) ?? 0;
    if (isOnlyRefused && warnings > 1) throw new Error(`${jobId} was warned of refusals ${warnings} times`);
  }

  /** Rule 4: what cannot be read proves nothing, and neither does a stream that brings nothing else. */
  #checkGarbled(index: number, knownAt: number, endAt: number): void {
    const { faults, transports } = this.#plan;
    if (faults.length === 0 || !transports.includes('polling')) return;
    if (!faults.every(({ name }) => name.endsWith('-garble'))) return;
    // What was said before can be lost as ever: by a subscription that comes after the end.
    if (knownAt < this.#clock.start + Math.min(...faults.map(({ at }) => at))) return;
    const lateMs = endAt - knownAt - GARBLED_BOUND_MS - 2 * (this.#askMs - CALL_BOUND_MS);
    if (lateMs > 0)
      throw new Error(
        `the end of ${idOf(index)}, in a frame that nobody can read, was told ${lateMs} ms late`,
      );
  }

  /** Whether a second call was made before it had something to say. */
  #isAsked({ followAt, endsAt }: PlannedJob): boolean {
    const { faults, resultMs = 0 } = this.#plan;
    const knownAt = endsAt + resultMs;
    // By then it was asked when it was followed, or a stream was open that said to.
    return faults.length === 0 && followAt > endsAt && knownAt > followAt + this.#askMs;
  }

  /**
   * Whether the end has to come by a stream. With a mute WebSocket it takes news that it does not bring, an interval
   * until that is noticed, and a connect.
   */
  #isPushed({ followAt, endsAt, steps }: PlannedJob): boolean {
    const { faults, greets, coarse, transports, resultMs = 0, perJob } = this.#plan;
    // What says that there is something to ask comes once, and that may be too early, or while no stream is there.
    if (transports[0] === 'polling' || resultMs > 0 || perJob === true) return false;
    // A status answer that overtakes a frame in the network makes a liar of an honest stream, for a moment.
    if (faults.length === 0) return endsAt > followAt + SETTLING_MS && this.#lies.length === 0;
    if (!transports.includes('sse') || this.#lies.some((lie) => lie.startsWith('SSE'))) return false;
    if (faults !== MUTE_WEBSOCKET || greets || coarse || steps === 0) return false;
    const betweenSteps = (endsAt - Math.min(followAt, endsAt)) / (steps + 1) + 1_000;
    return endsAt > followAt + betweenSteps + 1.2 * SETTINGS.intervalMs + SETTLING_MS;
  }

  /** No storm: so many calls and connects, and no more. */
  #checkBudget(): void {
    const { statusCalls, failedStatusCalls, hints } = this.#server;
    const jobs = this.#plan.jobs.length;
    const intervals = this.#clock.elapsed / (0.8 * SETTINGS.intervalMs);
    const calls = jobs * (3 + intervals + this.wakes + 2 * this.streamEvents) + failedStatusCalls + hints;
    if (statusCalls > calls) throw new Error(`${statusCalls} status calls, of ${calls}`);
    const streams = this.#plan.perJob ? 1 + jobs : 2;
    const connects = streams * (2 + this.wakes + this.#clock.elapsed / SETTINGS.retry.minDelayMs);
    if (this.connects > connects) throw new Error(`${this.connects} connects, of ${connects}`);
  }
}
