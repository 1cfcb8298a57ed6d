import type { ByteArray } from './bytes.js';
import type { MockDialect } from './dialect-names.js';
import type { Exchange } from './exchange.js';
import type { StruckFaults } from './faults.js';
import type { MockJob, MockJobUpdate } from './job.js';
import type { Call, Route, RouteContext } from './routes.js';
import type { MockStream, Wire } from './streams/stream.js';
import type { MockWebhookOptions } from './webhook-options.js';

/** One dialect: all that the mock core has to know of it. */
export interface Dialect {
  /** The name of its backend; in lower case it is the mount. */
  readonly name: MockDialect;
  /** What its `baseUrl` has behind the mount, such as `/api/v1`. @default nothing */
  readonly basePath?: string;
  /** Their paths are those behind the mount: `basePath` is part of them. */
  readonly routes: readonly Route[];
  /** An id in its manner. */
  readonly newId: () => string;
  /** Its words for a call that it does not take at all. */
  readonly refuse: (reason: Refusal, exchange: Pick<Exchange, 'method' | 'url'>) => Response;
  /** How a token comes, any of several ways. @default `Authorization: Bearer …` */
  readonly credential?: Credential | readonly Credential[];
  /** Whether a repeated `Idempotency-Key` gives the same job; most servers ignore it. @default false */
  readonly honoursIdempotencyKeys?: boolean;
  /** Whether it lets pages read its answers. @default true */
  readonly cors?: boolean;
  /** What each of its answers has in its head. */
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly webhooks?: DialectWebhooks | undefined;
  /** Whom it does not let in, whatever is asked. */
  readonly turnAway?: (headers: Headers) => Response | undefined;
  /** Its WebSocket. */
  readonly webSocket?: DialectSocket | undefined;
}

/** A WebSocket of a dialect. */
export interface DialectSocket {
  /** Behind the mount. */
  readonly paths: readonly string[];
  attach(
    context: RouteContext,
    socket: { readonly url: URL; readonly faults: StruckFaults; readonly wire: Wire },
  ): MockSocket;
}

/** A WebSocket that is to be: what strikes it, the answer that refuses it, if any, and what it becomes. */
export interface MockUpgrade {
  readonly faults: StruckFaults;
  readonly refusal: Response | undefined;
  /** It opens. Undefined where it was refused. */
  attach(wire: Wire): MockSocket | undefined;
}

/** One socket that is open. */
export interface MockSocket {
  readonly stream: MockStream;
  /** The caller is connected. */
  start(): void;
  /** A frame came; anything but text is undefined. */
  receive(frame: string | undefined): void;
}

/** A header and what stands before the token in it, if anything. */
export interface Credential {
  readonly header: string;
  readonly scheme?: string;
}

/** 401, 404 and 405. */
export type Refusal = 'unauthorised' | 'unknown-route' | 'wrong-method';

/** What a dialect tells by webhook. */
export interface DialectWebhooks {
  /** Whose URL it is: that of who started the server, or of whoever submits, which leads to allowed hosts only. */
  readonly urlFrom: 'options' | 'request';
  /** Between attempts, in milliseconds. Empty: it tries once. */
  readonly retryDelaysMs: readonly number[];
  /** What is told of an update, if anything. */
  message(
    update: MockJobUpdate,
    context: WebhookContext,
  ): WebhookMessage | readonly WebhookMessage[] | undefined;
  /** Besides the `Content-Type`; asked again for each attempt. `id` is that of the delivery. */
  headers(
    signed: { readonly id: string; readonly event: string; readonly body: ByteArray },
    options: MockWebhookOptions,
  ): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
}

export interface WebhookContext extends Pick<RouteContext, 'signedUrl' | 'urlOf'> {
  readonly options: MockWebhookOptions;
}

export interface WebhookMessage {
  readonly url: string;
  /** The status, or the type, it tells. */
  readonly event: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Such an event is told once a job; a text tells it from others of its name. @default false */
  readonly once?: boolean | string;
  /** One attempt, whatever comes of it. @default false */
  readonly isTriedOnce?: boolean;
}

/** The job that a call's path names, if it is one of this dialect: a provider knows no jobs of another. */
export function ownJob({ context, params }: Call, dialect: MockDialect): MockJob | undefined {
  const job = context.jobs.get(params.jobId ?? '');
  return job?.dialect === dialect ? job : undefined;
}
