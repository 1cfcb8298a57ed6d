import { type ApiError, isVideoError } from '../errors.js';

/** The bounds of a backoff, in milliseconds. */
export interface BackoffBounds {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** A `Retry-After` of more than a day is cut to that: it is more likely a mistake. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * How long to wait before trying again: exponential, with full jitter above the minimum. The jitter stays once
 * the maximum is reached, so that clients that failed together do not come back together.
 *
 * @param attempt - How many attempts have failed so far: 1 for the first wait.
 * @param random - In [0, 1).
 * @returns Milliseconds in [`minDelayMs`, `maxDelayMs`].
 */
export function backoffDelayMs(attempt: number, bounds: BackoffBounds, random: number): number {
  const floor = Math.min(bounds.minDelayMs, bounds.maxDelayMs);
  // The exponent is bounded too: a minimum of 0 times Infinity would be no delay but NaN.
  const ceiling = Math.min(bounds.maxDelayMs, bounds.minDelayMs * 2 ** Math.min(Math.max(1, attempt), 30));
  return Math.round(floor + random * (ceiling - floor));
}

/** How long the server asked to wait, in milliseconds; undefined where it did not. */
export function retryAfterOf(error: unknown): number | undefined {
  return isVideoError(error) ? (error as Partial<ApiError>).retryAfterMs : undefined;
}

/**
 * How long to wait before the next attempt, in milliseconds: the backoff, or what the server asks for if that is
 * longer. Undefined after the last attempt, and where the server asks for more than `maxDelayMs`: its error says so.
 */
export function nextDelayMs(
  error: unknown,
  failures: number,
  retry: BackoffBounds & { readonly attempts: number },
  random: number,
): number | undefined {
  const askedMs = retryAfterOf(error) ?? 0;
  if (failures >= retry.attempts || askedMs > retry.maxDelayMs) return undefined;
  return Math.max(askedMs, backoffDelayMs(failures, retry, random));
}

/**
 * Reads a `Retry-After` header (RFC 9110, section 10.2.3): seconds or an HTTP date.
 *
 * @param nowMs - Milliseconds since the epoch; what a date is measured against where the server told no time of its own.
 * @param date - The `Date` of the answer: the clock of the server, which may be hours away from ours.
 * @returns Milliseconds in [0, one day], or undefined where the header is missing or makes no sense.
 */
export function parseRetryAfterMs(
  header: string | null | undefined,
  nowMs: number,
  date?: string | null,
): number | undefined {
  const value = header?.trim() ?? '';
  const delayMs = /^\d+(\.\d+)?$/.test(value)
    ? Number(value) * 1000
    : httpDateMs(value) - (httpDateMs(date ?? '') || nowMs);
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(0, delayMs), MAX_RETRY_AFTER_MS);
}

/** All three forms of an HTTP date begin with a weekday; `Date.parse` alone takes `-5` for a date. */
function httpDateMs(value: string): number {
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/.test(value)) return Number.NaN;
  return Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
}
