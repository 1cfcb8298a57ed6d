import { step } from '../../../src/core/follow.js';
import type {
  FollowEffect,
  FollowEvent,
  FollowSettings,
  Happening,
  StreamFailure,
  StreamName,
} from '../../../src/core/follow-model.js';
import { createFollowState } from '../../../src/core/follow-state.js';
import type { JobUpdate, StreamMessage } from '../../../src/core/model.js';
import { ApiError } from '../../../src/errors.js';

const SETTINGS: FollowSettings = {
  transports: ['websocket', 'sse', 'polling'],
  intervalMs: 5_000,
  connectMs: 10_000,
  headStartMs: 300,
  silenceMs: 30_000,
  missingMs: 60_000,
  retry: { attempts: 3, minDelayMs: 1_000, maxDelayMs: 30_000 },
};

type EffectOf<T extends FollowEffect['type']> = Extract<FollowEffect, { type: T }>;

/** Plays the world to the reducer: gives it events, keeps its one timer, remembers what it wanted done. */
export class Driver {
  readonly state;
  now = 1_700_000_000_000;
  readonly start = this.now;
  /** How far somebody has set the clock of the machine. */
  wallAheadMs = 0;
  #timerAt = Number.POSITIVE_INFINITY;
  readonly effects: (FollowEffect & { at: number })[] = [];
  readonly connections: Partial<Record<StreamName, number>> = {};

  constructor(settings: Partial<FollowSettings> = {}, seed = 1) {
    this.state = createFollowState({ ...SETTINGS, ...settings }, seed);
  }

  send(event: Happening): readonly FollowEffect[] {
    const wallNow = this.now + this.wallAheadMs;
    const effects = step(this.state, { ...event, now: this.now, wallNow } as FollowEvent);
    for (const effect of effects) {
      this.effects.push({ ...effect, at: this.now - this.start });
      if (effect.type === 'timer') this.#timerAt = this.now + (effect.delayMs ?? Number.POSITIVE_INFINITY);
      if (effect.type === 'connect') this.connections[effect.stream] = effect.connection;
    }
    return effects;
  }

  /** Lets time pass, the timer firing when it is due. */
  pass(ms: number): void {
    const until = this.now + ms;
    while (this.#timerAt <= until) {
      this.now = Math.max(this.now, this.#timerAt);
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.send({ type: 'clock' });
    }
    this.now = until;
  }

  get timerArmed(): boolean {
    return this.#timerAt !== Number.POSITIVE_INFINITY;
  }

  follow(...jobIds: string[]): void {
    for (const jobId of jobIds) this.send({ type: 'follow', jobId });
  }

  open(stream: StreamName, ...jobIds: string[]): void {
    this.send({ type: 'opened', ...this.#current(stream), jobIds });
  }

  fail(stream: StreamName, failure: StreamFailure = { reason: `${stream} failed` }): void {
    this.send({ type: 'failed', ...this.#current(stream), failure });
  }

  say(stream: StreamName, message: StreamMessage): void {
    this.send({ type: 'said', ...this.#current(stream), message });
  }

  /** A greeting. */
  greet(stream: StreamName): void {
    this.say(stream, { type: 'control' });
  }

  push(stream: StreamName, update: Omit<JobUpdate, 'raw'>): void {
    this.say(stream, { type: 'update', update: { raw: undefined, ...update } });
  }

  answer(jobId: string, update: Partial<JobUpdate> = { status: 'processing', progress: 10 }): void {
    this.send({ type: 'answered', jobId, update: { jobId, raw: undefined, ...update }, askedAgain: false });
  }

  refuse(jobId: string, status: number, retryAfterMs?: number): void {
    this.send({ type: 'refused', jobId, error: apiError(status, retryAfterMs), askedAgain: false });
  }

  /** Effects of this type since the last `forget`. */
  all<T extends FollowEffect['type']>(type: T): (EffectOf<T> & { at: number })[] {
    return this.effects.filter((effect): effect is EffectOf<T> & { at: number } => effect.type === type);
  }

  forget(): void {
    this.effects.length = 0;
  }

  /** The jobs asked about, each as often as it was. */
  get asked(): string[] {
    return this.all('ask').map(({ jobId }) => jobId);
  }

  get connected(): StreamName[] {
    return this.all('connect').map(({ stream }) => stream);
  }

  get closed(): StreamName[] {
    return this.all('close').map(({ stream }) => stream);
  }

  get transports(): (string | undefined)[] {
    return this.all('transport').map(({ change }) => change.transport);
  }

  get warnings(): string[] {
    return this.all('warning').map(({ warning }) => warning.code);
  }

  /** Follows `a` over an open, proven and reconciled stream. */
  settleOn(stream: StreamName, ...jobIds: string[]): void {
    this.follow(...jobIds);
    if (stream === 'sse') this.fail('websocket');
    this.open(stream, ...jobIds);
    this.greet(stream);
    for (const jobId of jobIds) this.answer(jobId);
    this.forget();
  }

  #current(stream: StreamName): { stream: StreamName; connection: number } {
    return { stream, connection: this.connections[stream] ?? 0 };
  }
}

function apiError(status: number, retryAfterMs?: number): ApiError {
  return new ApiError(`answered ${status}`, { status, jobId: 'a', hint: 'Do this.', retryAfterMs });
}
