import { backoffDelayMs } from '../core/backoff.js';
import type { Logger, RetrySettings } from '../core/settings.js';
import { ApiError } from '../errors.js';
import { abortable, sleep } from '../runtime/abort.js';
import type { Runtime } from '../runtime/runtime.js';

/** Rate limited so often in a row, without one submit accepted between, a server will not take it today. */
const MAX_REFUSALS_IN_A_ROW = 50;
/** Nor where all that is waited in a row would be so many times `retry.maxDelayMs`. */
const MAX_WAITS_IN_A_ROW = 10;

export interface RateGateHost {
  readonly runtime: Runtime;
  readonly retry: RetrySettings;
  readonly logger: Logger;
}

/**
 * Lets so many calls through at once, fewer after a 429, more again as calls are accepted. A refused call is made
 * again after what the server asks for, or `retry.maxDelayMs` where that is less; in all, waits are bounded.
 */
export function createRateGate({ runtime, retry, logger }: RateGateHost, concurrency: number) {
  let limit = concurrency;
  let running = 0;
  let refusals = 0;
  /** On the clock of `elapsedMs`. */
  let openAt = 0;
  let waitedMs = 0;
  const waiting: (() => void)[] = [];
  const wake = () => {
    if (running < limit) waiting.shift()?.();
  };

  /** How long all calls wait from now. Throws the refusal where that would be too long. */
  function delay(error: ApiError): void {
    const now = runtime.elapsedMs();
    const longestMs = MAX_WAITS_IN_A_ROW * retry.maxDelayMs;
    const askedMs = error.retryAfterMs ?? backoffDelayMs(Math.min(refusals, 10), retry, runtime.random());
    const delayMs = Math.min(askedMs, retry.maxDelayMs);
    const until = Math.max(openAt, now + delayMs);
    waitedMs += until - Math.max(openAt, now);
    if (refusals > MAX_REFUSALS_IN_A_ROW || askedMs > longestMs || waitedMs > longestMs) throw error;
    openAt = until;
    if (refusals > 1) return;
    const words = `the server limits how fast it takes submits: generateMany tries again in ${delayMs} ms`;
    if (askedMs > delayMs) logger.warn(`${words}, and was asked to wait ${askedMs} ms`);
    else logger.info(words);
  }

  return async function pass<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      while (running >= limit) await abortable(new Promise<void>((resolve) => waiting.push(resolve)), signal);
      running++;
      try {
        // Again after each wait: another refusal may have moved the time on.
        for (let waitMs = openAt - runtime.elapsedMs(); waitMs > 0; waitMs = openAt - runtime.elapsedMs()) {
          await sleep(runtime, waitMs, signal);
        }
        const result = await call(signal);
        refusals = 0;
        waitedMs = 0;
        limit = Math.min(concurrency, limit + 1);
        return result;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'rate-limited' || error.retryable === false)
          throw error;
        refusals++;
        limit = Math.max(1, Math.floor(limit / 2));
        delay(error);
      } finally {
        running--;
        wake();
        wake();
      }
    }
  };
}
