import type { AnyBackend } from '../backends/backend.js';
import { bounded, redactQueries, wordsOf } from '../core/text.js';
import {
  ApiError,
  InvalidResponseError,
  NetworkError,
  SubmitOutcomeUnknownError,
  VideoError,
} from '../errors.js';
import type { CallContext } from './answer.js';
import type { Trip } from './exchange.js';
import { explain, isUntrusted, neverConnected } from './node-fetch.js';
import type { SendOptions, SubmitProgress } from './types.js';

/** What `fetch` rejected with, as our error. */
export function networkError(error: unknown, { call, jobId }: CallContext): NetworkError {
  const known = explain(error);
  const message = (error instanceof Error ? error.message : wordsOf(error)).slice(0, 2_000);
  return new NetworkError('network', `${call} failed: ${known?.code ?? redactQueries(bounded(message))}`, {
    jobId,
    hint: known?.hint ?? 'Check that the server runs and, in a browser, that it allows this page (CORS).',
    // Some runtimes quote the whole URL, and with it a signature.
    cause: /\?[^\s?]*=/.test(message) ? undefined : error,
  });
}

export function timeoutError(timeoutMs: number, { call, jobId }: CallContext): NetworkError {
  return new NetworkError('request-timeout', `${call} got no whole answer within ${timeoutMs} ms`, {
    jobId,
    hint: 'Check the server, or give a larger timeouts.requestMs (jobMs where it answers when the video is made).',
  });
}

/**
 * For a submit of which nobody knows whether it made a job.
 *
 * @param doubt - What left that open; no failure after it says any more about it.
 * @param last - What the last attempt failed with, `doubt` itself where there was none after it.
 * @param keys - `given`: the caller's key was sent. Else what the backend says of keys.
 */
export function outcomeUnknown(
  doubt: VideoError,
  last: VideoError,
  { call, jobId }: CallContext,
  keys: 'given' | AnyBackend['idempotency'],
): VideoError {
  const after = last === doubt ? '' : `; then, with the same idempotencyKey: ${last.message}`;
  return new SubmitOutcomeUnknownError(
    `${call} was sent, and may have made a job or not: ${doubt.message}${after}`,
    {
      jobId,
      status: doubt.status,
      requestId: doubt.requestId,
      cause: doubt,
      hint: [
        adviceOf(doubt),
        keys === 'given'
          ? 'Call generate again with the same idempotencyKey: it makes no second job.'
          : `Sending it again may be paid for twice: look for the job on the server first${keys === undefined ? ', or give an idempotencyKey where it honours one' : ''}.`,
      ]
        .filter(Boolean)
        .join(' '),
    },
  );
}

/** What to look at besides, without a word of trying again. */
function adviceOf(doubt: VideoError): string {
  if (doubt.code !== 'network') return doubt.hint ?? '';
  // A code says what happened. A browser gives none, and tells a page the same for three things.
  if (explain(doubt.cause) !== undefined) return '';
  return 'In a browser, a server that is not running and one that does not allow this page (CORS) look the same: client.diagnose() tells which.';
}

/** Answers that come and go: asking again can help. */
export function isTransient(error: unknown): error is VideoError {
  if (!(error instanceof ApiError)) return error instanceof NetworkError && !isUntrusted(error.cause);
  return error.retryable ?? isPassingStatus(error.status);
}

function isPassingStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** Whether to send again, and whether a job may have been made by what was sent. */
export function judge(
  error: unknown,
  trip: Trip,
  { repeat, idempotencyKey }: SendOptions,
): { again: boolean; unknown: boolean } {
  const isTemporary = isTransient(error);
  if (repeat !== 'submit') return { again: repeat === 'safe' && isTemporary, unknown: false };
  // A server that calls its own refusal temporary does not say that nothing was done.
  const isPassing = isTemporary && (!(error instanceof ApiError) || isPassingStatus(error.status));
  const isKeyed = idempotencyKey !== undefined;
  const nothingDone = !trip.accepted && (!trip.sent || isRefusal(error, isKeyed) || neverArrived(error));
  return {
    again: isKeyed ? isPassing || (!nothingDone && isAnswerLost(error)) : isPassing && nothingDone,
    unknown: !nothingDone,
  };
}

/**
 * By these the server says that it did not do what was asked. Not 408, nor what lies beyond 431 (such as 444, 460
 * and 499): those are words of proxies about a connection, whatever the server behind them did. Nor any 5xx: Envoy,
 * Heroku and Varnish answer 503, others 502 and 504, after the server had the request. A 409 to a request with a key
 * says that one with the same key is under way.
 */
function isRefusal(error: unknown, isKeyed: boolean): boolean {
  if (!(error instanceof ApiError)) return false;
  const { status } = error;
  if (status === 409) return !isKeyed;
  return [301, 302, 307, 308, 451].includes(status) || (status >= 400 && status <= 431 && status !== 408);
}

/** Under the same key, the server can be asked once more for the answer that it gave, or is about to give. */
function isAnswerLost(error: unknown): boolean {
  return error instanceof InvalidResponseError || (error instanceof ApiError && error.status === 409);
}

/** True while what was sent of a submit may have made a job, or may yet. */
export function isAtStake({ trip, doubt }: SubmitProgress): boolean {
  return doubt !== undefined || trip?.sent === true;
}

function neverArrived(error: unknown): boolean {
  return error instanceof VideoError && error.code === 'network' && neverConnected(error.cause);
}
