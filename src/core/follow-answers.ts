import { ApiError, ConfigurationError, isVideoError, VideoError } from '../errors.js';
import { backoffDelayMs } from './backoff.js';
import { drawJitter, hasten, schedule, servingStream } from './follow-jobs.js';
import {
  type FollowedJob,
  type FollowState,
  random,
  STREAM_LABELS,
  type StreamState,
  warn,
} from './follow-model.js';
import { catchLie, closeAll, prove } from './follow-streams.js';
import { applyUpdate, unknownStatusWarning } from './job-state.js';
import {
  isTerminal,
  type JobSnapshot,
  type JobUpdate,
  type SnapshotSource,
  type StreamMessage,
} from './model.js';

/** One frame. Nothing here grows with the number of jobs. */
export function said(state: FollowState, stream: StreamState, message: StreamMessage): void {
  prove(state, stream);
  if (message.type === 'update') {
    const job = state.jobs.get(message.update.jobId);
    if (job === undefined) return;
    job.streamed = true;
    if (job.serving === stream.name) {
      job.unsaid = false;
      job.judging = 0;
    }
    learn(state, job, message.update, stream.name);
  } else if (message.type === 'problem') {
    reportBadFrame(state, stream, message.message, message.jobId);
  }
}

/** Rule 9: where a bad frame names a job, that job alone is asked. Warned about once a job and connection. */
function reportBadFrame(state: FollowState, stream: StreamState, text: string, jobId?: string): void {
  const named = jobId === undefined ? undefined : state.jobs.get(jobId);
  if (jobId !== undefined && named === undefined) return;
  if (named === undefined && stream.badFrames) return;
  if (named === undefined) stream.badFrames = true;
  for (const job of named === undefined ? state.jobs.values() : [named]) {
    if (job.badFramesOf === stream.connection) continue;
    job.badFramesOf = stream.connection;
    warn(state, job, 'bad-frame', text);
  }
  if (named !== undefined) hasten(state, named, state.settings.retry.minDelayMs);
}

/** Rule 9: merges, tells what is new, and ends what has ended. */
export function learn(state: FollowState, job: FollowedJob, update: JobUpdate, source: SnapshotSource): void {
  if (update.unknownStatus !== undefined && !job.unknownWarned) {
    const warning = unknownStatusWarning(update);
    if (warning !== undefined)
      state.effects.push({ type: 'warning', jobId: job.id, owner: job.owner, warning });
    job.unknownWarned = true;
  }
  const snapshot = applyUpdate(job.snapshot, update, source, state.wallNow);
  if (snapshot === job.snapshot) return;
  if (source === job.serving) job.heardAt = state.now;
  else if (job.servedBy !== 0 && job.reconciled === job.servedBy && isNews(job.snapshot, snapshot)) {
    job.unsaid = true;
  }
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
export function answered(state: FollowState, job: FollowedJob, answer: JobUpdate, more: boolean): void {
  const { judging } = job;
  // Some servers know the job by another id than the one they were asked about.
  const update = answer.jobId === job.id ? answer : { ...answer, jobId: job.id };
  job.asking = more;
  job.judging = 0;
  job.failures = 0;
  job.missing = 0;
  job.deniedWarned = false;
  const stream = servingStream(state, job);
  const judged = stream !== undefined && judging !== 0 && judging === job.servedBy;
  const known = job.snapshot;
  const next = applyUpdate(known, update, 'polling', state.wallNow);
  const lied = judged && (job.unsaid || isNews(known, next));
  if (lied) {
    const message = `${STREAM_LABELS[stream.name]} was open but did not bring what the server knew of job ${job.id}; another transport is used`;
    warn(state, job, 'transport-lied', message);
  }
  learn(state, job, update, 'polling');
  job.heardAt = state.now;
  // Only now: what this answer brought may have happened before the stream carried the job.
  if (!more) job.reconciled = job.servedBy;
  drawJitter(state, job);
  if (state.jobs.has(job.id)) schedule(state, job);
  if (lied) catchLie(state, stream.name, judging);
}

/** The status call has failed. Only an answer that will not get better by waiting ends the following. */
export function refused(state: FollowState, job: FollowedJob, error: unknown, more: boolean): void {
  const { retry } = state.settings;
  job.asking = more;
  job.judging = 0;
  job.failures += 1;
  const kind = kindOf(error);
  job.missing = kind === 'missing' ? job.missing + 1 : 0;
  // An open stream that brings its updates shows that only this route is closed to us.
  const isStreamed = job.streamed && servingStream(state, job) !== undefined;
  if (
    (kind === 'missing' && job.missing >= retry.attempts && !job.streamed) ||
    (kind === 'denied' && !isStreamed)
  ) {
    stop(state, job, error);
    return;
  }
  const because = error instanceof Error ? `: ${error.message}` : '';
  if (kind === 'denied' || kind === 'credentials') {
    if (!job.deniedWarned)
      warn(state, job, 'credentials', `the status of job ${job.id} was refused${because}`, error);
    job.deniedWarned = true;
  } else if (job.failures === 1) {
    const message = `the status of job ${job.id} could not be had, and is asked again${because}`;
    warn(state, job, 'status-failed', message, error);
  }
  const retryAfterMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  job.retryAt = state.now + Math.max(retryAfterMs, backoffDelayMs(job.failures, retry, random(state)));
  schedule(state, job);
}

/** `temporary` may be better next time; the job's own deadline bounds how often it is tried. */
function kindOf(error: unknown): 'missing' | 'denied' | 'credentials' | 'temporary' {
  if (error instanceof ConfigurationError) return 'credentials';
  const status = isVideoError(error) ? error.status : undefined;
  if (!(error instanceof ApiError) || status === undefined) return 'temporary';
  if (status === 404 || status === 410) return 'missing';
  if (status < 400 || status >= 500 || [408, 409, 425, 429].includes(status)) return 'temporary';
  return 'denied';
}

function stop(state: FollowState, job: FollowedJob, cause: unknown): void {
  end(state, job);
  state.effects.push({ type: 'stopped', jobId: job.id, owner: job.owner, error: explain(job.id, cause) });
}

/** The server's error, with the way to go on. */
function explain(jobId: string, cause: unknown): VideoError {
  const resume = `Then follow the job again with client.subscribe(${JSON.stringify(jobId)}).`;
  if (!(cause instanceof ApiError)) {
    return new VideoError('http-error', `job ${jobId} cannot be followed`, { jobId, hint: resume, cause });
  }
  const hint = `${cause.hint ?? 'Check what the server says.'} ${resume}`;
  return new ApiError(cause.message, { ...cause, jobId, hint, cause });
}
