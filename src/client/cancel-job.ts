import type { AnyBackend, HttpRequest } from '../backends/backend.js';
import { backoffDelayMs, nextDelayMs } from '../core/backoff.js';
import { applyUpdate } from '../core/job-state.js';
import { isTerminal, type JobSnapshot, type JobUpdate } from '../core/model.js';
import type { Logger } from '../core/settings.js';
import { wordsOf } from '../core/text.js';
import { ApiError, howToGoOn, isNamed } from '../errors.js';
import { isTransient } from '../http/failure.js';
import type { HttpClient } from '../http/types.js';
import { sleep } from '../runtime/abort.js';
import type { Aborts } from '../runtime/aborts.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Settings } from './resolve-options.js';

export interface CancelHost {
  readonly backend: Pick<AnyBackend, 'name' | 'cancel'>;
  readonly http: HttpClient;
  readonly runtime: Runtime;
  readonly aborts: Aborts;
  readonly retry: Settings['retry'];
  readonly logger: Logger;
  askStatus(jobId: string, signal: AbortSignal, repeat: 'safe' | 'never'): Promise<JobUpdate>;
}

/** What was cancelled, and what has ended. */
interface Told {
  readonly cancelled: Map<string, object>;
  ended(jobId: string): void;
}

/** Asks the status, cancels where the job has not ended, and resolves with the newest that is known then. */
export async function cancelJob(
  host: CancelHost,
  told: Told,
  jobId: string,
  signal: AbortSignal,
): Promise<JobSnapshot> {
  const before = await status(host, jobId, signal, 'safe');
  if (isTerminal(before.status)) return before;
  const refusal = await send(host, told.cancelled, before, signal);
  told.ended(jobId);
  const after = await status(host, jobId, signal, 'never', before).catch(() => before);
  signal.throwIfAborted();
  if (refusal !== undefined && !isTerminal(after.status)) {
    host.logger.warn(
      `the server did not cancel job ${JSON.stringify(jobId)}, which is ${after.status}: ${refusal.message}`,
    );
  }
  return after;
}

/** What was submitted: its answer names the job. */
export interface Submitted {
  readonly answer: Promise<JobSnapshot>;
  /** True where a job may have been made, or may be yet. */
  isAtStake(): boolean;
  /** False where another caller wants the job. */
  abandon(): boolean;
}

/** Cancels behind the caller's back; tells where that fails. Never rejects. */
export async function cancelOwn(
  host: CancelHost,
  told: Told,
  own: string | Submitted,
  signal: AbortSignal,
): Promise<void> {
  const jobId = typeof own === 'string' ? own : await idOf(own, host.logger);
  if (jobId === undefined) return;
  try {
    await cancelNewJob(host, told, jobId, signal);
  } catch (error) {
    const id = JSON.stringify(jobId);
    host.logger.warn(
      `job ${id} was to be cancelled, and could not be: ${wordsOf(error)}. ${howToGoOn(jobId)}, or cancel it with client.cancel(${id}).`,
    );
  }
}

/** Undefined where there is nothing to cancel. */
async function idOf(submitted: Submitted, logger: Logger): Promise<string | undefined> {
  try {
    const { id, status } = await submitted.answer;
    // Somebody else may have asked for it by its key meanwhile.
    return isTerminal(status) || !submitted.abandon() ? undefined : id;
  } catch (error) {
    if (submitted.isAtStake())
      logger.warn(
        `a submit that was aborted may have made a job, which could not be cancelled: ${wordsOf(error)}. Look for it on the server.`,
      );
    return undefined;
  }
}

/** The same for a job as new as that the status route may not have heard of it. */
async function cancelNewJob(host: CancelHost, told: Told, jobId: string, signal: AbortSignal): Promise<void> {
  const { retry, runtime } = host;
  for (let failures = 1; ; failures++) {
    try {
      await cancelJob(host, told, jobId, signal);
      return;
    } catch (error) {
      if (!isNamed(error, 'ApiError') || error.status !== 404 || failures >= retry.attempts) throw error;
      await sleep(runtime, backoffDelayMs(failures, retry, runtime.random()), signal);
    }
  }
}

async function status(
  host: CancelHost,
  jobId: string,
  signal: AbortSignal,
  repeat: 'safe' | 'never',
  known?: JobSnapshot,
): Promise<JobSnapshot> {
  const update = await host.askStatus(jobId, signal, repeat);
  return applyUpdate(known, { ...update, jobId }, 'polling', host.runtime.now());
}

/** Resolves with the server's refusal where it is one that a job has which ended a moment ago. */
async function send(
  host: CancelHost,
  cancelled: Map<string, object>,
  known: JobSnapshot,
  signal: AbortSignal,
): Promise<ApiError | undefined> {
  const { backend } = host;
  const jobId = known.id;
  const requests = [backend.cancel?.(jobId, known) ?? []].flat();
  for (const [index, request] of requests.entries()) {
    try {
      await post(host, cancelled, request, known, signal);
      return undefined;
    } catch (error) {
      // A success, whatever its body is.
      if (isNamed(error, 'InvalidResponseError') && error.status !== undefined) return undefined;
      if (!isNamed(error, 'ApiError')) throw error;
      const { status } = error;
      const hasNoRoute = status === 405 || status === 501;
      if ((hasNoRoute || status === 404) && index + 1 < requests.length) continue;
      if (status >= 500 && !hasNoRoute) throw error;
      if (status === 404 || status === 410) return error;
      cancelled.delete(jobId);
      if (hasNoRoute) throw cannotCancel(error);
      if (status !== 400 && status !== 409) throw error;
      return error;
    }
  }
  return undefined;
}

/** Sent again only while the job goes on: of one that has ended since, some servers would delete the video. */
async function post(
  host: CancelHost,
  cancelled: Map<string, object>,
  request: HttpRequest,
  known: JobSnapshot,
  signal: AbortSignal,
): Promise<void> {
  const { http, retry, runtime } = host;
  const jobId = known.id;
  for (let failures = 1; ; failures++) {
    try {
      // Before it is sent: an answer that is lost may have cancelled it.
      cancelled.set(jobId, {});
      await http.send(request, { repeat: 'never', jobId, signal }).finally(() => {
        // And after: what was said of the job meanwhile is no word on what this has done to it.
        cancelled.set(jobId, {});
      });
      return;
    } catch (error) {
      const again = isTransient(error) ? nextDelayMs(error, failures, retry, runtime.random()) : undefined;
      if (again === undefined) throw error;
      await sleep(runtime, again, signal);
      if (isTerminal((await status(host, jobId, signal, 'safe', known)).status)) return;
    }
  }
}

function cannotCancel(error: ApiError): ApiError {
  return new ApiError(`this server cannot cancel a job: ${error.message}`, {
    ...error,
    hint: 'The job continues; close() ends only the wait for it.',
    cause: error,
  });
}
