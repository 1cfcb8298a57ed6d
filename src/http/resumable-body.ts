import type { HttpRequest } from '../backends/backend.js';
import { backoffDelayMs } from '../core/backoff.js';
import type { Runtime } from '../core/runtime.js';
import { ApiError, DownloadError, type VideoError } from '../errors.js';
import type { RetryOptions } from '../options.js';
import { abortable, sleep } from './abort.js';
import type { ByteSource } from './byte-source.js';
import { Connection } from './connection.js';
import { admit, type FileHead, readHead } from './download-head.js';
import { discard } from './exchange.js';
import { isTransient } from './failure.js';
import { mediaType } from './filename.js';
import { printable, redactQueries } from './text.js';
import type { HttpClient } from './types.js';

/** Where the bytes are. */
export interface DownloadSource {
  readonly jobId: string;
  /** The name of the file, without extension, where the server gives none. */
  readonly fallbackName: string;
  /**
   * Asked first, then again where the URL expired or the server says that the file is not there yet; the latter
   * two ask the job's status anew. Rejects where the job is not completed after all.
   */
  request(reason: RequestReason, signal: AbortSignal): Promise<HttpRequest>;
}

export type RequestReason = 'first' | 'expired' | 'not-ready';

/** How many of the bytes have arrived. */
export interface DownloadProgress {
  readonly receivedBytes: number;
  /** Missing where the server does not say. */
  readonly totalBytes?: number;
}

export interface OpenDownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each fetch while it lasts, with the way to end it; returns what to call when it is over. */
  readonly whileOpen?: ((abort: (reason: unknown) => void) => () => void) | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** How long a file that is not there yet is waited for. */
  readonly notReadyMs: number;
  /** How long a connection may bring no bytes before it counts as lost. */
  readonly requestMs: number;
  readonly retry: Readonly<Required<RetryOptions>>;
  readonly runtime: Runtime;
}

/** A URL is fetched anew so often without a byte in between. */
const MAX_RENEWALS = 3;
/** Lost connections in all, however much each of them brought. */
const MAX_DROPS = 1_000;

/**
 * The bytes of one file over as many connections as it takes. A lost one is resumed where it broke off, if the
 * server proves that the file is still the same one; else it begins again, and says so.
 */
export class ResumableBody implements ByteSource {
  readonly #http: HttpClient;
  readonly #source: DownloadSource;
  readonly #options: OpenDownloadOptions;
  /** Aborted by the caller's signal, by `close()`, and at the end. */
  readonly #life = new AbortController();
  readonly #onAbort = (): void => this.#life.abort(this.#options.signal?.reason);
  /** Set from the first read to the end. */
  #over: (() => void) | undefined;
  #started = false;
  #ended = false;
  #request: HttpRequest | undefined;
  #head: FileHead | undefined;
  #connection: Connection | undefined;
  /** Read ahead, to know that it is a video. */
  #peeked: Uint8Array<ArrayBuffer> | undefined;
  #received = 0;
  /** The most that was ever received: less than that again is no progress. */
  #furthest = 0;
  /** Bytes of this answer that were received before. */
  #skip = 0;
  #mustRestart = false;
  /** Since the last progress. */
  #failures = 0;
  #renewals = 0;
  #drops = 0;

  constructor(http: HttpClient, source: DownloadSource, options: OpenDownloadOptions) {
    this.#http = http;
    this.#source = source;
    this.#options = options;
  }

  /** Connects and reads the first bytes. Rejects where there is no video. */
  async open(): Promise<FileHead> {
    const first = await this.read();
    if (first === undefined || first === 'restart' || this.#head === undefined)
      throw this.#notVideo('nothing');
    this.#peeked = first;
    return this.#head;
  }

  get size(): number | undefined {
    return this.#head?.size;
  }

  get digest() {
    return this.#head?.digest;
  }

  close(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#over?.();
    this.#life.abort();
    this.#connection?.close();
    this.#peeked = undefined;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | 'restart' | undefined> {
    const peeked = this.#peeked;
    this.#peeked = undefined;
    if (peeked !== undefined) return peeked;
    if (this.#ended) return undefined;
    if (!this.#started) {
      this.#started = true;
      this.#over = this.#options.whileOpen?.((reason) => this.#life.abort(reason));
      this.#options.signal?.addEventListener('abort', this.#onAbort);
      if (this.#options.signal?.aborted === true) this.#onAbort();
    }
    try {
      return await this.#next();
    } catch (error) {
      const reason: unknown = this.#life.signal.aborted ? this.#life.signal.reason : error;
      this.close();
      throw reason;
    }
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | 'restart' | undefined> {
    for (;;) {
      if (this.#connection === undefined && !this.#ended) this.#connection = await this.#connect();
      if (this.#mustRestart) {
        this.#mustRestart = false;
        return 'restart';
      }
      const chunk = await this.#readOrDrop();
      if (chunk === 'dropped') continue;
      if (chunk === undefined) {
        if (this.#received === 0) throw this.#notVideo('an empty body');
        this.#ended = true;
        this.close();
        return undefined;
      }
      const fresh = chunk.subarray(this.#skip);
      this.#skip -= chunk.length - fresh.length;
      if (fresh.length === 0) continue;
      // No video or picture begins so: it is JSON or a page, whatever its content type says.
      if (this.#received === 0 && (fresh[0] === 0x7b || fresh[0] === 0x3c)) {
        const text = new TextDecoder().decode(fresh.subarray(0, 1_000));
        throw this.#notVideo(`"${redactQueries(printable(text, 300))}"`);
      }
      this.#progress(fresh.length);
      return fresh;
    }
  }

  /** The next bytes of the connection; undefined at the end of the file. */
  async #readOrDrop(): Promise<Uint8Array<ArrayBuffer> | 'dropped' | undefined> {
    if (this.#ended) return undefined;
    let trouble: unknown;
    try {
      const chunk = await this.#connection?.read();
      this.#life.signal.throwIfAborted();
      if (chunk !== undefined) return chunk;
      const expected = this.size;
      if (this.#skip === 0 && (expected === undefined || expected === 0 || this.#received >= expected))
        return undefined;
    } catch (error) {
      trouble = error;
    }
    this.#life.signal.throwIfAborted();
    this.#connection?.close();
    this.#connection = undefined;
    await this.#failed(this.#brokenOff(trouble));
    return 'dropped';
  }

  #progress(bytes: number): void {
    this.#received += bytes;
    if (this.#received > this.#furthest) {
      this.#furthest = this.#received;
      this.#failures = 0;
      this.#renewals = 0;
    }
    const totalBytes = this.size;
    this.#options.onProgress?.({
      receivedBytes: this.#received,
      ...(totalBytes === undefined ? {} : { totalBytes }),
    });
  }

  /** A connection that brings the next bytes; undefined where there turn out to be none. */
  async #connect(): Promise<Connection | undefined> {
    const { runtime, requestMs } = this.#options;
    const { jobId } = this.#source;
    const { signal } = this.#life;
    let reason: RequestReason = 'first';
    let patience: { until: number; waits: number } | undefined;
    for (;;) {
      signal.throwIfAborted();
      this.#request ??= await abortable(this.#source.request(reason, signal), signal);
      const request = this.#request;
      const validator = this.#received > 0 ? this.#head?.validator : undefined;
      const controller = new AbortController();
      const follow = (): void => controller.abort(signal.reason);
      signal.addEventListener('abort', follow);
      const abort = (why: unknown): void => {
        signal.removeEventListener('abort', follow);
        controller.abort(why);
      };
      let response: Response;
      try {
        response = await this.#http.open(request, {
          signal: controller.signal,
          jobId,
          headers: {
            // An encoded answer has another length, and cannot be resumed by the bytes of the file.
            'accept-encoding': 'identity',
            ...(validator === undefined ? {} : { range: `bytes=${this.#received}-`, 'if-range': validator }),
          },
        });
      } catch (error) {
        abort(error);
        signal.throwIfAborted();
        if (!isTransient(error)) throw error;
        await this.#failed(error as VideoError);
        continue;
      }
      const verdict = admit(response, {
        head: this.#head,
        received: this.#received,
        foreign: this.#isForeign(response.url || request.url),
      });
      if (verdict === 'whole' || verdict === 'same' || verdict === 'part') {
        if (verdict === 'whole') this.#begin(readHead(response, this.#source.fallbackName));
        else this.#skip = verdict === 'same' ? this.#received : 0;
        if (this.#received === 0 && /\b(json|html|xml)$/.test(mediaType(response.headers))) {
          const error = await this.#http.refusal(response, request, { signal, jobId });
          abort(error);
          throw this.#notVideo(`${mediaType(response.headers)} (${error.message})`, error);
        }
        return new Connection(response, runtime, requestMs, abort);
      }
      if (verdict === 'complete' || verdict === 'mismatch') {
        discard(response);
        abort(undefined);
        if (verdict === 'complete') {
          this.#ended = true;
          return undefined;
        }
        const error = this.#brokenOff('the server sent another part than it was asked for');
        this.#begin(undefined);
        await this.#failed(error);
        continue;
      }
      const error = await this.#http.refusal(response, request, { signal, jobId });
      abort(error);
      if (verdict === 'refused') {
        if (!isTransient(error)) throw error;
        await this.#failed(error);
        continue;
      }
      this.#request = undefined;
      reason = verdict;
      if (verdict === 'expired') await this.#renew(error);
      else {
        patience ??= { until: runtime.now() + this.#options.notReadyMs, waits: 0 };
        await this.#waitUntilReady(error, patience.until, ++patience.waits);
      }
    }
  }

  /** From the first byte, of what may be another file. */
  #begin(head: FileHead | undefined): void {
    this.#mustRestart ||= this.#received > 0;
    this.#received = 0;
    this.#skip = 0;
    this.#head = head;
  }

  /** Where redirects led is what counts: behind them may be a signed URL. */
  #isForeign(url: string): boolean {
    return this.#http.resolve(url).origin !== this.#http.resolve('/').origin;
  }

  /** Waits before the next connection; throws the error where enough have failed. */
  async #failed(error: VideoError): Promise<void> {
    const { retry, runtime } = this.#options;
    const askedMs = (error instanceof ApiError ? error.retryAfterMs : undefined) ?? 0;
    this.#failures++;
    this.#drops++;
    if (this.#failures >= retry.attempts || this.#drops >= MAX_DROPS || askedMs > retry.maxDelayMs) {
      throw error instanceof DownloadError || this.#furthest === 0 ? error : this.#brokenOff(error);
    }
    const delayMs = backoffDelayMs(this.#failures, retry, runtime.random());
    await sleep(runtime, Math.max(delayMs, askedMs), this.#life.signal);
  }

  async #renew(error: ApiError): Promise<void> {
    const { retry, runtime } = this.#options;
    const { jobId } = this.#source;
    this.#renewals++;
    if (this.#renewals > MAX_RENEWALS) {
      throw new DownloadError(
        'download-expired',
        `the URL of the video of job ${printable(jobId, 200)} has expired, and so has each new one: ${error.message}`,
        {
          jobId,
          status: error.status,
          requestId: error.requestId,
          cause: error,
          hint: 'The server may keep a video only for some time.',
        },
      );
    }
    if (this.#renewals > 1) {
      await sleep(runtime, backoffDelayMs(this.#renewals, retry, runtime.random()), this.#life.signal);
    }
  }

  async #waitUntilReady(error: ApiError, until: number, waits: number): Promise<void> {
    const { retry, runtime, notReadyMs } = this.#options;
    const { jobId } = this.#source;
    const leftMs = until - runtime.now();
    const askedMs = error.retryAfterMs ?? 0;
    if (leftMs <= 0 || askedMs > leftMs) {
      throw new DownloadError(
        'download-not-ready',
        `the video of job ${printable(jobId, 200)} was not there within ${notReadyMs} ms: ${error.message}`,
        {
          jobId,
          status: error.status,
          requestId: error.requestId,
          cause: error,
          hint: `Call client.download(${JSON.stringify(printable(jobId, 200))}) again later, or give a larger timeouts.notReadyMs.`,
        },
      );
    }
    const delayMs = Math.min(backoffDelayMs(waits, retry, runtime.random()), leftMs);
    await sleep(runtime, Math.max(delayMs, askedMs), this.#life.signal);
  }

  #brokenOff(cause: unknown): DownloadError {
    const { jobId } = this.#source;
    const why = cause instanceof Error ? cause.message : (cause ?? 'the connection ended early');
    return new DownloadError(
      'download-incomplete',
      `the video of job ${printable(jobId, 200)} broke off after ${this.#furthest} of ${this.size ?? 'an unknown number of'} bytes: ${redactQueries(printable(String(why)))}`,
      { jobId, cause, hint: 'Check the network, then download again.' },
    );
  }

  #notVideo(what: string, cause?: ApiError): DownloadError {
    const { jobId } = this.#source;
    return new DownloadError(
      'download-not-video',
      `the server answered with ${what} where the video of job ${printable(jobId, 200)} should be`,
      {
        jobId,
        status: cause?.status,
        requestId: cause?.requestId,
        cause,
        hint: cause?.hint ?? 'Check that baseUrl and backend fit the server.',
      },
    );
  }
}
