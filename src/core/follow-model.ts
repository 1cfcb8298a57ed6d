import type { VideoError } from '../errors.js';
import type { BackoffBounds } from './backoff.js';
import { type Deadline, Deadlines } from './deadlines.js';
import type {
  JobSnapshot,
  JobUpdate,
  JobWarning,
  SnapshotSource,
  StreamMessage,
  TransportChange,
  TransportName,
} from './model.js';

/** @internal Why the runtime thinks that now is a good moment to connect and ask (or that it is not: `offline`). */
export type WakeReason = 'online' | 'offline' | 'pageshow' | 'visible';

export type StreamName = Exclude<TransportName, 'polling'>;

/** Timers fire late by about as much. One that fires so much early is taken as on time, so it can be set earlier. */
export const TIMER_SLACK_MS = 2;

export const STREAM_LABELS = { websocket: 'WebSocket', sse: 'SSE' } as const;

/** Why a stream could not be opened, or is open no longer. */
export interface StreamFailure {
  /** Such as `WebSocket refused (ECONNREFUSED)`. */
  readonly reason: string;
  /**
   * `absent`: the server has no such route (404, 405, 501). `credentials`: they were refused, or could not be
   * had. `mixed-content`: a page on https may not open it.
   */
  readonly kind?: 'absent' | 'credentials' | 'mixed-content' | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly error?: unknown;
}

/** What happens. `now` is in milliseconds since the epoch; it may jump, either way. */
export type FollowSignal = { readonly now: number } & (
  | {
      readonly type: 'follow';
      readonly jobId: string;
      readonly known?: JobSnapshot | undefined;
      readonly owner?: unknown;
    }
  | { readonly type: 'unfollow'; readonly jobId: string }
  /** The stream is open and carries these jobs. Comes again when it carries more, or anew. */
  | OfStream<{ readonly type: 'opened'; readonly jobIds: readonly string[] }>
  | OfStream<{ readonly type: 'said'; readonly message: StreamMessage }>
  /** It has closed itself. */
  | OfStream<{ readonly type: 'failed'; readonly failure: StreamFailure }>
  /** `more`: it was asked again meanwhile, and that answer is still to come. */
  | {
      readonly type: 'answered';
      readonly jobId: string;
      readonly update: JobUpdate;
      readonly more: boolean;
    }
  | { readonly type: 'refused'; readonly jobId: string; readonly error: unknown; readonly more: boolean }
  /** Something came another way, such as by a webhook. */
  | { readonly type: 'learned'; readonly update: JobUpdate; readonly source: SnapshotSource }
  /** The timer fired. */
  | { readonly type: 'clock' }
  | { readonly type: 'wake'; readonly reason: WakeReason }
);

/** `connection` numbers the attempts: what an earlier one still says is not listened to. */
type OfStream<T> = T & { readonly stream: StreamName; readonly connection: number };

/** What is to be done, in this order. */
export type FollowEffect =
  | {
      readonly type: 'connect';
      readonly stream: StreamName;
      readonly connection: number;
      readonly jobIds: readonly string[];
    }
  | { readonly type: 'close'; readonly stream: StreamName }
  | { readonly type: 'subscribe' | 'unsubscribe'; readonly stream: StreamName; readonly jobId: string }
  /** Ask for the status, by a call that starts from now on. `urgent` goes first in line. */
  | { readonly type: 'ask'; readonly jobId: string; readonly urgent: boolean }
  /** Nobody wants that answer any more. */
  | { readonly type: 'forget'; readonly jobId: string }
  /** There is one timer. Undefined: stop it. */
  | { readonly type: 'timer'; readonly delayMs: number | undefined }
  | Told<{ readonly type: 'update'; readonly snapshot: JobSnapshot }>
  | Told<{ readonly type: 'transport'; readonly change: TransportChange }>
  | Told<{ readonly type: 'warning'; readonly warning: JobWarning }>
  | Told<{ readonly type: 'stopped'; readonly error: VideoError }>;

/** `owner` is what came with `follow`, so that whoever is to be told need not be looked up for each frame. */
type Told<T> = T & { readonly jobId: string; readonly owner: unknown };
export type TellEffect = Extract<FollowEffect, { readonly owner: unknown }>;

export interface FollowSettings {
  /** In order of preference; only what the backend has. */
  readonly transports: readonly TransportName[];
  readonly intervalMs: number;
  readonly connectMs: number;
  readonly headStartMs: number;
  readonly silenceMs: number;
  readonly retry: BackoffBounds & { readonly attempts: number };
}

/** One stream, of which there is at most one connection at a time. */
export interface StreamState {
  readonly name: StreamName;
  phase: 'idle' | 'connecting' | 'open';
  /** Number of the latest attempt. */
  connection: number;
  /** When this phase began. */
  since: number;
  /** A frame came, of any kind. Until then it may be a proxy that passes nothing. */
  proven: boolean;
  /** In a row, for the backoff. */
  failures: number;
  /** When it last failed, and has not proven itself since. */
  failedAt: number;
  /** Not to be tried before. */
  retryAt: number;
  /** Why it is not open; empty where it is, or has not failed. */
  reason: string;
  /** The jobs were told of this streak of failures. */
  warned: boolean;
  /** The jobs were told of bad frames that name none, on this connection. */
  badFrames: boolean;
}

export interface FollowedJob extends Deadline {
  readonly id: string;
  readonly owner: unknown;
  snapshot: JobSnapshot | undefined;
  /** What brings its updates now, as last told. */
  serving: TransportName | undefined;
  /** The connection of the stream that serves, else 0. */
  servedBy: number;
  /** The connection of each stream by which it is carried; 0 or an old number: by none. */
  readonly carriedBy: Record<StreamName, number>;
  /** It is asked because its time came while no stream carried it. */
  polled: boolean;
  /** An answer is awaited; no deadline until then. */
  asking: boolean;
  /** The step it was last asked in. */
  askedIn: number;
  /** The answer awaited shows whether this connection is to be believed; 0: none. */
  judging: number;
  /** An answer that was asked for after this connection carried the job has come: no gap is left. */
  reconciled: number;
  /** Something is known that the serving stream should have said, and has not. */
  unsaid: boolean;
  /** When there was last something new from whoever serves. */
  heardAt: number;
  /** Factor of the polling interval, drawn anew for each. */
  jitter: number;
  /** Calls that failed in a row; those of them that knew no such job, in a row. */
  failures: number;
  missing: number;
  retryAt: number;
  /** There is a reason to ask earlier than the rest of this says; Infinity: none. */
  hurryAt: number;
  /** A stream has brought an update of it: so there is such a job, whatever the status route says. */
  streamed: boolean;
  /** The connection whose bad frames were warned about. */
  badFramesOf: number;
  deniedWarned: boolean;
  unknownWarned: boolean;
}

/** All that is known of all jobs of one client. Belongs to `step` alone, which changes it in place. */
export interface FollowState {
  readonly settings: FollowSettings;
  readonly jobs: Map<string, FollowedJob>;
  readonly deadlines: Deadlines<FollowedJob>;
  readonly streams: Readonly<Record<StreamName, StreamState>>;
  /** Number of the last connection. */
  connections: number;
  /** The turn of polling has come: no stream serves. */
  polling: boolean;
  /** When the next transport starts beside the one before, a stream is tried again, or an attempt has failed. */
  streamsDueAt: number;
  /** Milliseconds since the first signal, on a clock that never goes back. Small numbers are kept in place. */
  now: number;
  /** What to add to the time of a signal to get there. */
  clockOffset: number;
  wallNow: number;
  /** When the timer fires; Infinity where it is not armed. */
  timerAt: number;
  seed: number;
  /** How many signals there have been. */
  steps: number;
  effects: FollowEffect[];
}

/** @param seed - Any 32-bit number; all jitter follows from it. */
export function createFollowState(settings: FollowSettings, seed: number): FollowState {
  return {
    settings,
    jobs: new Map(),
    deadlines: new Deadlines(),
    streams: { websocket: createStream('websocket'), sse: createStream('sse') },
    connections: 0,
    polling: false,
    streamsDueAt: Number.POSITIVE_INFINITY,
    now: 0,
    clockOffset: Number.NEGATIVE_INFINITY,
    wallNow: 0,
    timerAt: Number.POSITIVE_INFINITY,
    seed: seed | 0,
    steps: 0,
    effects: [],
  };
}

function createStream(name: StreamName): StreamState {
  return {
    name,
    phase: 'idle',
    connection: 0,
    since: 0,
    proven: false,
    failures: 0,
    failedAt: Number.NEGATIVE_INFINITY,
    retryAt: Number.NEGATIVE_INFINITY,
    reason: '',
    warned: false,
    badFrames: false,
  };
}

export function createJob(
  state: FollowState,
  id: string,
  owner: unknown,
  snapshot: JobSnapshot | undefined,
): FollowedJob {
  // What a frame touches comes first: it lies together in memory, and among ten thousand jobs that is what costs.
  return {
    id,
    owner,
    snapshot,
    serving: undefined,
    streamed: false,
    unsaid: false,
    judging: 0,
    heardAt: state.now,
    servedBy: 0,
    reconciled: 0,
    carriedBy: { websocket: 0, sse: 0 },
    polled: false,
    asking: false,
    askedIn: 0,
    jitter: 1,
    failures: 0,
    missing: 0,
    retryAt: Number.NEGATIVE_INFINITY,
    hurryAt: Number.POSITIVE_INFINITY,
    badFramesOf: 0,
    deniedWarned: false,
    unknownWarned: false,
    dueAt: 0,
    place: -1,
  };
}

/** The next random number in [0, 1): mulberry32, so that the same signals always have the same effects. */
export function random(state: FollowState): number {
  state.seed = (state.seed + 0x6d2b79f5) | 0;
  let bits = Math.imul(state.seed ^ (state.seed >>> 15), 1 | state.seed);
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
}

export function warn(
  state: FollowState,
  job: FollowedJob,
  code: JobWarning['code'],
  message: string,
  error?: unknown,
): void {
  const warning: JobWarning = { code, message, jobId: job.id, ...(error === undefined ? {} : { error }) };
  state.effects.push({ type: 'warning', jobId: job.id, owner: job.owner, warning });
}
