import { ApiError, InputError, InvalidResponseError, isNamed, isVideoError, VideoError } from '../errors.js';
import { backoffDelayMs, retryAfterOf } from './backoff.js';
import { end, tellPendingEnd } from './follow-answers.js';
import { schedule, stopJudging, tellTransport } from './follow-jobs.js';
import { type FollowedJob, type FollowState, random, type Trouble, warn } from './follow-state.js';
import { wordsOf } from './text.js';

/** How often an answer that no waiting makes better is asked for. */
const HOPELESS_TRIES = 3;

/**
 * The status call has failed. Rule 11: a refusal is not an end. It is one only once the status was refused, and
 * nothing else was heard, for as long as `missingMs`; or at once, for a job that was never known.
 */
export function refused(state: FollowState, job: FollowedJob, error: unknown, askedAgain: boolean): void {
  const trouble = job.trouble ?? newTrouble(error);
  job.trouble = trouble;
  job.asking = askedAgain;
  stopJudging(job);
  job.answers = false;
  if (job.ending !== undefined) {
    if (!askedAgain) tellPendingEnd(state, job, job.ending);
    return;
  }
  const kind = kindOf(error);
  // An open stream that brings its updates shows that only this route is closed to us. One that was opened again shows
  // nothing yet: the server may have been started anew, without the job.
  const isStreamed = job.service?.isHeard === true;
  count(state, trouble, error, isStreamed ? 'temporary' : kind);
  if (!isStreamed && isOver(state, job, trouble, kind)) {
    stop(state, job, error);
    return;
  }
  tellTransport(state, job);
  warnOf(state, job, trouble, kind);
  trouble.retryAt = state.now + delayMs(state, job, trouble, kind);
  schedule(state, job);
}

function newTrouble(error: unknown): Trouble {
  return {
    error,
    failures: 0,
    retryAt: Number.NEGATIVE_INFINITY,
    refusals: 0,
    refusedMs: 0,
    refusedAt: undefined,
    hopeless: 0,
    deniedWarned: false,
  };
}

/**
 * `temporary` may be better next time, and the job's own deadline bounds how often it is tried. `refusal` may be so
 * too: balancers, redeploys and bot checks answer anything for a while. `denied` and `hopeless` will not.
 */
type Kind = 'temporary' | 'refusal' | 'credentials' | 'denied' | 'hopeless';

function kindOf(error: unknown): Kind {
  if (!isVideoError(error)) return 'refusal';
  const { code, status = 0 } = error;
  if (code === 'configuration') return 'credentials';
  if (code === 'network' || code === 'request-timeout') return 'temporary';
  if (code === 'invalid-input') return 'hopeless';
  if (isNamed(error, 'InvalidResponseError') && error.isTooLarge === true) return 'hopeless';
  if (code === 'unauthorized') return 'denied';
  const { retryable = status === 429 || status >= 500 } = error as Partial<ApiError>;
  return retryable ? 'temporary' : 'refusal';
}

/**
 * What lies between two refusals counts as refused, but not more than half of the limit: a process that slept in
 * between has not asked. An outage in between does not count, and takes nothing back.
 */
function count(state: FollowState, trouble: Trouble, error: unknown, kind: Kind): void {
  const { now, settings } = state;
  trouble.error = error;
  trouble.failures += 1;
  if (kind === 'temporary' || kind === 'credentials') {
    trouble.refusedAt = undefined;
    return;
  }
  const { refusedAt } = trouble;
  if (refusedAt !== undefined) trouble.refusedMs += Math.min(now - refusedAt, settings.missingMs / 2);
  trouble.refusedAt = now;
  // Calls that other reasons bring about at once are one try.
  if (now < trouble.retryAt) return;
  trouble.refusals += 1;
  if (kind === 'hopeless') trouble.hopeless += 1;
}

function isOver({ settings }: FollowState, job: FollowedJob, trouble: Trouble, kind: Kind): boolean {
  if (kind === 'denied') return true; // The credentials were asked for again before.
  if (kind === 'temporary' || kind === 'credentials') return false;
  if (trouble.hopeless >= HOPELESS_TRIES) return true;
  return job.snapshot === undefined
    ? trouble.refusals >= settings.retry.attempts
    : trouble.refusedMs >= settings.missingMs;
}

function warnOf(state: FollowState, job: FollowedJob, trouble: Trouble, kind: Kind): void {
  const { error } = trouble;
  const because = error instanceof Error ? `: ${error.message}` : '';
  if (kind === 'denied' || kind === 'credentials') {
    if (!trouble.deniedWarned)
      warn(state, job, 'credentials', `the status of job ${job.id} was refused${because}`, error);
    trouble.deniedWarned = true;
    return;
  }
  // One that flaps between answers and refusals would be warned about again and again.
  const isKnown = kind === 'temporary' ? trouble.failures > 1 : job.refusalWarned;
  if (kind !== 'temporary') job.refusalWarned = true;
  if (isKnown) return;
  const message = `could not read the status of job ${job.id}; retrying${because}`;
  warn(state, job, 'status-failed', message, error);
}

/** A server that refuses does answer: it is asked as often as if it answered well, so that no end waits for it. */
function delayMs(state: FollowState, job: FollowedJob, { error, failures }: Trouble, kind: Kind): number {
  const { intervalMs, retry } = state.settings;
  const backoffMs = backoffDelayMs(failures, retry, random(state));
  const mostMs =
    kind === 'refusal' && job.snapshot !== undefined ? Math.max(intervalMs, retry.minDelayMs) : backoffMs;
  const askedMs = retryAfterOf(error) ?? 0;
  // What refuses may be no server of ours: its wish for hours would hide the end.
  return Math.max(
    kind === 'refusal' ? Math.min(askedMs, retry.maxDelayMs) : askedMs,
    Math.min(backoffMs, mostMs),
  );
}

function stop(state: FollowState, job: FollowedJob, cause: unknown): void {
  end(state, job);
  state.effects.push({ type: 'stopped', jobId: job.id, owner: job.owner, error: explain(job.id, cause) });
}

/** The server's error, with the way to go on. */
function explain(jobId: string, cause: unknown): VideoError {
  const resume = `Then follow the job again with client.subscribe(${JSON.stringify(jobId)}).`;
  const message = cause instanceof Error ? cause.message : wordsOf(cause);
  if (!isVideoError(cause)) {
    return new VideoError('http-error', `job ${jobId} cannot be followed: ${message}`, {
      jobId,
      hint: `Look at the backend. ${resume}`,
      cause,
    });
  }
  const options = {
    ...cause,
    jobId,
    hint: `${cause.hint ?? 'Check what the server says.'} ${resume}`,
    cause,
  };
  if (isNamed(cause, 'ApiError'))
    return new ApiError(message, { ...options, status: cause.status, code: cause.code });
  if (isNamed(cause, 'InputError')) return new InputError(cause.field, message, options);
  if (isNamed(cause, 'InvalidResponseError')) return new InvalidResponseError(message, options);
  return new VideoError(cause.code, message, options);
}
