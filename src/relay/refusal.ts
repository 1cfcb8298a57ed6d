import { VideoError, type VideoErrorCode } from '../index.js';

const CODES: Readonly<Record<402 | 403 | 429, VideoErrorCode>> = {
  402: 'payment-required',
  403: 'forbidden',
  429: 'rate-limited',
};

/** What `authorize` and `inputOf` throw to say no. The page is told the status and the words, so they are for it. */
export class RelayRefusal extends VideoError {
  override readonly name = 'RelayRefusal';
  declare readonly status: 402 | 403 | 429;
  /** How long the page is to wait before it asks again, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /**
   * @param status - 402: to be paid first; 403: not for this user; 429: too often.
   * @param words - For the user of the page.
   */
  constructor(
    status: 402 | 403 | 429,
    words: string,
    options: { readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(CODES[status], words, { status });
    this.retryAfterMs = options.retryAfterMs;
  }
}
