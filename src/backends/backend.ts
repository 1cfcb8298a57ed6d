import type { ErrorBody } from '../core/error-body.js';
import type { JobSnapshot, JobUpdate, StreamMessage } from '../core/model.js';

export type { StreamMessage };

/** One HTTP call, as data. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A path below `baseUrl`, beginning with `/`, or an absolute URL; credentials go to known origins only. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: HttpRequestBody | undefined;
  /** `job` where the server answers only when the video is made: waits `timeouts.jobMs`. Default `request`. */
  readonly timeout?: 'request' | 'job' | undefined;
  /**
   * Of a submit: the id that the job will have, where the caller of the server may choose it. Where the outcome is
   * unknown, the status is asked once, and the job returned if it is there.
   */
  readonly jobId?: string | undefined;
}

/** What `generate` is told of the client. */
export interface GenerateContext {
  /** One random id a client; `webSocket.path` is given the same. */
  readonly session: string;
  /**
   * A random text of the job's own that nobody can guess, for the URL of a callback: it says which submit a delivery is of.
   * There where the client keeps records of its jobs.
   */
  readonly token?: string | undefined;
}

/** An answer that is known only after a further call: at most two follow the status call. */
export interface FollowUp {
  readonly next: HttpRequest;
  /** Throws `InvalidResponseError` where the body is not such an answer. */
  parse(response: HttpResponse): JobUpdate | FollowUp;
}

/** JSON, or a multipart form, which may hold files. */
export type HttpRequestBody =
  | { readonly type: 'json'; readonly value: unknown }
  | { readonly type: 'form'; readonly fields: readonly FormField[] };

/** One field of a multipart form; a `Blob` is sent as a file. */
export interface FormField {
  readonly name: string;
  readonly value: string | Blob;
  readonly filename?: string | undefined;
}

/** A successful answer: 2xx, its JSON parsed. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined where the answer has no body. A number beyond 2^53 is a text of its digits. */
  readonly body: unknown;
}

export type { ErrorBody };

/** An answer that is no success, its body parsed where it is JSON, else its text. */
export interface HttpRefusal {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  /** The call that was refused. */
  readonly call: 'status' | 'followUp';
}

/** What is said over a dialect's WebSocket. */
export interface WebSocketCodec {
  /**
   * Path and query below the base URL's origin, such as `/`; without a leading `/` below the base URL itself. Or a
   * function of the client's session, which `generate` is given too. The client's `webSocketUrl` wins over it.
   */
  readonly path: string | ((session: string) => string);
  /** The frame that asks for a job's updates. Missing where the server sends them by itself. */
  subscribe?(jobId: string): string;
  /** The frame that ends them. */
  unsubscribe?(jobId: string): string;
  /** Binary frames are no messages, such as previews. Default: text all the same. */
  readonly binary?: 'ignore' | undefined;
  /**
   * Never throws. `known` is always given by the client: what is known of a job that is followed. What is needed for the
   * next frame is kept in `raw`.
   */
  parse(frame: string, known?: (jobId: string) => JobSnapshot | undefined): StreamMessage;
}

/** What comes over a dialect's event stream. */
export interface SseCodec {
  /**
   * Where the stream is that carries these jobs: a path below `baseUrl`, or an absolute URL. With `perJob` there is one
   * in the list.
   */
  url(jobIds: readonly string[]): string;
  /**
   * Each job has a stream of its own, and no stream has several. Four are open at once, for a page has six connections
   * to a host, and the other jobs are polled. The end of one concerns its job alone: its status is asked, and the stream
   * opened again with backoff. Default: one stream carries all jobs.
   */
  readonly perJob?: true | undefined;
  /** Names of the events that are messages; others, such as previews, are not handed to `parse`. Default: all are. */
  readonly events?: readonly string[] | undefined;
  /**
   * `event` is its name, `message` where the server gave none; always given by the client. `jobId` is that of the
   * stream, with `perJob`. Never throws.
   */
  parse(
    data: string,
    context?: { readonly event: string; readonly jobId?: string | undefined },
  ): StreamMessage;
}

/** A call of a dialect beyond the common ones; appears as a method of `client.backend`. */
export interface Operation<Args, Result> {
  /** The call. Throws `InputError` where the arguments cannot be sent. */
  request(args: Args): HttpRequest;
  /** The answer to it. Throws `InvalidResponseError` where it is not one. */
  parse(response: HttpResponse): Result;
}

/** An operation that makes a new job: sent with the care of `generate`, gives a `VideoJob`. */
export interface SubmitOperation<Args> {
  readonly submits: true;
  /** The submit; `context` as that of `generate`. Throws (or rejects with) `InputError`. */
  request(args: Args, context?: GenerateContext): HttpRequest | Promise<HttpRequest>;
  /** The answer to it. Throws `InvalidResponseError` where there is no job id in it. */
  parse(response: HttpResponse): JobUpdate;
}

/** The further calls of a dialect, by name. */
export type Operations = Readonly<Record<string, Operation<never, unknown> | SubmitOperation<never>>>;

/**
 * One dialect: routes, schemas and words, as a pure codec. It does no I/O and keeps no state, so anyone can
 * write one.
 *
 * @typeParam Input - What `generate` takes.
 * @typeParam Variant - Names of the files a finished job has besides `video`.
 * @typeParam Ops - Further calls of the dialect.
 */
export interface Backend<
  Input = never,
  Variant extends string = string,
  Ops extends Operations = Operations,
> {
  /** Such as `soraGateway`; error messages name it. */
  readonly name: string;
  /**
   * Where a hosted service is: `baseUrl` may then be left out, and wins where it is given. What the official client's
   * option takes; routes lie below it.
   */
  readonly baseUrl?: string | undefined;
  /**
   * How the token of `auth: { type: 'bearer' }` is sent, such as `{ header: 'authorization', scheme: 'Key' }`; bare
   * where there is no scheme. Default: `Authorization: Bearer …`. With it, a WebSocket that cannot carry headers, such as
   * that of a page, has the token in its URL: `?token=…`.
   */
  readonly credential?: { readonly header: string; readonly scheme?: string | undefined } | undefined;
  /** How often the provider wants to be asked about a job, in milliseconds. The caller's `polling` wins. */
  readonly polling?: { readonly intervalMs: number } | undefined;
  /**
   * What the server makes of an `Idempotency-Key`. `none`: nothing, so that one that a caller gives is refused before
   * anything is sent. `windowMs`: each submit carries one (the caller's where there is one), and is sent again under it
   * where its outcome is unknown, within so many milliseconds. Missing: a caller who gives one says that it is honoured.
   */
  readonly idempotency?: 'none' | { readonly windowMs: number } | undefined;
  /**
   * A `GET` that makes nothing, costs nothing and needs the credentials: `diagnose` asks it whether they are taken.
   * Without, a status call for a job that does not exist has to tell.
   */
  readonly probe?: HttpRequest | undefined;
  /**
   * Checks the input and makes the submit of it. Throws (or rejects with) `InputError`. `context` is always given by the
   * client.
   */
  generate(input: Input, context?: GenerateContext): HttpRequest | Promise<HttpRequest>;
  /**
   * The answer to it. Throws `InvalidResponseError` where there is no job id in it. `request` is always given by the
   * client: what was sent.
   */
  parseGenerate(response: HttpResponse, request?: HttpRequest): JobUpdate;
  /** The status call for one job. */
  status(jobId: string): HttpRequest;
  /** Throws `InvalidResponseError` where the body is not a status answer. */
  parseStatus(response: HttpResponse, jobId: string): JobUpdate | FollowUp;
  /**
   * For servers that tell of a job, such as one that failed, by a status code that is no success. Undefined where the
   * refusal tells nothing: it is then an error. Never asked for 401, 407, 408, 425 and 429; asked before anything is
   * tried again. An update with nothing but the id says: not yet.
   */
  parseRefusal?(refusal: HttpRefusal, jobId: string): JobUpdate | FollowUp | undefined;
  /**
   * Where the bytes are: one place, or several, each tried where the one before has no file. `job.snapshot` is there when the caller has one; undefined means that the backend
   * must see the completed job first, and the client asks. `output` is always given by the client: which of several
   * `outputs`, from 0; above 0, the snapshot is there.
   */
  download(
    job: { readonly id: string; readonly snapshot?: JobSnapshot | undefined },
    variant: Variant,
    output?: number,
  ): HttpRequest | readonly HttpRequest[] | undefined;
  /** Names for `download`'s `variant`; the first is the default. */
  readonly variants: readonly [Variant, ...Variant[]];
  /** The server's words in an error body. Default: `error`, `message`, `hint`, `details`. */
  parseError?(body: unknown): ErrorBody;
  /**
   * Where the dialect can cancel or delete a job: one call, or several, the next of which is made where the one before
   * is answered 404, 405 or 501. Never made for a job that has ended. `known` is always given by the client: what the
   * status route has just said of it.
   */
  cancel?(jobId: string, known?: JobSnapshot): HttpRequest | readonly HttpRequest[];
  /** What a webhook calls the job, where that is not its id: `ingest` takes either. */
  webhookIdOf?(jobId: string): string;
  /** Missing where the dialect has no such stream: it is then not tried. */
  readonly webSocket?: WebSocketCodec | undefined;
  readonly sse?: SseCodec | undefined;
  readonly operations?: Ops | undefined;
}

/** Any backend, whatever it takes. */
export type AnyBackend = Backend<never, string, Operations>;

/** What `generate` takes with this backend. */
export type InputOf<B> = B extends Backend<infer Input, string, Operations> ? Input : never;
/** What `download` takes as `variant` with this backend. */
export type VariantOf<B> = B extends Backend<never, infer Variant, Operations> ? Variant : never;
/** The further calls of this backend. */
export type OperationsOf<B> = B extends { readonly operations?: infer Ops }
  ? NonNullable<Ops>
  : Record<never, never>;
