import type { AnyBackend } from '../backends/backend.js';
import type { TransportName } from '../core/model.js';
import type {
  Auth,
  Logger,
  LogLevel,
  PollingOptions,
  Resolvable,
  RetryOptions,
  TimeoutOptions,
} from '../core/settings.js';
import type { JobBus } from '../jobs/bus.js';
import type { Jobs } from '../jobs/jobs.js';
import type { WebSocketClass } from '../runtime/runtime.js';
import type { DefaultBackend } from './client-types.js';

/** Options for `VideoClient`. Only `baseUrl` is needed, and not even that where the backend has one. */
export interface VideoClientOptions<B extends AnyBackend = DefaultBackend> {
  /** Where the server is, such as `https://api.example.com`. May be relative in a browser. */
  readonly baseUrl: string | URL;
  /** The dialect the server speaks. @default soraGateway() */
  readonly backend?: B | undefined;
  /**
   * Where the WebSocket is, if not at the backend's path at the root of `baseUrl`'s origin. A relative one is
   * resolved against `baseUrl`; `http(s)` is mapped to `ws(s)`.
   */
  readonly webSocketUrl?: Resolvable<string | URL> | undefined;
  readonly auth?: Auth | undefined;
  /**
   * Sent with every call to the origin of `baseUrl` (and of `webSocketUrl`), and nowhere else; with the upgrade to a
   * WebSocket, too, but by a page or a Cloudflare Worker, which cannot.
   */
  readonly headers?: Resolvable<Readonly<Record<string, string>>> | undefined;
  /** In order of preference; a subset is allowed. @default ['websocket', 'sse', 'polling'] */
  readonly transports?: readonly TransportName[] | undefined;
  readonly polling?: PollingOptions | undefined;
  readonly timeouts?: TimeoutOptions | undefined;
  readonly retry?: RetryOptions | undefined;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /**
   * Outside of a page called as `new WebSocket(url, [], { headers })`, as the class of `ws` is, where there are
   * `auth` or `headers`. One that takes them otherwise is given in a subclass that hands them over.
   *
   * @default the global one, or `ws` in Node 20
   */
  readonly WebSocket?: WebSocketClass | undefined;
  /** A level of the console, or where to write instead. @default 'warn' */
  readonly logger?: Logger | LogLevel | undefined;
  /**
   * Where a record of each job is kept, such as `memoryJobs()` of `reelwire/jobs`: a submit is then made at most once a
   * `key`, and no job is lost where the process dies.
   */
  readonly jobs?: Jobs | undefined;
  /**
   * By which processes that serve the same jobs wake one another, such as `redisBus(client)` of `reelwire/jobs`: a webhook
   * that lands on one ends the wait of another, and one of them polls for all. It is left open when the client is closed.
   */
  readonly bus?: JobBus | undefined;
}

/** The same where the backend says where its server is. */
export interface HostedClientOptions<B extends AnyBackend>
  extends Omit<VideoClientOptions<B>, 'baseUrl' | 'backend'> {
  /** Instead of the backend's, such as that of a proxy. */
  readonly baseUrl?: string | URL | undefined;
  readonly backend: B & { readonly baseUrl: string };
}
