import { parseRetryAfterMs } from '../core/backoff.js';
import type { CallContext } from './types.js';

/** What every error of an answer carries. */
export function identify(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  { jobId }: Pick<CallContext, 'jobId'>,
) {
  return { jobId, status, requestId: headers.get('x-request-id')?.slice(0, 200) };
}

/** Some say it in milliseconds. */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const ms = headers.get('retry-after-ms');
  const precise = ms === null ? undefined : parseRetryAfterMs(String(Number(ms) / 1_000), nowMs);
  return precise ?? parseRetryAfterMs(headers.get('retry-after'), nowMs, headers.get('date'));
}
