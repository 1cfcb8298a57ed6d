import { STREAM_LABELS } from './follow-model.js';
import { type FollowedJob, type FollowState, random, type StreamState, warn } from './follow-state.js';
import type { TransportName } from './model.js';

/** Polling intervals are spread by so much to either side, so that jobs followed together are not asked together. */
const JITTER = 0.2;

/** However often a stream says that something has changed, a job is asked no more often because of it. */
const HINT_MS = 1_000;

/** The stream that brings the updates of this job, where one does. */
export function servingStream(state: FollowState, job: FollowedJob): StreamState | undefined {
  const serving = job.service?.transport;
  return serving === undefined || serving === 'polling' ? undefined : state.streams[serving];
}

/** The answer awaited shows nothing of what serves: it was asked for too late, or without a fair chance to tell. */
export function stopJudging({ service }: FollowedJob): void {
  if (service !== undefined) service.judging = false;
}

export function isCarriedBy(job: FollowedJob, stream: StreamState): boolean {
  return stream.phase === 'open' && job.carriedBy[stream.name] === stream.connection;
}

/** Has the status asked, by a call that starts from now on. Several reasons in one step make one call. */
export function ask(state: FollowState, job: FollowedJob, urgent = false, routine = false): void {
  const asked = job.asking && job.askedIn === state.steps;
  job.asking = true;
  job.askedIn = state.steps;
  job.askedAt = state.now;
  stopJudging(job);
  job.hurryAt = undefined;
  if (job.ending === undefined) state.deadlines.delete(job);
  if (asked) return;
  const standing = job.trouble !== undefined ? 'bad' : job.answers ? 'good' : 'new';
  state.effects.push({ type: 'ask', jobId: job.id, urgent, routine, standing });
}

/** Rule 5: another process asks in its place, and shares what it learns. Where it does not, the next turn is its own. */
export function spared(state: FollowState, job: FollowedJob, askedAgain: boolean): void {
  job.asking = askedAgain;
  job.heardAt = state.now;
  drawInterval(state, job);
  schedule(state, job);
}

/** Puts the next question about this job in the queue, unless one is under way. */
export function schedule(state: FollowState, job: FollowedJob): void {
  if (!job.asking) state.deadlines.set(job, dueAt(state, job));
}

/** A bad frame, or a stream opened again, is a reason to ask earlier, but not the moment the last answer is in. */
export function hasten(state: FollowState, job: FollowedJob, afterMs: number): void {
  hurry(state, job, job.heardAt + afterMs);
}

/** A stream says that there is something to ask for. */
export function hint(state: FollowState, job: FollowedJob): void {
  job.hinted = true;
  stopJudging(job);
  hurry(state, job, job.askedAt + HINT_MS);
}

function hurry(state: FollowState, job: FollowedJob, at: number): void {
  job.hurryAt = Math.min(job.hurryAt ?? Number.POSITIVE_INFINITY, Math.max(state.now, at));
  schedule(state, job);
}

/**
 * Rules 4 and 5. The queue is not touched by a frame, which only moves `heardAt`: the deadline is looked at again
 * when it comes.
 */
export function dueAt(state: FollowState, job: FollowedJob): number {
  const { intervalMs, silenceMs, transports } = state.settings;
  if (job.ending !== undefined) return job.ending.tellAt;
  if (job.trouble !== undefined) return job.trouble.retryAt;
  const stream = servingStream(state, job);
  const { pollMs } = job;
  let waitMs = silenceMs;
  // Of frames that cannot be read only the first of an interval is acted on; the end may be in one that comes after it.
  const isGarbled = stream !== undefined && job.heardAt < stream.badFrameAt + intervalMs;
  if (stream !== undefined) waitMs = stream.proven && !isGarbled ? silenceMs : Math.min(silenceMs, pollMs);
  else if (transports.includes('polling')) waitMs = pollMs;
  return Math.min(job.hurryAt ?? Number.POSITIVE_INFINITY, job.heardAt + waitMs);
}

/** In whole milliseconds, as all times of a job are: a number with a fraction is an object of its own. */
export function drawInterval(state: FollowState, job: FollowedJob): void {
  job.pollMs = Math.ceil(state.settings.intervalMs * (1 - JITTER + 2 * JITTER * random(state)));
}

/**
 * Rules 2 and 3 for one job: the best that is open serves it, and whenever that is another than before, the status
 * is asked once more, because servers do not repeat what was sent in between.
 */
export function settle(state: FollowState, job: FollowedJob): void {
  const transport = findServing(state, job);
  const connection =
    transport === undefined || transport === 'polling' ? 0 : state.streams[transport].connection;
  if (transport === job.service?.transport && connection === (job.service?.connection ?? 0)) {
    schedule(state, job);
    return;
  }
  job.service = transport && {
    transport,
    connection,
    isHeard: false,
    reconciled: false,
    judging: false,
    unsaid: false,
  };
  // Where nothing serves in its place, the silence of the one that is lost counts on.
  if (transport !== undefined) job.heardAt = state.now;
  if (connection !== 0) job.polled = false;
  tellTransport(state, job);
  if (transport === undefined) schedule(state, job);
  else ask(state, job);
}

/** Rule 11: what is told to serve is what brings something, and polling does so only while it is answered. */
export function tellTransport(state: FollowState, job: FollowedJob): void {
  const serving = job.service?.transport;
  const transport = serving === 'polling' && !job.answers ? undefined : serving;
  const previous = job.told;
  if (transport === previous) return;
  job.told = transport;
  const reason = explain(state, job, transport, previous);
  state.effects.push({
    type: 'transport',
    jobId: job.id,
    owner: job.owner,
    change: { jobId: job.id, transport, previous, reason },
  });
}

/** Where polling is not to be used, and no stream can be: the end still comes, but late, without a sign of why. */
export function warnUnserved(state: FollowState, job: FollowedJob): void {
  const { silenceMs } = state.settings;
  if (job.unservedWarned || state.now - job.heardAt < silenceMs) return;
  job.unservedWarned = true;
  const reason = explain(state, job, undefined, undefined);
  const message = `nothing brings the updates of job ${job.id}, whose status is asked all ${silenceMs} ms: ${reason}`;
  warn(state, job, 'no-transport', message);
}

export function settleAll(state: FollowState): void {
  for (const job of state.jobs.values()) settle(state, job);
}

/** Of a change for the better: that it is there. Else what became of those that would be better. */
function explain(
  state: FollowState,
  job: FollowedJob,
  transport: TransportName | undefined,
  previous: TransportName | undefined,
): string {
  const { transports } = state.settings;
  const rank = transport === undefined ? transports.length : transports.indexOf(transport);
  const better =
    previous !== undefined && rank < transports.indexOf(previous) ? [] : transports.slice(0, rank);
  const troubles = better.flatMap((name) => {
    if (name === 'polling') return job.trouble === undefined ? [] : ['status calls are not answered'];
    const { phase, reason } = state.streams[name];
    return (
      reason || `${STREAM_LABELS[name]} ${phase === 'open' ? 'does not carry this job' : 'is not open'} yet`
    );
  });
  if (troubles.length > 0) return troubles.join('; ');
  return transport === undefined || transport === 'polling'
    ? 'no stream is to be used'
    : `${STREAM_LABELS[transport]} is open`;
}

function findServing(state: FollowState, job: FollowedJob): TransportName | undefined {
  for (const name of state.settings.transports) {
    if (name === 'polling') {
      if (state.polling || job.polled) return name;
    } else if (isCarriedBy(job, state.streams[name])) {
      return name;
    }
  }
  return undefined;
}
