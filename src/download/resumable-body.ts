import type { HttpRequest } from '../backends/backend.js';
import type { ByteArray } from '../core/bytes.js';
import { bounded, redactQueries } from '../core/text.js';
import type { ApiError, DownloadError } from '../errors.js';
import { isTransient } from '../http/failure.js';
import type { HttpClient } from '../http/types.js';
import { abortable } from '../runtime/abort.js';
import type { ByteSource } from './byte-source.js';
import { Connection } from './connection.js';
import { mediaType } from './filename.js';
import { admit, type FileHead, readHead } from './head.js';
import { DownloadPace, noVideo, type PaceOptions } from './pace.js';

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

export interface OpenDownloadOptions extends PaceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each fetch while it lasts, with the way to end it; returns what to call when it is over. */
  readonly whileOpen?: ((abort: (reason: unknown) => void) => () => void) | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** How long a connection may bring no bytes before it counts as lost. */
  readonly requestMs: number;
}

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
  readonly #pace: DownloadPace;
  /** Set from the first read to the end. */
  #over: (() => void) | undefined;
  #started = false;
  #ended = false;
  #request: HttpRequest | undefined;
  /** Why the request is asked for. */
  #reason: RequestReason = 'first';
  #head: FileHead | undefined;
  #connection: Connection | undefined;
  /** Read ahead, to know that it is a video. */
  #peeked: ByteArray | undefined;
  #received = 0;
  /** The most that was ever received: less than that again is no progress. */
  #furthest = 0;
  /** Bytes of this answer that were received before. */
  #skip = 0;
  #mustRestart = false;

  constructor(http: HttpClient, source: DownloadSource, options: OpenDownloadOptions) {
    this.#http = http;
    this.#source = source;
    this.#options = options;
    this.#pace = new DownloadPace(source.jobId, options, this.#life.signal);
  }

  /** Connects and reads the first bytes. Rejects where there is no video. */
  async open(): Promise<FileHead> {
    const first = await this.read();
    // The first read gives bytes or rejects: there is nothing to restart, and an empty body is no video.
    if (first === undefined || first === 'restart' || this.#head === undefined)
      throw this.#notVideo('nothing');
    this.#peeked = first;
    return this.#head;
  }

  get size(): number | undefined {
    return this.#head?.size;
  }

  get sha256(): string | undefined {
    return this.#head?.sha256;
  }

  close(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#over?.();
    this.#life.abort();
    this.#connection?.close();
    this.#peeked = undefined;
  }

  async read(): Promise<ByteArray | 'restart' | undefined> {
    const peeked = this.#peeked;
    this.#peeked = undefined;
    if (peeked !== undefined) return peeked;
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

  async #next(): Promise<ByteArray | 'restart' | undefined> {
    while (!this.#ended) {
      this.#connection ??= await this.#connect();
      if (this.#mustRestart) {
        this.#mustRestart = false;
        return 'restart';
      }
      if (this.#connection === undefined) continue;
      const chunk = await this.#readOrDrop(this.#connection);
      const fresh = chunk?.subarray(this.#skip);
      if (chunk === undefined || fresh === undefined) continue;
      this.#skip -= chunk.length - fresh.length;
      if (fresh.length === 0) continue;
      // No video or picture begins so: it is JSON or a page, whatever its content type says.
      if (this.#received === 0 && (fresh[0] === 0x7b || fresh[0] === 0x3c)) {
        throw this.#notVideo(`"${redactQueries(new TextDecoder().decode(fresh.subarray(0, 300)))}"`);
      }
      this.#progress(fresh.length);
      return fresh;
    }
    if (this.#received === 0) throw this.#notVideo('an empty body');
    this.close();
    return undefined;
  }

  /** The next bytes of the connection; undefined where it ended, which may be the end of the file. */
  async #readOrDrop(connection: Connection): Promise<ByteArray | undefined> {
    let trouble: unknown;
    try {
      const chunk = await connection.read();
      this.#life.signal.throwIfAborted();
      if (chunk !== undefined) return chunk;
      this.#ended = this.#skip === 0 && this.#received >= (this.size || 0);
      if (this.#ended) return undefined;
    } catch (error) {
      trouble = error;
    }
    this.#life.signal.throwIfAborted();
    connection.close();
    this.#connection = undefined;
    await this.#pace.failed(trouble, this.#brokenOff(trouble));
    return undefined;
  }

  #progress(bytes: number): void {
    this.#received += bytes;
    if (this.#received > this.#furthest) {
      this.#furthest = this.#received;
      this.#pace.progressed();
    }
    const totalBytes = this.size;
    this.#options.onProgress?.({
      receivedBytes: this.#received,
      ...(totalBytes === undefined ? {} : { totalBytes }),
    });
  }

  /** One try; undefined where it takes another, or there are no more bytes. */
  async #connect(): Promise<Connection | undefined> {
    const { runtime, requestMs } = this.#options;
    const { jobId, fallbackName } = this.#source;
    const { signal } = this.#life;
    signal.throwIfAborted();
    this.#request ??= await abortable(this.#source.request(this.#reason, signal), signal);
    const request = this.#request;
    const connection = new Connection(runtime, requestMs, signal);
    try {
      const headers = this.#rangeHeaders();
      const response = await this.#http.open(request, { signal: connection.signal, jobId, headers });
      const verdict = admit(response, {
        head: this.#head,
        received: this.#received,
        foreign: this.#isForeign(response.url || request.url),
      });
      if (verdict === 'complete') this.#ended = true;
      else if (verdict === 'mismatch') {
        const error = this.#brokenOff('the server sent another part than it was asked for');
        this.#begin(undefined);
        await this.#pace.failed(error, error);
      } else if (verdict === 'whole' || verdict === 'same' || verdict === 'part') {
        if (verdict === 'whole') this.#begin(readHead(response, fallbackName));
        this.#skip = verdict === 'same' ? this.#received : 0;
        const type = mediaType(response.headers);
        if (this.#received > 0 || !/\b(json|html|xml)$/.test(type)) return connection.attach(response);
        throw this.#notVideo(type, await this.#http.refusal(response, request, { signal, jobId }));
      } else {
        const error = await this.#http.refusal(response, request, { signal, jobId });
        if (verdict === 'refused') throw error;
        this.#request = undefined;
        this.#reason = verdict;
        await (verdict === 'expired' ? this.#pace.expired(error) : this.#pace.notReady(error));
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      connection.close();
      await this.#pace.failed(error, this.#furthest === 0 ? error : this.#brokenOff(error));
    }
    connection.close();
    return undefined;
  }

  #rangeHeaders(): Record<string, string> {
    const validator = this.#received > 0 ? this.#head?.validator : undefined;
    return {
      // An encoded answer has another length, and cannot be resumed by the bytes of the file.
      'accept-encoding': 'identity',
      ...(validator === undefined ? {} : { range: `bytes=${this.#received}-`, 'if-range': validator }),
    };
  }

  /** From the first byte, of what may be another file. */
  #begin(head: FileHead | undefined): void {
    this.#mustRestart ||= this.#received > 0;
    this.#received = 0;
    this.#head = head;
  }

  /** Where redirects led is what counts: behind them may be a signed URL. */
  #isForeign(url: string): boolean {
    return this.#http.resolve(url).origin !== this.#http.resolve('/').origin;
  }

  #brokenOff(cause: unknown): DownloadError {
    const why = cause instanceof Error ? cause.message : (cause ?? 'the connection ended early');
    const of = this.size === undefined ? '' : ` of ${this.size}`;
    const what = `broke off after ${this.#furthest}${of} bytes: ${redactQueries(bounded(String(why)))}`;
    return noVideo('download-incomplete', this.#source.jobId, what, cause);
  }

  #notVideo(what: string, cause?: ApiError): DownloadError {
    return noVideo(
      'download-not-video',
      this.#source.jobId,
      `is not what the server sent, but ${cause === undefined ? what : `${what} (${cause.message})`}`,
      cause,
    );
  }
}
