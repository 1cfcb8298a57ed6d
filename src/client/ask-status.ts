import type { AnyBackend, FollowUp, HttpResponse } from '../backends/backend.js';
import { cleanUpdate } from '../core/clean-update.js';
import { isTerminal, type JobUpdate } from '../core/model.js';
import { ApiError, InvalidResponseError, isNamed, isVideoError } from '../errors.js';
import type { HttpClient } from '../http/types.js';

/** Calls in all: the status, and what it leads to. */
const MAX_CALLS = 3;

interface StatusHost {
  readonly http: Pick<HttpClient, 'send' | 'redact'>;
  readonly backend: AnyBackend;
  readonly cancels: { readonly cancelled: Pick<Map<string, object>, 'get' | 'has' | 'delete'> };
}

/**
 * Asks the server about a job once. Of one that was cancelled here, "no such job" is the end: until an answer shows that
 * it goes on all the same, as the cancel failed, or was taken for a wish.
 */
export async function askStatus(
  { http, backend, cancels }: StatusHost,
  jobId: string,
  signal: AbortSignal,
  repeat: 'safe' | 'never',
): Promise<JobUpdate> {
  const { cancelled } = cancels;
  const cancel = cancelled.get(jobId);
  try {
    const update = cleanUpdate(await ask(http, backend, jobId, signal, repeat), http.redact);
    // Not where it was cancelled again since this was asked.
    if (!isTerminal(update.status) && cancelled.get(jobId) === cancel) cancelled.delete(jobId);
    return update;
  } catch (error) {
    const isGone = isNamed(error, 'ApiError') && (error.status === 404 || error.status === 410);
    if (!isGone || !cancelled.has(jobId)) throw error;
    return { jobId, status: 'failed', error: 'cancelled', errorCode: 'cancelled', raw: undefined };
  }
}

/** By as many calls as the dialect needs for that. */
async function ask(
  http: Pick<HttpClient, 'send'>,
  backend: AnyBackend,
  jobId: string,
  signal: AbortSignal,
  repeat: 'safe' | 'never',
): Promise<JobUpdate> {
  let step: FollowUp = {
    next: backend.status(jobId),
    parse: (response) => backend.parseStatus(response, jobId),
  };
  // Not where a refusal has led to another route for the same: a stream should have said that.
  let isFollowUp = false;
  for (let calls = 1; calls <= MAX_CALLS; calls++) {
    const call = calls === 1 ? 'status' : 'followUp';
    let refused: JobUpdate | FollowUp | undefined;
    const { next } = step;
    const send = (): Promise<HttpResponse> =>
      http.send(next, {
        ...{ repeat, signal, jobId },
        accepts(refusal) {
          try {
            refused = backend.parseRefusal?.({ ...refusal, call }, jobId);
          } catch (error) {
            // Of a codec that stumbles over a body, the server's own words are told: no network has failed.
            if (isVideoError(error)) throw error;
          }
          return refused !== undefined;
        },
      });
    const response = await send().catch((error: unknown) => {
      if (calls === 1 || repeat === 'safe' || signal.aborted || !mayPass(error)) throw error;
      // Of two servers that take turns, one of them broken, each second call would meet the broken one for ever.
      return send();
    });
    const told = refused ?? step.parse(response);
    if ('next' in told) {
      step = told;
      isFollowUp ||= refused === undefined;
    } else if (told.missing === true) throw missingError(jobId, told);
    else return isFollowUp ? { ...told, isFollowUp } : told;
  }
  throw new InvalidResponseError(`the status of job ${jobId} was not known after ${MAX_CALLS} calls`, {
    jobId,
    hint: 'Look at the follow-ups of the backend.',
  });
}

/** False for what the same call would meet at once, and for a server that wants a pause. */
function mayPass(error: unknown): boolean {
  if (isNamed(error, 'ApiError')) return error.code !== 'unauthorized' && error.retryAfterMs === undefined;
  return !isNamed(error, 'InputError');
}

/** "No such job", said by a success. */
function missingError(jobId: string, { message: serverMessage, raw }: JobUpdate): ApiError {
  const words = serverMessage === undefined ? '' : `: ${serverMessage}`;
  return new ApiError(`the server knows no job ${jobId}${words}`, {
    ...{ status: 404, jobId, serverMessage, details: raw },
    hint: 'Check the job id, and that baseUrl and backend fit the server.',
  });
}
