import type { HttpRequest } from '../backends/backend.js';
import type { ByteArray } from '../core/bytes.js';
import { bounded, redactQueries } from '../core/text.js';
import type { DownloadError } from '../errors.js';
import { discard } from '../http/body.js';
import { isTransient } from '../http/failure.js';
import type { HttpClient, Opened } from '../http/types.js';
import { abortable } from '../runtime/abort.js';
import { admit } from './admit.js';
import type { ByteSource } from './byte-source.js';
import { Connection } from './connection.js';
import { FileCheck } from './file-check.js';
import { contentRange, type FileHead, readHead } from './head.js';
import { isTextType, sniff, wantsMore } from './media.js';
import { DownloadPace, noVideo, type PaceOptions } from './pace.js';
import { type DownloadSource, Places } from './places.js';
import { Progress, type ReportProgress } from './progress.js';

export interface OpenDownloadOptions extends PaceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each fetch while it lasts, with the way to end it; returns what to call when it is over. */
  readonly whileOpen?: ((abort: (reason: unknown) => void) => () => void) | undefined;
  readonly onProgress?: ReportProgress | undefined;
  /** Told what `onProgress` throws. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** How long a connection may bring no bytes before it counts as lost. */
  readonly requestMs: number;
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
  #head: FileHead | undefined;
  #check: FileCheck | undefined;
  #connection: Connection | undefined;
  /** Held back: nobody knows yet that it is of a video. */
  #opening: ByteArray | undefined;
  #isKnown = false;
  /** Something of the file was handed on. */
  #delivered = false;
  /** Read ahead, to know that it is a video. */
  #peeked: ByteArray | undefined;
  #received = 0;
  /** Where the answer under way ends, as an offset in the file; undefined where it did not say. */
  #until: number | undefined;
  #isPart = false;
  /** Bytes of this answer that were received before. */
  #skip = 0;
  #mustRestart = false;
  /** Why the bytes will never be known to be all of the file. */
  #hopeless: string | undefined;
  /** Where an answer without a length ended. */
  #endsAt: number | undefined;
  /** How a lost connection is resumed: a page may be forbidden the one way and allowed the other. */
  #resumeBy: 'if-range' | 'range' | 'nothing' = 'if-range';

  constructor(http: HttpClient, source: DownloadSource, options: OpenDownloadOptions) {
    this.#http = http;
    this.#source = source;
    this.#options = options;
    this.#pace = new DownloadPace(source.jobId, options, this.#life.signal);
    this.#places = new Places(source, this.#pace, this.#life.signal);
    this.#progress = new Progress(this.#pace, options.onProgress, options.onError);
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
      const known = chunk === undefined ? this.#opened() : this.#take(chunk);
      if (known === undefined) continue;
      this.#delivered = true;
      return known;
    }
    const rest = this.#opened();
    if (rest !== undefined) return rest;
    if (this.#hopeless !== undefined) throw this.#brokenOff(this.#hopeless);
    if (this.#received === 0) throw this.#notVideo('an empty body');
    if (this.#check?.matchesHash() === false) throw this.#wrongHash();
    this.close();
    return undefined;
  }

  /** The next bytes of the connection; undefined where it ended, which may be the end of the file. */
  async #readOrDrop(connection: Connection): Promise<ByteArray | undefined> {
    let trouble: unknown;
    try {
      const chunk = await connection.read();
      this.#life.signal.throwIfAborted();
      if (chunk !== undefined && !this.#isTooMuch(chunk)) return chunk;
      if (chunk === undefined) {
        this.#ended = this.#skip === 0 && this.#isEnd() && this.#isConfirmed();
        if (this.#ended || this.#isPartDone()) {
          connection.close();
          this.#connection = undefined;
          return undefined;
        }
        trouble = this.#check?.doubt();
      } else {
        trouble = 'the server sent more than it told';
        this.#begin(undefined);
      }
    } catch (error) {
      trouble = error;
      // All that was told is here: how the connection ended does not matter any more.
      this.#ended = this.#head?.isSizeSure === true && this.#received === this.#head.size;
    }
    this.#life.signal.throwIfAborted();
    connection.close();
    this.#connection = undefined;
    if (this.#ended) return undefined;
    await this.#pace.failed(trouble, this.#brokenOff(trouble));
    return undefined;
  }

  /** What of a chunk is new, held back until it is known to be of a video. */
  #take(chunk: ByteArray): ByteArray | undefined {
    const fresh = chunk.subarray(this.#skip);
    this.#skip -= chunk.length - fresh.length;
    if (fresh.length === 0) return undefined;
    this.#received += fresh.length;
    this.#check?.add(fresh);
    this.#progress.report(this.#received, this.size);
    if (this.#isKnown) return fresh;
    this.#opening = this.#opening === undefined ? fresh : concat(this.#opening, fresh);
    return this.#opened();
  }

  /** The first bytes, where they are held back and need wait for no more. */
  #opened(): ByteArray | undefined {
    const opening = this.#opening;
    if (opening === undefined || (!this.#ended && wantsMore(opening, this.#needsMagic()))) return undefined;
    this.#opening = undefined;
    this.#isKnown = true;
    this.#checkKind(opening);
    return opening;
  }

  #needsMagic(): boolean {
    return this.#head?.isEncoded === true || isTextType(this.#head?.contentType ?? '');
  }

  #checkKind(opening: ByteArray): void {
    const kind = sniff(opening);
    const type = this.#head?.contentType ?? '';
    if (kind === 'text' || (kind === 'unknown' && isTextType(type))) {
      const words = new TextDecoder().decode(opening.subarray(0, 1_000)).trim();
      throw this.#notVideo(`${kind === 'text' ? '' : `${type}: `}"${this.#clean(words)}"`);
    }
    // Some servers know no variants, and send the video for each.
    if (kind === 'video' && this.#source.isPicture === true)
      throw this.#notVideo('the video, not a picture of it');
    // Told to whoever reads on: what it is called and of which type is known all the same.
    this.#hopeless = this.#check?.doubtOf(opening);
  }

  /** Whether the file ends here. */
  #isEnd(): boolean {
    const head = this.#head;
    if (head?.size !== undefined && (head.isSizeSure || this.#received === head.size))
      return this.#received === head.size;
    // Of the part of a file of unknown size only the server knows whether it is the last.
    if (head === undefined || this.#isPart) return false;
    return this.#check?.doubt() === undefined;
  }

  /**
   * Whether the end of an answer without a length is believed. Where a broken connection looks the same, the server is
   * asked once more: for what follows, or for all of it, which then ends at the same byte.
   */
  #isConfirmed(): boolean {
    const head = this.#head;
    if (head === undefined || head.size !== undefined || head.isEndSure || this.#check?.isProven) return true;
    if (this.#received === 0 || this.#endsAt === this.#received) return true;
    const isFirst = this.#endsAt === undefined;
    this.#endsAt = this.#received;
    if (!isFirst) return false;
    if (head.validator !== undefined) {
      this.#isPart = true;
      this.#until = this.#received;
    } else if (this.isStream) {
      // What was handed on cannot be taken back: it has to be believed.
      return true;
    } else {
      this.#begin(undefined);
      this.#isPart = true;
      this.#until = 0;
    }
    return false;
  }

  /** The answer brought all that it told, which is not all of the file: the next part is asked for at once. */
  #isPartDone(): boolean {
    return this.#isPart && this.#skip === 0 && this.#until === this.#received;
  }

  #isTooMuch(chunk: ByteArray): boolean {
    if (this.#until === undefined || this.#head?.isSizeSure !== true) return false;
    // While bytes are skipped, the answer is as many behind.
    return this.#received - this.#skip + chunk.length > this.#until;
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
      const headers = this.#rangeHeaders();
      const opened = await this.#http.open(request, { signal: connection.signal, jobId, headers });
      if (await this.#accept(opened, request)) return connection.attach(opened.response);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      connection.close();
      if (this.#resumeOtherwise(error)) return undefined;
      await this.#pace.failed(error, this.#progress.furthest === 0 ? error : this.#brokenOff(error));
    }
    connection.close();
    return undefined;
  }

  /** True where the body is to be read. */
  async #accept({ response, toError }: Opened, request: HttpRequest): Promise<boolean> {
    const { fallbackName } = this.#source;
    const foreign = this.#isForeign(response.url || request.url);
    const unconditional = this.#resumeBy === 'range';
    const verdict = admit(response, { head: this.#head, received: this.#received, foreign, unconditional });
    if (verdict === 'complete') {
      discard(response);
      this.#ended = true;
    } else if (verdict === 'mismatch') {
      discard(response);
      const error = this.#brokenOff('the server sent another part than it was asked for');
      this.#begin(undefined);
      await this.#pace.failed(error, error);
    } else if (verdict === 'whole' || verdict === 'same' || verdict === 'part') {
      const head = readHead(response, fallbackName);
      const isSame = verdict === 'part' || (verdict === 'same' && this.#agreesInSize(head));
      if (!isSame) this.#begin(head);
      else if (this.#head?.size === undefined && head.size !== undefined && this.#head !== undefined)
        this.#head = { ...this.#head, size: head.size, isSizeSure: head.isSizeSure };
      this.#skip = isSame && verdict === 'same' ? this.#received : 0;
      this.#isPart = response.status === 206;
      this.#until = this.#isPart ? contentRange(response.headers)?.end : head.until;
      return true;
    } else {
      const error = await toError();
      if (isTransient(error)) throw error;
      await this.#places.failed({ verdict, error, foreign, resuming: this.#received > 0 });
    }
    return false;
  }

  #agreesInSize({ size }: FileHead): boolean {
    const known = this.#head?.size;
    return size === undefined || known === undefined || size === known;
  }

  #rangeHeaders(): Record<string, string> {
    // An encoded answer has another length, and cannot be resumed by the bytes of the file.
    const identity = { 'accept-encoding': 'identity' };
    const validator = this.#received > 0 ? this.#head?.validator : undefined;
    if (validator === undefined || this.#resumeBy === 'nothing') return identity;
    const range = { ...identity, range: `bytes=${this.#received}-` };
    return this.#resumeBy === 'if-range' ? { ...range, 'if-range': validator } : range;
  }

  /**
   * A page must be allowed `If-Range` by another origin, and is told nothing but that the call failed where it is not.
   * `Range` alone needs no leave; what comes is then compared.
   */
  #resumeOtherwise(error: unknown): boolean {
    const isAsked = this.#received > 0 && this.#head?.validator !== undefined;
    if (!isAsked || this.#head?.isCrossOrigin !== true || (error as DownloadError).code !== 'network')
      return false;
    if (this.#resumeBy === 'nothing') return false;
    this.#resumeBy = this.#resumeBy === 'if-range' ? 'range' : 'nothing';
    return true;
  }

  /** From the first byte, of what may be another file. */
  #begin(head: FileHead | undefined): void {
    this.#mustRestart ||= this.#delivered;
    this.#delivered = false;
    this.#received = 0;
    this.#opening = undefined;
    this.#isKnown = false;
    this.#hopeless = undefined;
    this.#skip = 0;
    this.#head = head;
    this.#check = head && new FileCheck(head);
  }

  /** Where redirects led is what counts: behind them may be a signed URL. */
  #isForeign(url: string): boolean {
    return this.#http.resolve(url).origin !== this.#http.resolve('/').origin;
  }

  #clean(text: string): string {
    return this.#http.redact(redactQueries(bounded(text)));
  }

  #brokenOff(cause: unknown): DownloadError {
    const why = cause instanceof Error ? cause.message : (cause ?? 'the connection ended early');
    const of = this.size === undefined ? '' : ` of ${this.size}`;
    const what = `broke off after ${this.#progress.furthest}${of} bytes: ${this.#clean(String(why))}`;
    return noVideo(
      'download-incomplete',
      this.#source.jobId,
      what,
      cause instanceof Error ? cause : undefined,
    );
  }

  #notVideo(what: string): DownloadError {
    return noVideo('download-not-video', this.#source.jobId, `is not what the server sent, but ${what}`);
  }

  #wrongHash(): DownloadError {
    return noVideo(
      'download-incomplete',
      this.#source.jobId,
      'does not have the SHA-256 that the server gave: it was damaged on the way, or the server is wrong',
    );
  }
}

function concat(one: ByteArray, other: ByteArray): ByteArray {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
