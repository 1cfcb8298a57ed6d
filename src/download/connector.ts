import type { HttpRequest } from '../backends/backend.js';
import type { DownloadRange } from '../core/video-download.js';
import type { DownloadError } from '../errors.js';
import { discard } from '../http/body.js';
import { isTransient } from '../http/failure.js';
import type { HttpClient, Opened } from '../http/types.js';
import { abortable } from '../runtime/abort.js';
import type { Runtime } from '../runtime/runtime.js';
import { admit } from './admit.js';
import { Connection } from './connection.js';
import type { Extent } from './extent.js';
import { type FileHead, readHead } from './head.js';
import { isTextType } from './media.js';
import type { DownloadPace } from './pace.js';
import { type DownloadSource, kindOf, Places } from './places.js';
import type { Progress } from './progress.js';
import { Resumption } from './resumption.js';
import { beyondEnd, notVideo } from './words.js';

export interface ConnectorOptions {
  readonly runtime: Runtime;
  /** How long a connection may bring no bytes before it counts as lost. */
  readonly requestMs: number;
  /** The part that is wanted, where that is not all. */
  readonly range?: DownloadRange | undefined;
}

/** The file that connections are opened for. */
export interface OpenedFile {
  readonly extent: Extent;
  readonly pace: DownloadPace;
  readonly progress: Progress;
  /** Aborted when nobody wants it any more. */
  readonly signal: AbortSignal;
  /** From the first byte, of what may be another file. */
  readonly begin: (head?: FileHead, isPart?: boolean) => void;
  readonly brokenOff: (cause: unknown) => DownloadError;
}

/** Opens the connections of one file: asks for what is missing of it, and judges what is answered. */
export class Connector {
  readonly #http: HttpClient;
  readonly #source: DownloadSource;
  readonly #options: ConnectorOptions;
  readonly #file: OpenedFile;
  readonly #places: Places;
  readonly #resumption = new Resumption();

  constructor(http: HttpClient, source: DownloadSource, options: ConnectorOptions, file: OpenedFile) {
    this.#http = http;
    this.#source = source;
    this.#options = options;
    this.#file = file;
    this.#places = new Places(source, file.pace, file.signal);
  }

  /** One try: `complete` where there are no more bytes; undefined where it takes another, which may be made at once. */
  async open(): Promise<Connection | 'complete' | undefined> {
    const { runtime, requestMs, range } = this.#options;
    const { extent, pace, progress, signal, brokenOff } = this.#file;
    signal.throwIfAborted();
    const request = await abortable(this.#places.current(), signal);
    if (request === undefined) return undefined;
    const connection = new Connection(runtime, requestMs, signal);
    let isComplete = false;
    try {
      const headers = this.#resumption.headers(extent.received, extent.head, range);
      const { jobId } = this.#source;
      const opened = await this.#http.open(request, { signal: connection.signal, jobId, headers });
      const verdict = await this.#judge(opened, request);
      if (verdict === 'read') return connection.attach(opened.response);
      isComplete = verdict === 'complete';
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      connection.close();
      if (this.#resumption.failed(error, extent.received, extent.head)) return undefined;
      await pace.failed(error, progress.furthest === 0 ? error : brokenOff(error));
    }
    connection.close();
    return isComplete ? 'complete' : undefined;
  }

  /** `read` where the body is to be read. */
  async #judge(
    { response, toError }: Opened,
    request: HttpRequest,
  ): Promise<'read' | 'complete' | undefined> {
    const { extent, pace, begin, brokenOff } = this.#file;
    const { jobId, fallbackName } = this.#source;
    const { head: known, received } = extent;
    const foreign = this.#isForeign(response.url || request.url);
    const unconditional = this.#resumption.isUnconditional;
    const verdict = admit(response, { head: known, received, foreign, unconditional });
    if (verdict === 'complete') {
      discard(response);
      return 'complete';
    }
    if (verdict === 'mismatch') {
      discard(response);
      const error = brokenOff('the server sent another part than it was asked for');
      begin();
      await pace.failed(error, error);
      return undefined;
    }
    if (verdict === 'whole' || verdict === 'same' || verdict === 'part') {
      const head = readHead(response, fallbackName);
      const isMore = verdict === 'part' || (verdict === 'same' && extent.agreesInSize(head));
      if (known !== undefined && isMore) extent.resume(head, verdict === 'same');
      else begin(head, verdict === 'part');
      if (extent.isBeyond) throw beyondEnd(jobId);
      if (extent.start > 0 && isTextType(head.contentType)) throw notVideo(jobId, head.contentType);
      extent.expect(response, head);
      return 'read';
    }
    const error = await toError();
    if (error.status === 416 && known === undefined) throw beyondEnd(jobId);
    if (isTransient(error)) throw error;
    const refusal = { verdict, error, foreign, resuming: known !== undefined && received > 0 };
    if (kindOf(refusal) !== 'expired' && this.#resumption.refused(response.status, received, known))
      return undefined;
    await this.#places.failed(refusal);
    return undefined;
  }

  /** Where redirects led is what counts: behind them may be a signed URL. */
  #isForeign(url: string): boolean {
    return this.#http.resolve(url).origin !== this.#http.resolve('/').origin;
  }
}
