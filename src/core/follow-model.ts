import type { VideoError } from '../errors.js';
import type { BackoffBounds } from './backoff.js';
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
   * had. `mixed-content`: a page on https may not open it. `timeout`: no answer within `connectMs`.
   */
  readonly kind?: 'absent' | 'credentials' | 'mixed-content' | 'timeout' | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly error?: unknown;
}

/**
 * No attempt takes longer than `connectMs`. Of a stream as a whole the reducer sees to that; of the event streams that
 * are part of one, each does for itself.
 */
export function connectTimeout(name: StreamName, connectMs: number): StreamFailure {
  return { reason: `${STREAM_LABELS[name]} got no answer within ${connectMs} ms`, kind: 'timeout' };
}

/**
 * What happens. `now` is in milliseconds on a clock that nobody sets: all waits are measured on it. `wallNow` is in
 * milliseconds since the epoch, may jump either way, and only dates snapshots.
 */
export type FollowEvent = { readonly now: number; readonly wallNow: number } & Happening;

/** @internal An event without its time. */
export type Happening =
  | {
      readonly type: 'follow';
      readonly jobId: string;
      readonly known?: JobSnapshot | undefined;
      readonly owner?: unknown;
    }
  | { readonly type: 'unfollow'; readonly jobId: string }
  /** The stream is open and carries these jobs. Comes again when it carries more, or was opened again. */
  | OfStream<{ readonly type: 'opened'; readonly jobIds: readonly string[] }>
  /** It goes on, and carries this job no longer. */
  | OfStream<{ readonly type: 'dropped'; readonly jobId: string }>
  | OfStream<{ readonly type: 'said'; readonly message: StreamMessage }>
  /** It has closed itself. */
  | OfStream<{ readonly type: 'failed'; readonly failure: StreamFailure }>
  /** `askedAgain`: it was asked again meanwhile, and that answer is still to come. */
  | {
      readonly type: 'answered';
      readonly jobId: string;
      readonly update: JobUpdate;
      readonly askedAgain: boolean;
    }
  | {
      readonly type: 'refused';
      readonly jobId: string;
      readonly error: unknown;
      readonly askedAgain: boolean;
    }
  /** Another process has just asked, and will share the answer; or `askedAgain`, as above. */
  | { readonly type: 'spared'; readonly jobId: string; readonly askedAgain: boolean }
  /** Something came another way, such as by a webhook. */
  | { readonly type: 'learned'; readonly update: JobUpdate; readonly source: SnapshotSource }
  /** The timer fired. */
  | { readonly type: 'clock' }
  | { readonly type: 'wake'; readonly reason: WakeReason };

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
  /** It was open, and has kept something to itself. */
  | { readonly type: 'distrusted'; readonly stream: StreamName }
  | { readonly type: 'subscribe' | 'unsubscribe'; readonly stream: StreamName; readonly jobId: string }
  /**
   * Ask for the status, by a call that starts from now on. `urgent` goes first in line; `routine` is of a job that is
   * polled, and whose time has come: what another process is told does as well.
   */
  | {
      readonly type: 'ask';
      readonly jobId: string;
      readonly urgent: boolean;
      readonly routine: boolean;
      readonly standing: CallStanding;
    }
  /** That answer is not needed any more. */
  | { readonly type: 'forget'; readonly jobId: string }
  /** There is one timer. Undefined: stop it. */
  | { readonly type: 'timer'; readonly delayMs: number | undefined }
  | Told<{ readonly type: 'update'; readonly snapshot: JobSnapshot }>
  | Told<{ readonly type: 'transport'; readonly change: TransportChange }>
  | Told<{ readonly type: 'warning'; readonly warning: JobWarning }>
  | Told<{ readonly type: 'stopped'; readonly error: VideoError }>;

/** What became of the last status call of a job: answered, none yet, or failed. */
export type CallStanding = 'good' | 'new' | 'bad';

/** `owner` is what came with `follow`, so that the listeners need not be looked up for each frame. */
type Told<T> = T & { readonly jobId: string; readonly owner: unknown };
export type TellEffect = Extract<FollowEffect, { readonly owner: unknown }>;

export interface FollowSettings {
  /** In order of preference; only what the backend has. */
  readonly transports: readonly TransportName[];
  readonly intervalMs: number;
  readonly connectMs: number;
  readonly headStartMs: number;
  readonly silenceMs: number;
  readonly missingMs: number;
  readonly retry: BackoffBounds & { readonly attempts: number };
}
