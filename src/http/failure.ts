import { ApiError, InvalidResponseError, isVideoError, NetworkError, type VideoError } from '../errors.js';
import type { Trip } from './exchange.js';
import { isLasting, neverConnected } from './node-fetch.js';
import type { SendOptions, SubmitProgress } from './types.js';

/** Answers that come and go: asking again can help. */
export function isTransient(error: unknown): error is VideoError {
  if (!(error instanceof ApiError)) return error instanceof NetworkError && !isLasting(error.cause);
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
  return isVideoError(error) && error.code === 'network' && neverConnected(error.cause);
}
