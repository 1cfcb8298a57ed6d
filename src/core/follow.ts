import { answered, end, learn, said, tellPendingEnd } from './follow-answers.js';
import { ask, dueAt, schedule, settle, spared, warnUnserved } from './follow-jobs.js';
import type { FollowEffect, FollowEvent } from './follow-model.js';
import { refused } from './follow-refusals.js';
import { createJob, type FollowedJob, type FollowState } from './follow-state.js';
import { dropped, expireAttempts, fail, opened, planStreams, wake } from './follow-streams.js';
import { isTerminal } from './model.js';

/**
 * Follows all jobs of one client: says what to do about what has happened. It does nothing itself, reads no clock
 * and draws no random number; the same events always have the same effects. The state is changed in place, so that a
 * frame costs the same among ten thousand jobs as for one.
 */
export function step(state: FollowState, event: FollowEvent): readonly FollowEffect[] {
  state.effects = [];
  state.steps += 1;
  setClock(state, event);
  handle(state, event);
  arm(state, event.type === 'clock');
  return state.effects;
}

/** A timer that fires is trusted, not the clock: it may be as much as a tick behind, or be faked alone. */
function setClock(state: FollowState, { now, wallNow, type }: FollowEvent): void {
  state.wallNow = wallNow;
  if (now > state.now) state.now = now;
  if (type === 'clock' && state.timerAt !== Number.POSITIVE_INFINITY) {
    state.now = Math.max(state.now, Math.ceil(state.timerAt));
  }
}

function handle(state: FollowState, event: FollowEvent): void {
  switch (event.type) {
    case 'follow':
      follow(state, event);
      break;
    case 'clock':
      clock(state);
      break;
    case 'wake':
      wake(state, event.reason);
      break;
    case 'unfollow':
    case 'answered':
    case 'refused':
    case 'spared':
      ofJob(state, event);
      break;
    case 'learned': {
      const job = state.jobs.get(event.update.jobId);
      if (job !== undefined) learn(state, job, event.update, event.source);
      break;
    }
    default:
      ofStream(state, event);
  }
}

function ofJob(
  state: FollowState,
  event: Extract<FollowEvent, { type: 'unfollow' | 'answered' | 'refused' | 'spared' }>,
): void {
  const job = state.jobs.get(event.jobId);
  if (job === undefined) return;
  if (event.type === 'unfollow') end(state, job);
  else if (event.type === 'spared') spared(state, job, event.askedAgain);
  else if (event.type === 'answered') answered(state, job, event.update, event.askedAgain);
  else refused(state, job, event.error, event.askedAgain);
}

function ofStream(
  state: FollowState,
  event: Extract<FollowEvent, { type: 'opened' | 'dropped' | 'said' | 'failed' }>,
): void {
  const stream = state.streams[event.stream];
  if (stream.phase === 'idle' || stream.connection !== event.connection) return;
  if (event.type === 'said') said(state, stream, event.message);
  else if (event.type === 'opened') opened(state, stream, event.jobIds);
  else if (event.type === 'dropped') dropped(state, stream, event.jobId);
  else fail(state, stream, event.failure);
}

/** Rule 1: ask and connect, at once and both. */
function follow(state: FollowState, { jobId, owner, known }: Extract<FollowEvent, { type: 'follow' }>): void {
  const followed = state.jobs.get(jobId);
  if (followed !== undefined) {
    // Another has followed it by its id alone; that there is such a job is known from now on.
    if (known !== undefined && followed.snapshot === undefined) {
      followed.snapshot = known;
      state.effects.push({ type: 'update', jobId, owner: followed.owner, snapshot: known });
    }
    return;
  }
  if (known !== undefined && isTerminal(known.status)) {
    state.effects.push({ type: 'update', jobId, owner, snapshot: known });
    return;
  }
  const job = createJob(state, jobId, owner, known);
  state.jobs.set(jobId, job);
  ask(state, job, true);
  for (const stream of Object.values(state.streams)) {
    if (stream.phase !== 'idle') state.effects.push({ type: 'subscribe', stream: stream.name, jobId });
  }
  planStreams(state);
  settle(state, job);
}

function clock(state: FollowState): void {
  expireAttempts(state);
  if (state.streamsDueAt <= state.now) planStreams(state);
  for (;;) {
    const job = state.deadlines.first;
    if (job === undefined || job.dueAt > state.now) return;
    if (dueAt(state, job) > state.now) {
      schedule(state, job); // It was heard of in the meantime.
      continue;
    }
    if (job.ending !== undefined) {
      tellPendingEnd(state, job, job.ending);
      continue;
    }
    const isFair = !job.hinted && job.trouble === undefined && job.service?.reconciled === true;
    ask(state, job, false, isRoutine(state, job));
    if (isFair && job.service !== undefined) job.service.judging = true;
    if (job.service === undefined && !job.polled) {
      job.polled = true;
      settle(state, job);
    }
    if (job.service === undefined) warnUnserved(state, job);
  }
}

/** A poll like any other: nothing but that its time has come. */
function isRoutine({ now }: FollowState, job: FollowedJob): boolean {
  return (
    job.service?.transport === 'polling' &&
    job.trouble === undefined &&
    !job.hinted &&
    (job.hurryAt ?? Number.POSITIVE_INFINITY) > now
  );
}

/** Arms the one timer when it is due too late, or not at all; one that fires too early is armed again then. */
function arm(state: FollowState, fired: boolean): void {
  if (fired) state.timerAt = Number.POSITIVE_INFINITY;
  const next = Math.min(state.deadlines.first?.dueAt ?? Number.POSITIVE_INFINITY, state.streamsDueAt);
  if (next < state.timerAt) {
    state.timerAt = next;
    state.effects.push({ type: 'timer', delayMs: Math.max(0, Math.ceil(next - state.now)) });
  } else if (state.jobs.size === 0 && state.timerAt !== Number.POSITIVE_INFINITY) {
    state.timerAt = Number.POSITIVE_INFINITY;
    state.effects.push({ type: 'timer', delayMs: undefined });
  }
}
