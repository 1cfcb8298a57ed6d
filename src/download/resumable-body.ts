import type { ByteArray } from '../core/bytes.js';
import { bounded, redactQueries } from '../core/text.js';
import type { DownloadError } from '../errors.js';
import type { HttpClient } from '../http/types.js';
import type { ByteSource } from './byte-source.js';
import type { Connection } from './connection.js';
import { Connector, type ConnectorOptions } from './connector.js';
import { Extent } from './extent.js';
import type { FileHead } from './head.js';
import { Opening, problemOf } from './opening.js';
import { DownloadPace, type PaceOptions } from './pace.js';
import type { DownloadSource } from './places.js';
import { Progress, type ReportProgress } from './progress.js';
import { brokenOff, notVideo, wrongHash } from './words.js';

export interface OpenDownloadOptions extends PaceOptions, ConnectorOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each fetch while it lasts, with the way to end it; returns what to call when it is over. */
  readonly whileOpen?: ((abort: (reason: unknown) => void) => () => void) | undefined;
  readonly onProgress?: ReportProgress | undefined;
  /** Told what `onProgress` throws. */
  readonly onError?: ((error: unknown) => void) | undefined;
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
  readonly #connector: Connector;
  readonly #progress: Progress;
  /** Set from the first read to the end. */
  #over: (() => void) | undefined;
  #started = false;
  #ended = false;
  readonly #extent: Extent;
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
    this.#progress = new Progress(this.#pace, options.onProgress, options.onError);
    this.#connector = new Connector(http, source, options, {
      extent: this.#extent,
      pace: this.#pace,
      progress: this.#progress,
      signal: this.#life.signal,
      begin: this.#begin,
      brokenOff: this.#brokenOff,
    });
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
      if (this.#connection === undefined) {
        const opened = await this.#connector.open();
        if (opened === 'complete') this.#ended = true;
        else this.#connection = opened;
      }
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
        else if (end === 'again') this.#begin();
      } else if (extent.isTooMuch(chunk)) {
        trouble = 'the server sent more than it told';
        this.#begin();
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

  /** From the first byte, of what may be another file. */
  readonly #begin = (head?: FileHead, isPart = false): void => {
    this.#mustRestart ||= this.#delivered;
    this.#delivered = false;
    this.#opening = new Opening();
    this.#hopeless = undefined;
    this.#extent.begin(head, isPart);
  };

  #clean(text: string): string {
    return this.#http.redact(redactQueries(bounded(text)));
  }

  readonly #brokenOff = (cause: unknown): DownloadError => {
    const got = { bytes: this.#progress.furthest, of: this.size };
    return brokenOff(this.#source.jobId, got, cause, (text) => this.#clean(text));
  };

  #notVideo(what: string): DownloadError {
    return notVideo(this.#source.jobId, what);
  }
}
