import { bounded, redactQueries } from '../core/text.js';
import {
  ApiError,
  InvalidResponseError,
  NetworkError,
  SubmitOutcomeUnknownError,
  VideoError,
} from '../errors.js';
import type { CallContext } from './answer.js';
import type { Trip } from './exchange.js';
import { explain, neverConnected } from './node-fetch.js';
import type { SendOptions } from './types.js';

/** What `fetch` rejected with, as our error. */
export function networkError(error: unknown, { call, jobId }: CallContext): NetworkError {
  const known = explain(error);
  const message = error instanceof Error ? error.message : String(error);
  return new NetworkError('network', `${call} failed: ${known?.code ?? redactQueries(bounded(message))}`, {
    jobId,
    hint: known?.hint ?? 'Check that the server runs and, in a browser, that it allows this page (CORS).',
    // Some runtimes quote the whole URL, and with it a signature.
    cause: /\?[^\s]*=/.test(message) ? undefined : error,
  });
}

export function timeoutError(timeoutMs: number, { call, jobId }: CallContext): NetworkError {
  return new NetworkError('request-timeout', `${call} got no whole answer within ${timeoutMs} ms`, {
    jobId,
    hint: 'Check the server, or give a larger timeouts.requestMs (jobMs where it answers when the video is made).',
  });
}

/** For a submit that was sent, and of which nobody knows whether it made a job. */
export function outcomeUnknown(
  error: VideoError,
  { call, jobId }: CallContext,
  repeatable: boolean,
): VideoError {
  return new SubmitOutcomeUnknownError(`${call} was sent, and may have made a job or not: ${error.message}`, {
    jobId,
    status: error.status,
    requestId: error.requestId,
    cause: error,
    hint: repeatable
      ? 'Call generate again with the same idempotencyKey: it makes no second job.'
      : 'It was not sent again, which may be paid for twice: look for the job on the server first, or give an idempotencyKey where it honours one.',
  });
}

/** Answers that come and go: asking again can help. */
export function isTransient(error: unknown): error is VideoError {
  if (!(error instanceof ApiError)) return error instanceof NetworkError;
  const { status } = error;
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** Whether to send again, and whether a job may have been made by what was sent. */
export function judge(
  error: unknown,
  trip: Trip,
  { repeat, idempotencyKey }: SendOptions,
): { again: boolean; unknown: boolean } {
  const again = repeat !== 'never' && isTransient(error);
  if (repeat !== 'submit') return { again, unknown: false };
  const nothingDone = !trip.accepted && (!trip.sent || refusedForNow(error) || neverArrived(error));
  const ambiguous = error instanceof NetworkError || error instanceof InvalidResponseError;
  return {
    again: again && (nothingDone || idempotencyKey !== undefined),
    unknown: !nothingDone && (trip.accepted || ambiguous),
  };
}

/** By 429 and 503 a server says that it did nothing, for now. */
function refusedForNow(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 429 || error.status === 503);
}

function neverArrived(error: unknown): boolean {
  return error instanceof VideoError && error.code === 'network' && neverConnected(error.cause);
}
