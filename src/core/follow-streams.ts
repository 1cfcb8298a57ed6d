import { backoffDelayMs } from './backoff.js';
import { ask, hasten, isCarriedBy, settle, settleAll } from './follow-jobs.js';
import {
  connectTimeout,
  STREAM_LABELS,
  type StreamFailure,
  type StreamName,
  type WakeReason,
} from './follow-model.js';
import { type FollowState, random, type StreamState, warn } from './follow-state.js';

/** How long a failure costs a transport its head start. */
const MEMORY_MS = 30 * 60_000;
/** How long a route that is not there is left alone. */
const ABSENT_MS = 5 * 60_000;

/**
 * Rule 2: starts what is to be started, in order of preference, and says when to look again. Each transport is
 * alone for its head start, unless it is known to fail; below one that is open nothing is started.
 */
export function planStreams(state: FollowState): void {
  state.streamsDueAt = Number.POSITIVE_INFINITY;
  if (state.jobs.size === 0) return;
  const polling = findTurn(state);
  if (polling === state.polling) return;
  state.polling = polling;
  settleAll(state);
}

/** Whether the turn has come to polling. */
function findTurn(state: FollowState): boolean {
  const { headStartMs, connectMs, transports } = state.settings;
  for (const name of transports) {
    if (name === 'polling') return true;
    const stream = state.streams[name];
    if (stream.phase === 'open') return false;
    if (stream.phase === 'idle') {
      if (stream.retryAt > state.now) {
        lookAgain(state, stream.retryAt);
        continue;
      }
      connect(state, stream);
    }
    lookAgain(state, stream.since + connectMs);
    const headStartEnd = stream.since + headStartMs;
    if (hasFailed(state, stream) || headStartEnd <= state.now) continue;
    lookAgain(state, headStartEnd);
    // A better one that is tried again does not stop the polling.
    return state.polling;
  }
  return false;
}

function lookAgain(state: FollowState, at: number): void {
  state.streamsDueAt = Math.min(state.streamsDueAt, at);
}

function hasFailed(state: FollowState, stream: StreamState): boolean {
  return state.now - stream.failedAt < MEMORY_MS;
}

function connect(state: FollowState, stream: StreamState): void {
  if (!hasFailed(state, stream) && stream.retryAt + MEMORY_MS < state.now) stream.failures = 0;
  state.connections += 1;
  stream.connection = state.connections;
  stream.phase = 'connecting';
  stream.since = state.now;
  stream.proven = false;
  stream.badFrameAt = Number.NEGATIVE_INFINITY;
  state.effects.push({
    type: 'connect',
    stream: stream.name,
    connection: stream.connection,
    jobIds: [...state.jobs.keys()],
  });
}

/** Attempts that take longer than `connectMs` have failed. */
export function expireAttempts(state: FollowState): void {
  const { connectMs } = state.settings;
  for (const stream of Object.values(state.streams)) {
    if (stream.phase !== 'connecting' || stream.since + connectMs > state.now) continue;
    state.effects.push({ type: 'close', stream: stream.name });
    fail(state, stream, connectTimeout(stream.name, connectMs));
  }
}

/** Rules 2 and 3: it serves these jobs from now on, unless a better one does. Each is asked about once more. */
export function opened(state: FollowState, stream: StreamState, jobIds: readonly string[]): void {
  // Where it serves already, these are all that changes: each of ten thousand may come alone.
  const isMore = stream.phase === 'open' && !state.polling;
  if (stream.phase !== 'open') {
    stream.phase = 'open';
    stream.since = state.now;
    stream.reason = '';
    stream.warned = false;
  }
  for (const jobId of jobIds) {
    const job = state.jobs.get(jobId);
    if (job === undefined) continue;
    if (isCarriedBy(job, stream)) {
      // Opened again, for a longer list: nothing was missed if the server was quick, so this can wait a little.
      hasten(state, job, state.settings.intervalMs);
    } else {
      job.carriedBy[stream.name] = stream.connection;
      ask(state, job);
    }
  }
  if (state.polling) {
    // Those that it has no room for, or not yet, are polled as before.
    for (const job of state.jobs.values()) if (!isCarriedBy(job, stream)) job.polled = true;
  }
  state.polling = false;
  planStreams(state);
  if (!isMore) settleAll(state);
  else {
    for (const jobId of jobIds) {
      const job = state.jobs.get(jobId);
      if (job !== undefined) settle(state, job);
    }
  }
}

/** Rule 7: it carries the others all the same. What was on its way when it ended is asked for. */
export function dropped(state: FollowState, stream: StreamState, jobId: string): void {
  const job = state.jobs.get(jobId);
  if (job === undefined) return;
  job.carriedBy[stream.name] = 0;
  job.polled = true;
  ask(state, job);
  settle(state, job);
}

/** The first frame: only now is it sure that something comes through, and the worse ones can go. */
export function prove(state: FollowState, stream: StreamState): void {
  if (stream.proven) return;
  stream.proven = true;
  stream.failedAt = Number.NEGATIVE_INFINITY;
  const { transports } = state.settings;
  let closed = false;
  for (const name of transports.slice(transports.indexOf(stream.name) + 1)) {
    if (name !== 'polling') closed = close(state, state.streams[name]) || closed;
  }
  if (closed) settleAll(state);
}

/** Rule 6. */
export function fail(state: FollowState, stream: StreamState, failure: StreamFailure): void {
  remember(state, stream, failure);
  if (failure.kind === 'credentials' || failure.kind === 'mixed-content') {
    if (!stream.warned) {
      for (const job of state.jobs.values()) warn(state, job, failure.kind, failure.reason, failure.error);
    }
    stream.warned = true;
  }
  planStreams(state);
  settleAll(state);
}

function remember(state: FollowState, stream: StreamState, failure: StreamFailure): void {
  forgiveIfStable(state, stream);
  stream.phase = 'idle';
  stream.failures += 1;
  stream.reason = failure.reason;
  stream.failedAt = state.now;
  const absent = failure.kind === 'absent' || failure.kind === 'mixed-content';
  const delayMs = absent ? ABSENT_MS : backoffDelayMs(stream.failures, state.settings.retry, random(state));
  stream.retryAt = state.now + Math.max(delayMs, failure.retryAfterMs ?? 0);
}

/** The backoff starts again after a time of good service, not after every greeting: else a flapping one storms. */
function forgiveIfStable(state: FollowState, stream: StreamState): void {
  const { phase, proven, since } = stream;
  if (phase === 'open' && proven && state.now - since >= state.settings.retry.maxDelayMs) stream.failures = 0;
}

/** Rule 4: the status call knows something that this stream should have sent. */
export function distrustStream(state: FollowState, name: StreamName, connection: number): void {
  const stream = state.streams[name];
  if (stream.connection !== connection) return;
  state.effects.push({ type: 'distrusted', stream: name });
  const failure = { reason: `${STREAM_LABELS[name]} was open but missed an update` };
  // With the last job it has been closed already: then it is only remembered.
  if (stream.phase !== 'open') {
    remember(state, stream, failure);
    return;
  }
  state.effects.push({ type: 'close', stream: name });
  stream.proven = false;
  fail(state, stream, failure);
}

/** Closes it for no fault of its own; true if there was something to close. */
function close(state: FollowState, stream: StreamState): boolean {
  if (stream.phase === 'idle') return false;
  forgiveIfStable(state, stream);
  stream.phase = 'idle';
  state.effects.push({ type: 'close', stream: stream.name });
  return true;
}

/** Rule 10: with the last job the sockets close. */
export function closeAll(state: FollowState): void {
  for (const stream of Object.values(state.streams)) close(state, stream);
  state.polling = false;
  state.streamsDueAt = Number.POSITIVE_INFINITY;
}

/**
 * Rule 8. A stream may not have survived the sleep or the change of network: it has to prove itself again. What was
 * under way over a network that is gone is not waited for.
 */
export function wake(state: FollowState, reason: WakeReason): void {
  if (reason === 'offline') return; // A server on this machine is there all the same.
  for (const stream of Object.values(state.streams)) {
    stream.proven = false;
    if (reason === 'online') {
      if (stream.phase === 'connecting') close(state, stream);
      stream.failures = 0;
      stream.failedAt = Number.NEGATIVE_INFINITY;
      stream.retryAt = Number.NEGATIVE_INFINITY;
    } else if (stream.retryAt - stream.failedAt < ABSENT_MS) {
      stream.retryAt = Math.min(stream.retryAt, state.now);
    }
  }
  for (const job of state.jobs.values()) {
    if (job.asking && reason !== 'visible') state.effects.push({ type: 'forget', jobId: job.id });
    job.asking = false;
    ask(state, job);
  }
  planStreams(state);
}
