import { type Deadline, Deadlines } from './deadlines.js';
import type { FollowEffect, FollowSettings, StreamName } from './follow-model.js';
import type { JobSnapshot, JobUpdate, JobWarning, SnapshotSource, TransportName } from './model.js';

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
  /** When a bad frame that names no job was last acted on; -Infinity: not on this connection. */
  badFrameAt: number;
}

/** Status calls of one job that have failed since the last one that was answered. */
export interface Trouble {
  /** The last of them. */
  error: unknown;
  failures: number;
  /** The next is made then. */
  retryAt: number;
  /** Refusals, counted once a try. */
  refusals: number;
  /** For how long it was nothing but refused, and since when the present run of refusals goes on (undefined: none). */
  refusedMs: number;
  refusedAt: number | undefined;
  /** Answers that no waiting makes better. */
  hopeless: number;
  /** It was warned about credentials. */
  deniedWarned: boolean;
}

/** A failure without a reason, kept back while the status is asked for one. */
export interface PendingEnd {
  readonly update: JobUpdate;
  readonly source: SnapshotSource;
  readonly tellAt: number;
}

/** What serves a job: its turn it is to bring the updates. Another one is made when something else does. */
export interface Service {
  readonly transport: TransportName;
  /** Of the stream; 0 where the job is polled. */
  readonly connection: number;
  /** This stream has brought an update of the job. */
  isHeard: boolean;
  /** An answer that was asked for after this stream carried the job has come: no gap is left. */
  reconciled: boolean;
  /** The answer awaited shows whether this stream can be trusted. */
  judging: boolean;
  /** Something is known that this stream should have said, and has not. */
  unsaid: boolean;
}

export interface FollowedJob extends Deadline {
  readonly id: string;
  readonly owner: unknown;
  snapshot: JobSnapshot | undefined;
  service: Service | undefined;
  /** As last told: polling only while its calls are answered. */
  told: TransportName | undefined;
  /** The connection of each stream by which it is carried; 0 or an old number: by none. */
  readonly carriedBy: Record<StreamName, number>;
  /** It is asked because its time came while no stream carried it. */
  polled: boolean;
  /** An answer is awaited; no deadline until then. */
  asking: boolean;
  /** The step it was last asked in, and when. */
  askedIn: number;
  askedAt: number;
  /** A stream said to ask: what the answer brings is nothing that it kept to itself. */
  hinted: boolean;
  /** When there was last something new from the transport that serves. */
  heardAt: number;
  /** The polling interval, drawn again for each. */
  pollMs: number;
  /** Its last status call was answered. */
  answers: boolean;
  /** Undefined while its status calls are answered. */
  trouble: Trouble | undefined;
  ending: PendingEnd | undefined;
  /** There is a reason to ask earlier than the rest of this says. */
  hurryAt: number | undefined;
  /** The connection whose bad frames were warned about. */
  badFramesOf: number;
  refusalWarned: boolean;
  unknownWarned: boolean;
  unservedWarned: boolean;
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
  /** In milliseconds; never goes back. */
  now: number;
  wallNow: number;
  /** When the timer fires; Infinity where it is not armed. */
  timerAt: number;
  seed: number;
  /** How many events there have been. */
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
    badFrameAt: Number.NEGATIVE_INFINITY,
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
    service: undefined,
    heardAt: state.now,
    told: undefined,
    carriedBy: { websocket: 0, sse: 0 },
    polled: false,
    asking: false,
    askedIn: 0,
    askedAt: state.now,
    hinted: false,
    pollMs: state.settings.intervalMs,
    answers: false,
    trouble: undefined,
    ending: undefined,
    hurryAt: undefined,
    badFramesOf: 0,
    refusalWarned: false,
    unknownWarned: false,
    unservedWarned: false,
    dueAt: 0,
    place: -1,
  };
}

/** The next random number in [0, 1): mulberry32, so that the same events always have the same effects. */
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
