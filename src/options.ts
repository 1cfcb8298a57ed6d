import type { AnyBackend } from './backends/backend.js';
import type { TransportName } from './core/model.js';
import type { WebSocketClass } from './core/runtime.js';

/** A value, or a function that is asked for it at every connect. */
export type Resolvable<T> = T | (() => T | Promise<T>);

export type Auth =
  | { readonly type: 'bearer'; readonly token: Resolvable<string> }
  | { readonly type: 'basic'; readonly username: string; readonly password: string };

/** Where the client says what it does; `console` fits. Never given a secret. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface PollingOptions {
  /** Between two status calls for one job, in milliseconds. @default 5000 */
  readonly intervalMs?: number;
  /** Status calls under way at once, over all jobs. @default 6 */
  readonly concurrency?: number;
}

export interface TimeoutOptions {
  /** One HTTP call, from its start to the end of its body. @default 30000 */
  readonly requestMs?: number;
  /** One attempt to open a stream. @default 10000 */
  readonly connectMs?: number;
  /** How long a better transport has alone before the next one starts beside it. @default 300 */
  readonly headStartMs?: number;
  /** A stream silent for so long about a live job is checked by a status call. @default 30000 */
  readonly silenceMs?: number;
  /** From the start of following a job to its end. @default 1800000 */
  readonly jobMs?: number;
  /** How long a download that is not there yet after `completed` is waited for. @default 60000 */
  readonly notReadyMs?: number;
}

export interface RetryOptions {
  /** Attempts in all, the first included. @default 3 */
  readonly attempts?: number;
  /** @default 1000 */
  readonly minDelayMs?: number;
  /** @default 30000 */
  readonly maxDelayMs?: number;
}

export interface VideoClientOptions<B extends AnyBackend> {
  /** Where the server is, such as `https://api.example.com`. May be relative in a browser. */
  readonly baseUrl: string | URL;
  /** The dialect the server speaks. @default soraGateway() */
  readonly backend?: B;
  /** Where the WebSocket is, if not at the backend's path below `baseUrl`. `http(s)` is mapped to `ws(s)`. */
  readonly webSocketUrl?: Resolvable<string | URL>;
  readonly auth?: Auth;
  /** Sent with every call to the origin of `baseUrl` (and of `webSocketUrl`), and nowhere else. */
  readonly headers?: Resolvable<Readonly<Record<string, string>>>;
  /** In order of preference; a subset is allowed. @default ['websocket', 'sse', 'polling'] */
  readonly transports?: readonly TransportName[];
  readonly polling?: PollingOptions;
  readonly timeouts?: TimeoutOptions;
  readonly retry?: RetryOptions;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** @default the global one, or `ws` in Node */
  readonly WebSocket?: WebSocketClass;
  /** @default silent */
  readonly logger?: Logger;
}

/** The options with every default in its place. */
export interface Settings {
  readonly baseUrl: URL;
  readonly backend: AnyBackend;
  readonly webSocketUrl: Resolvable<string | URL> | undefined;
  readonly auth: Auth | undefined;
  readonly headers: Resolvable<Readonly<Record<string, string>>> | undefined;
  readonly transports: readonly TransportName[];
  readonly polling: Readonly<Required<PollingOptions>>;
  readonly timeouts: Readonly<Required<TimeoutOptions>>;
  readonly retry: Readonly<Required<RetryOptions>>;
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly WebSocket: WebSocketClass | undefined;
  readonly logger: Logger;
}
