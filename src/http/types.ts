import type { HttpRefusal, HttpRequest, HttpResponse } from '../backends/backend.js';
import type { ByteArray } from '../core/bytes.js';
import type { ApiError, VideoError } from '../errors.js';

/** When a call that failed may be sent again. */
export type Repeat =
  /** It changes nothing: any network error, 429 and 5xx. */
  | 'safe'
  /** It may cost money: only where it provably did nothing (never connected, 429), or under an idempotency key. */
  | 'submit'
  /** The caller paces its own attempts. */
  | 'never';

/** Which call an answer belongs to, as its error tells it. */
export interface CallContext {
  /** Such as `GET https://host/path?…`. */
  readonly call: string;
  readonly jobId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of an answer that could not be read. */
  came?: Came;
}

/** What came of an answer: it may name a job that is paid for. */
export interface Came {
  readonly headers: Headers;
  readonly text: string;
}

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Named in every error. */
  readonly jobId?: string | undefined;
  readonly repeat: Repeat;
  readonly idempotencyKey?: string | undefined;
  /** True for a refusal that is an answer all the same: it resolves then. Asked before anything is tried again. */
  readonly accepts?: ((refusal: Omit<HttpRefusal, 'call'>) => boolean) | undefined;
  /** Of a submit: kept up to date while it is under way. */
  readonly progress?: SubmitProgress | undefined;
}

/** What is sent, ready for any `fetch`. */
export interface Payload {
  readonly body?: string | FormData | ByteArray;
  /** Missing where fetch sets it. */
  readonly contentType?: string;
}

/** How far a submit is. */
export interface SubmitProgress {
  /** The attempt under way, or the last one. */
  trip?: { readonly sent: boolean };
  /** What first left open whether a job was made. */
  doubt?: VideoError;
  /** What the last attempt failed with. */
  failure?: VideoError;
  /** Before each further attempt, `delayMs` from now. Where it rejects, there is none. */
  readonly onRepeat?: ((delayMs: number) => Promise<void>) | undefined;
  /** Nobody wants a job any more: sent again only to learn what became of one that may have been made. */
  isAbandoned?: boolean;
}

/** An answer whose body is not read yet. */
export interface Opened {
  readonly response: Response;
  /** What an answer that is no success says, as an error; reads its body, for no longer than a call takes. */
  toError(): Promise<ApiError>;
}

/** The one door to the network for calls: credentials by origin, timeouts, retries, aborts, errors. */
export interface HttpClient {
  /** A JSON call: resolves on 2xx with its parsed body (at most 64 MiB), rejects with our errors on all else. */
  send(request: HttpRequest, options: SendOptions): Promise<HttpResponse>;
  /**
   * One attempt, the body unread, any status. For downloads and event streams, which look at it themselves. The
   * signal goes on to govern the body: give one that lives no longer than this call.
   */
  open(
    request: HttpRequest,
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly jobId?: string | undefined;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<Opened>;
  /**
   * The one place that errors of a call go through: without a credential in their words or causes, with the job's
   * id. Gives the same error back.
   */
  told<T>(error: T, jobId?: string): T;
  /** For a submit that was accepted: what says that the answer names no job, as reading it failed so. */
  misread(error: unknown, response: HttpResponse): Promise<VideoError>;
  /** Words of a server, without any credential that went out. */
  redact(text: string): string;
  /** Adds what is to be kept out of errors, such as a ticket in the URL of a WebSocket. */
  conceal(secrets: Iterable<string>, headers?: Readonly<Record<string, string>>): Promise<void>;
  /** Against the base URL: `/x` → `https://host/base/x`; absolute URLs pass. */
  resolve(url: string): URL;
}
