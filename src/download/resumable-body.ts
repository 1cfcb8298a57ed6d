import type { HttpRequest } from '../backends/backend.js';
import type { ByteArray } from '../core/bytes.js';
import { bounded, redactQueries } from '../core/text.js';
import type { DownloadRange } from '../core/video-download.js';
import type { DownloadError } from '../errors.js';
import { discard } from '../http/body.js';
import { isTransient } from '../http/failure.js';
import type { HttpClient, Opened } from '../http/types.js';
import { abortable } from '../runtime/abort.js';
import { admit } from './admit.js';
import type { ByteSource } from './byte-source.js';
import { Connection } from './connection.js';
import { Extent } from './extent.js';
import { type FileHead, readHead } from './head.js';
import { isTextType } from './media.js';
import { Opening, problemOf } from './opening.js';
import { DownloadPace, type PaceOptions } from './pace.js';
import { type DownloadSource, kindOf, Places } from './places.js';
import { Progress, type ReportProgress } from './progress.js';
import { Resumption } from './resumption.js';
import { beyondEnd, brokenOff, notVideo, wrongHash } from './words.js';

export interface OpenDownloadOptions extends PaceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each fetch while it lasts, with the way to end it; returns what to call when it is over. */
  readonly whileOpen?: ((abort: (reason: unknown) => void) => () => void) | undefined;
  readonly onProgress?: ReportProgress | undefined;
  /** Told what `onProgress` throws. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** How long a connection may bring no bytes before it counts as lost. */
  readonly requestMs: number;
  /** The part that is wanted, where that is not all. */
  readonly range?: DownloadRange | undefined;
}

/**
 * The bytes of one file over as many connections as it takes. A lost one is resumed where it broke off, if the
 * server proves that the file is still the same one; else it begins again, and says so.
 */
export class ResumableBody implements ByteSource {
  /** What is read is handed on at once: a restart would be an error. */
  isStream = false;
  readonly #http: HttpClient;
  readonly #source: DownloadSource;
  readonly #options: OpenDownloadOptions;
  /** Aborted by the caller's signal, by `close()`, and at the end. */
  readonly #life = new AbortController();
  readonly #onAbort = (): void => this.#life.abort(this.#options.signal?.reason);
  readonly #pace: DownloadPace;
  readonly #places: Places;
  readonly #progress: Progress;
  /** Set from the first read to the end. */
  #over: (() => void) | undefined;
  #started = false;
  #ended = false;
  readonly #extent: Extent;
  readonly #resumption = new Resumption();
  #connection: Connection | undefined;
  #opening = new Opening();
  /** Something of the file was handed on. */
  #delivered = false;
  /** Read ahead, to know that it is a video. */
  #peeked: ByteArray | undefined;
  #mustRestart = false;
  /** Why the bytes will never be known to be all of the file. */
  #hopeless: string | undefined;

  constructor(http: HttpClient, source: DownloadSource, options: OpenDownloadOptions) {
    this.#http = http;
    this.#source = source;
    this.#options = options;
    this.#extent = new Extent(options.range);
    this.#pace = new DownloadPace(source.jobId, options, this.#life.signal);
    this.#places = new Places(source, this.#pace, this.#life.signal);
    this.#progress = new Progress(this.#pace, options.onProgress, options.onError);
  }

  /** Connects and reads the first bytes. Rejects where there is no video. */
  async open(): Promise<FileHead> {
    const first = await this.read();
    // The first read gives bytes or rejects: there is nothing to restart, and an empty body is no video.
    const { head } = this.#extent;
    if (first === undefined || first === 'restart' || head === undefined) throw this.#notVideo('nothing');
    this.#peeked = first;
    return head;
  }

  get size(): number | undefined {
    const { end, start } = this.#extent;
    return end === undefined || this.#extent.head?.size === undefined ? undefined : end - start;
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
      if (this.#hopeless !== undefined) throw this.#brokenOff(this.#hopeless);
      this.#connection ??= await this.#connect();
      if (this.#mustRestart) {
        this.#mustRestart = false;
        return 'restart';
      }
      if (this.#connection === undefined) continue;
      const chunk = await this.#readOrDrop(this.#connection);
      const known = chunk === undefined ? undefined : this.#take(chunk);
      if (known === undefined) continue;
      this.#delivered = true;
      return known;
    }
    const rest = this.#release(this.#opening.end());
    if (rest !== undefined) return rest;
    if (this.#hopeless !== undefined) throw this.#brokenOff(this.#hopeless);
    if (this.#extent.received === this.#extent.start) throw this.#notVideo('an empty body');
    if (this.#extent.check?.matchesHash() === false) throw wrongHash(this.#source.jobId);
    this.close();
    return undefined;
  }

  /** The next bytes of the connection; undefined where it ended, which may be the end of the file. */
  async #readOrDrop(connection: Connection): Promise<ByteArray | undefined> {
    const extent = this.#extent;
    let trouble: unknown;
    let isLost = true;
    try {
      const chunk = await connection.read();
      this.#life.signal.throwIfAborted();
      if (chunk === undefined) {
        const end = extent.endOf(this.isStream);
        this.#ended = end === 'file';
        isLost = end === 'early';
        if (isLost) trouble = extent.check?.doubt();
        else if (end === 'again') this.#begin(undefined);
      } else if (extent.isTooMuch(chunk)) {
        trouble = 'the server sent more than it told';
        this.#begin(undefined);
      } else {
        return chunk;
      }
    } catch (error) {
      trouble = error;
      this.#ended = extent.isWhole;
    }
    this.#life.signal.throwIfAborted();
    connection.close();
    this.#connection = undefined;
    if (isLost && !this.#ended) await this.#pace.failed(trouble, this.#brokenOff(trouble));
    return undefined;
  }

  /** What of a chunk is new, and need not be held back. */
  #take(chunk: ByteArray): ByteArray | undefined {
    const extent = this.#extent;
    const fresh = extent.add(chunk);
    if (extent.isFull) this.#ended = true;
    if (fresh.length === 0) return undefined;
    this.#progress.report(extent.received - extent.start, this.size);
    // What a file is shows in its first bytes alone.
    if (extent.start > 0) return fresh;
    return this.#release(this.#opening.add(fresh, extent.head));
  }

  #release(given: ReturnType<Opening['add']>): ByteArray | undefined {
    if (given?.isFirst !== true) return given?.bytes;
    const { head, check } = this.#extent;
    const clean = (words: string) => this.#clean(words);
    const problem = problemOf(given.bytes, head, this.#source.isPicture === true, clean);
    if (problem !== undefined) throw this.#notVideo(problem);
    // An error for the next read only: the name and the type are known all the same.
    this.#hopeless = check?.doubtOf(given.bytes);
    return given.bytes;
  }

  /** One try; undefined where it takes another, or there are no more bytes. */
  async #connect(): Promise<Connection | undefined> {
    const { runtime, requestMs } = this.#options;
    const { jobId } = this.#source;
    const { signal } = this.#life;
    signal.throwIfAborted();
    const request = await abortable(this.#places.current(), signal);
    if (request === undefined) return undefined;
    const connection = new Connection(runtime, requestMs, signal);
    try {
      const headers = this.#resumption.headers(this.#extent.received, this.#extent.head, this.#options.range);
      const opened = await this.#http.open(request, { signal: connection.signal, jobId, headers });
      if (await this.#accept(opened, request)) return connection.attach(opened.response);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      connection.close();
      if (this.#resumption.failed(error, this.#extent.received, this.#extent.head)) return undefined;
      await this.#pace.failed(error, this.#progress.furthest === 0 ? error : this.#brokenOff(error));
    }
    connection.close();
    return undefined;
  }

  /** True where the body is to be read. */
  async #accept({ response, toError }: Opened, request: HttpRequest): Promise<boolean> {
    const extent = this.#extent;
    const { head: known, received } = extent;
    const foreign = this.#isForeign(response.url || request.url);
    const unconditional = this.#resumption.isUnconditional;
    const verdict = admit(response, { head: known, received, foreign, unconditional });
    if (verdict === 'complete') {
      discard(response);
      this.#ended = true;
    } else if (verdict === 'mismatch') {
      discard(response);
      const error = this.#brokenOff('the server sent another part than it was asked for');
      this.#begin(undefined);
      await this.#pace.failed(error, error);
    } else if (verdict === 'whole' || verdict === 'same' || verdict === 'part') {
      const head = readHead(response, this.#source.fallbackName);
      const isMore = verdict === 'part' || (verdict === 'same' && extent.agreesInSize(head));
      if (known !== undefined && isMore) extent.resume(head, verdict === 'same');
      else this.#begin(head, verdict === 'part');
      if (extent.isBeyond) throw beyondEnd(this.#source.jobId);
      if (extent.start > 0 && isTextType(head.contentType)) throw this.#notVideo(head.contentType);
      extent.expect(response, head);
      return true;
    } else {
      const error = await toError();
      if (error.status === 416 && known === undefined) throw beyondEnd(this.#source.jobId);
      if (isTransient(error)) throw error;
      const refusal = { verdict, error, foreign, resuming: known !== undefined && received > 0 };
      if (kindOf(refusal) !== 'expired' && this.#resumption.refused(response.status, received, known))
        return false;
      await this.#places.failed(refusal);
    }
    return false;
  }

  /** From the first byte, of what may be another file. */
  #begin(head: FileHead | undefined, isPart = false): void {
    this.#mustRestart ||= this.#delivered;
    this.#delivered = false;
    this.#opening = new Opening();
    this.#hopeless = undefined;
    this.#extent.begin(head, isPart);
  }

  /** Where redirects led is what counts: behind them may be a signed URL. */
  #isForeign(url: string): boolean {
    return this.#http.resolve(url).origin !== this.#http.resolve('/').origin;
  }

  #clean(text: string): string {
    return this.#http.redact(redactQueries(bounded(text)));
  }

  #brokenOff(cause: unknown): DownloadError {
    const got = { bytes: this.#progress.furthest, of: this.size };
    return brokenOff(this.#source.jobId, got, cause, (text) => this.#clean(text));
  }

  #notVideo(what: string): DownloadError {
    return notVideo(this.#source.jobId, what);
  }
}
