import { backoffDelayMs, nextDelayMs, retryAfterOf } from '../core/backoff.js';
import type { RetrySettings } from '../core/settings.js';
import type { ApiError } from '../errors.js';
import { sleep } from '../runtime/abort.js';
import type { Runtime } from '../runtime/runtime.js';
import { noVideo } from './words.js';

/** An expired URL is asked for again so often without a byte in between. */
const MAX_RENEWALS = 3;
/** Lost connections in all, however much each of them brought. */
const MAX_DROPS = 1_000;

export interface PaceOptions {
  /** How long a file that is not there yet is waited for. */
  readonly notReadyMs: number;
  readonly retry: RetrySettings;
  readonly runtime: Runtime;
  /** Told once that a 400 is waited out: the file may not be there yet, or the call be wrong. */
  readonly onDoubt?: (error: ApiError) => void;
}

/** Paces the connections of one download: waits before the next one, or throws where there were enough. */
export class DownloadPace {
  readonly #jobId: string;
  readonly #options: PaceOptions;
  readonly #signal: AbortSignal;
  #failures = 0;
  #renewals = 0;
  #drops = 0;
  #waits = 0;
  #isDoubtful = false;
  #notReadySince: number | undefined;

  constructor(jobId: string, options: PaceOptions, signal: AbortSignal) {
    this.#jobId = jobId;
    this.#options = options;
    this.#signal = signal;
  }

  progressed(): void {
    this.#failures = 0;
    this.#renewals = 0;
  }

  /** After a connection that failed or broke off; throws `final` where it was the last. */
  async failed(error: unknown, final: unknown): Promise<void> {
    const { retry, runtime } = this.#options;
    const delayMs = nextDelayMs(error, ++this.#failures, retry, runtime.random());
    if (++this.#drops >= MAX_DROPS || delayMs === undefined) throw final;
    await sleep(runtime, delayMs, this.#signal);
  }

  async expired(error: ApiError): Promise<void> {
    if (++this.#renewals > MAX_RENEWALS) {
      throw noVideo(
        'download-expired',
        this.#jobId,
        `has a URL that expired, as did each new one: ${error.message}`,
        error,
      );
    }
    // The first new one is had at once.
    if (this.#renewals > 1) await this.#wait(this.#renewals, 0);
  }

  /** `error` is missing where the job named no file at all. */
  async notReady(error: ApiError | undefined): Promise<void> {
    const { runtime, notReadyMs } = this.#options;
    const now = runtime.elapsedMs();
    this.#notReadySince ??= now;
    const leftMs = this.#notReadySince + notReadyMs - now;
    const askedMs = retryAfterOf(error) ?? 0;
    if (leftMs <= 0 || askedMs > leftMs) {
      throw noVideo(
        'download-not-ready',
        this.#jobId,
        `was not there within ${notReadyMs} ms: ${error?.message ?? 'the job names no file'}`,
        error,
      );
    }
    if (error?.status === 400 && !this.#isDoubtful) {
      this.#isDoubtful = true;
      this.#options.onDoubt?.(error);
    }
    await this.#wait(++this.#waits, askedMs, leftMs);
  }

  async #wait(attempt: number, leastMs: number, mostMs = Number.POSITIVE_INFINITY): Promise<void> {
    const { retry, runtime } = this.#options;
    const delayMs = Math.max(leastMs, backoffDelayMs(attempt, retry, runtime.random()));
    await sleep(runtime, Math.min(delayMs, mostMs), this.#signal);
  }
}
