import type { DownloadProgress } from '../core/video-download.js';
import type { DownloadPace } from './pace.js';

export type ReportProgress = (progress: DownloadProgress) => void;

/** Tells the caller how far the download is, and the pace that it goes on. */
export class Progress {
  readonly #pace: DownloadPace;
  readonly #report: ReportProgress | undefined;
  readonly #onError: ((error: unknown) => void) | undefined;
  /** The most that was ever received: less than that again is no progress. */
  furthest = 0;

  constructor(
    pace: DownloadPace,
    report: ReportProgress | undefined,
    onError: ((error: unknown) => void) | undefined,
  ) {
    this.#pace = pace;
    this.#report = report;
    this.#onError = onError;
  }

  report(receivedBytes: number, totalBytes: number | undefined): void {
    if (receivedBytes > this.furthest) {
      this.furthest = receivedBytes;
      this.#pace.progressed();
    }
    const isTotal = totalBytes !== undefined && totalBytes >= receivedBytes;
    // A function of the caller's that fails is no reason to lose the file.
    try {
      const answer = this.#report?.({ receivedBytes, ...(isTotal && { totalBytes }) }) as unknown;
      if (typeof (answer as { then?: unknown } | undefined)?.then === 'function')
        Promise.resolve(answer).catch((error: unknown) => this.#onError?.(error));
    } catch (error) {
      this.#onError?.(error);
    }
  }
}
