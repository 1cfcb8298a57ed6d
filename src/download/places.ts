import type { HttpRequest } from '../backends/backend.js';
import type { ApiError } from '../errors.js';
import type { Verdict } from './admit.js';
import type { DownloadPace } from './pace.js';

/** Where the bytes are. */
export interface DownloadSource {
  readonly jobId: string;
  /** The name of the file, without extension, where the server gives none. */
  readonly fallbackName: string;
  /** It should be a picture, such as a thumbnail. */
  readonly isPicture?: boolean;
  /**
   * The places where the file may be, the best first; none where the job does not name one yet. `renew` asks the job's
   * status before, since a URL expired or the file is not there yet. Rejects where the job is not completed after all.
   */
  places(renew: boolean, signal: AbortSignal): Promise<readonly HttpRequest[]>;
}

/** An answer that brought no file. */
export interface Refusal {
  readonly verdict: Verdict;
  readonly error: ApiError;
  /** The answer is not of our origin. */
  readonly foreign: boolean;
  /** Part of the file is there: another place might have another one. */
  readonly resuming: boolean;
}

/** Stores say so in the code of a 400 (S3, Google Cloud Storage). */
const EXPIRED = /\bExpired(Token|Request)\b|\b(token|request|url) has expired\b/i;

/** Which place of a file is asked next, and when: each in turn, then again with new URLs, then until it is there. */
export class Places {
  readonly #source: DownloadSource;
  readonly #pace: DownloadPace;
  readonly #signal: AbortSignal;
  #requests: readonly HttpRequest[] | undefined;
  #index = 0;
  #renew = false;
  #expired: ApiError | undefined;

  constructor(source: DownloadSource, pace: DownloadPace, signal: AbortSignal) {
    this.#source = source;
    this.#pace = pace;
    this.#signal = signal;
  }

  /** Undefined where no place was named, and that was waited for. */
  async current(): Promise<HttpRequest | undefined> {
    if (this.#requests === undefined) {
      this.#index = 0;
      this.#requests = await this.#source.places(this.#renew, this.#signal);
    }
    const request = this.#requests[this.#index];
    if (request === undefined) {
      this.#startOver();
      await this.#pace.notReady(undefined);
    }
    return request;
  }

  /** Moves on to the next place, or waits before all are asked again; throws where there is nothing to wait for. */
  async failed(refusal: Refusal): Promise<void> {
    const { error, foreign, resuming } = refusal;
    const kind = kindOf(refusal);
    if (kind === 'expired') this.#expired ??= error;
    const isAbsent = [400, 404, 405, 410].includes(error.status) || (foreign && error.status === 403);
    if (isAbsent && !resuming && this.#index + 1 < (this.#requests?.length ?? 0)) {
      this.#index += 1;
      return;
    }
    const expired = this.#expired;
    // Some say so of a job that has failed: its status tells why.
    const mayHaveFailed = error.status === 422 && !foreign && !this.#renew;
    if (kind === 'refused' && expired === undefined && !mayHaveFailed) throw error;
    this.#startOver();
    if (mayHaveFailed) return;
    await (expired === undefined ? this.#pace.notReady(error) : this.#pace.expired(error));
  }

  #startOver(): void {
    this.#requests = undefined;
    this.#expired = undefined;
    this.#renew = true;
  }
}

export function kindOf({ verdict, error, foreign }: Refusal): 'expired' | 'not-ready' | 'refused' {
  if (verdict === 'bad-request') {
    if (EXPIRED.test(error.message)) return 'expired';
    // Our own API says so of a video that is not there yet; of a store it is a URL that is wrong.
    return foreign ? 'refused' : 'not-ready';
  }
  return verdict === 'expired' || verdict === 'not-ready' ? verdict : 'refused';
}
