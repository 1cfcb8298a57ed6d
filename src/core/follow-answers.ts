import {
  ask,
  drawInterval,
  hasten,
  hint,
  schedule,
  servingStream,
  stopJudging,
  tellTransport,
} from './follow-jobs.js';
import { STREAM_LABELS } from './follow-model.js';
import {
  type FollowedJob,
  type FollowState,
  type PendingEnd,
  type StreamState,
  warn,
} from './follow-state.js';
import { closeAll, distrustStream, prove } from './follow-streams.js';
import { applyUpdate } from './job-state.js';
import {
  isTerminal,
  type JobSnapshot,
  type JobUpdate,
  type SnapshotSource,
  type StreamMessage,
} from './model.js';
import { unknownStatusWarning } from './unknown-status.js';

/** How long an end may wait for what the status knows of it. */
const REASON_MS = 2_000;

/** One frame. Nothing here grows with the number of jobs. Rule 4: one that cannot be read proves nothing. */
export function said(state: FollowState, stream: StreamState, message: StreamMessage): void {
  if (message.type !== 'problem') prove(state, stream);
  if (message.type === 'update') {
    const job = state.jobs.get(message.update.jobId);
    if (job === undefined) return;
    const { service } = job;
    if (service?.transport === stream.name) {
      service.isHeard = true;
      service.unsaid = false;
      service.judging = false;
    }
    learn(state, job, message.update, stream.name);
  } else if (message.type === 'ask') {
    const job = state.jobs.get(message.jobId ?? '');
    if (message.jobId === undefined) for (const any of state.jobs.values()) hint(state, any);
    else if (job !== undefined) hint(state, job);
  } else if (message.type === 'problem') {
    reportBadFrame(state, stream, message.message, message.jobId);
  }
}

/** Rule 9: where a bad frame names a job, that job alone is asked. Warned about once a job and connection. */
function reportBadFrame(state: FollowState, stream: StreamState, text: string, jobId?: string): void {
  if (jobId === undefined) {
    reportNameless(state, stream, text);
    return;
  }
  const job = state.jobs.get(jobId);
  if (job === undefined) return;
  warnOfFrame(state, stream, job, text);
  hasten(state, job, state.settings.retry.minDelayMs);
}

/** It may be about any job: while such frames come, all are asked as often as if they were polled, and no more. */
function reportNameless(state: FollowState, stream: StreamState, text: string): void {
  const { intervalMs } = state.settings;
  if (state.now - stream.badFrameAt < intervalMs) return;
  stream.badFrameAt = state.now;
  for (const job of state.jobs.values()) {
    warnOfFrame(state, stream, job, text);
    if (job.service?.transport === stream.name) hasten(state, job, job.pollMs);
  }
}

function warnOfFrame(state: FollowState, stream: StreamState, job: FollowedJob, text: string): void {
  if (job.badFramesOf !== stream.connection) warn(state, job, 'bad-frame', text);
  job.badFramesOf = stream.connection;
}

/** Rule 9: merges, tells what is new, and ends what has ended. */
export function learn(state: FollowState, job: FollowedJob, update: JobUpdate, source: SnapshotSource): void {
  // Where there is no error, codecs give the message: it may be about the progress that was made.
  const isWordless = update.status === 'failed' && (!update.error || update.error === update.message);
  const isPartial = update.status === 'completed' && update.isPartial === true;
  if (!(isWordless || isPartial) || source === 'polling') {
    const isWorse = isWordless && !update.error && job.ending !== undefined;
    if (!isWorse) merge(state, job, update, source);
  } else if (job.ending === undefined) {
    // Some streams say that a job failed and not why, or that there are files and not which; the status has it. Where it
    // cannot be asked, the end is worth more.
    if (job.trouble !== undefined) merge(state, job, update, source);
    else keepBack(state, job, update, source);
  }
}

function keepBack(state: FollowState, job: FollowedJob, update: JobUpdate, source: SnapshotSource): void {
  const tellAt = state.now + REASON_MS;
  job.ending = { update, source, tellAt };
  state.deadlines.set(job, tellAt);
  ask(state, job, true);
}

/** Tells the failure that was kept back, whether or not a reason has come. */
export function tellPendingEnd(state: FollowState, job: FollowedJob, { update, source }: PendingEnd): void {
  merge(state, job, update, source);
}

function merge(state: FollowState, job: FollowedJob, update: JobUpdate, source: SnapshotSource): void {
  if (update.unknownStatus !== undefined && !job.unknownWarned) {
    const warning = unknownStatusWarning(update);
    if (warning !== undefined)
      state.effects.push({ type: 'warning', jobId: job.id, owner: job.owner, warning });
    job.unknownWarned = true;
  }
  const snapshot = applyUpdate(job.snapshot, update, source, state.wallNow);
  if (snapshot === job.snapshot) return;
  const { service } = job;
  if (source === service?.transport) job.heardAt = state.now;
  else if (service?.reconciled === true && isNews(job.snapshot, snapshot)) service.unsaid = true;
  job.snapshot = snapshot;
  if (isTerminal(snapshot.status)) end(state, job);
  state.effects.push({ type: 'update', jobId: job.id, owner: job.owner, snapshot });
}

/** Words alone are none: the status route has its own. */
function isNews(before: JobSnapshot | undefined, after: JobSnapshot): boolean {
  return before?.status !== after.status || before.progress !== after.progress;
}

/** Rule 10: nothing more of this job is waited for, and with the last one the sockets close. */
export function end(state: FollowState, job: FollowedJob): void {
  state.deadlines.delete(job);
  state.jobs.delete(job.id);
  if (job.asking) state.effects.push({ type: 'forget', jobId: job.id });
  for (const stream of Object.values(state.streams)) {
    if (stream.phase !== 'idle')
      state.effects.push({ type: 'unsubscribe', stream: stream.name, jobId: job.id });
  }
  if (state.jobs.size === 0) closeAll(state);
}

/** The status route has answered. Rule 4: what it knows, a stream that is open must have said. */
export function answered(state: FollowState, job: FollowedJob, answer: JobUpdate, askedAgain: boolean): void {
  const { service } = job;
  const wasJudged = service?.judging === true;
  // Some servers know the job by another id than the one they were asked about.
  const update = answer.jobId === job.id ? answer : { ...answer, jobId: job.id };
  job.asking = askedAgain;
  stopJudging(job);
  job.trouble = undefined;
  job.answers = true;
  tellTransport(state, job);
  const stream = servingStream(state, job);
  const isOwn = update.isFollowUp !== true && !job.hinted;
  const known = job.snapshot;
  const next = applyUpdate(known, update, 'polling', state.wallNow);
  const lied = wasJudged && isOwn && (service.unsaid || isNews(known, next));
  if (lied && stream !== undefined) {
    const message = `${STREAM_LABELS[stream.name]} was open but missed an update of job ${job.id}; another transport is used`;
    warn(state, job, 'transport-lied', message);
  }
  const unsaid = service?.unsaid === true;
  learn(state, job, update, 'polling');
  if (!isOwn && service !== undefined) service.unsaid = unsaid;
  if (!askedAgain && job.hurryAt === undefined) job.hinted = false;
  // It has no reason either, or does not know of the end yet. Where it was asked before, that answer is still to come.
  if (job.ending !== undefined && !askedAgain && state.jobs.has(job.id))
    tellPendingEnd(state, job, job.ending);
  job.heardAt = state.now;
  // Only now: what this answer brought may have happened before the stream carried the job.
  if (!askedAgain && service !== undefined) service.reconciled = stream !== undefined;
  drawInterval(state, job);
  if (state.jobs.has(job.id)) {
    if (update.isFollowUp === true && update.status === undefined && !askedAgain) {
      // Not yet: a stream has said what it can, that there is something to ask for.
      job.hinted = true;
      hasten(state, job, job.pollMs);
    } else schedule(state, job);
  }
  if (lied && stream !== undefined) distrustStream(state, stream.name, service.connection);
}
