import type { TransportName } from './model.js';

/** A value, or a function that is asked for it at every connect. */
export type Resolvable<T> = T | (() => T | Promise<T>);

/** The credentials. Sent as `headers` are: to the origin of `baseUrl` (and of `webSocketUrl`), and nowhere else. */
export type Auth =
  | { readonly type: 'bearer'; readonly token: Resolvable<string> }
  | { readonly type: 'basic'; readonly username: string; readonly password: string };

/** How status calls are made. */
export interface PollingOptions {
  /** Between two status calls for one job, in milliseconds. @default 5000 */
  readonly intervalMs?: number | undefined;
  /**
   * Status calls under way at once, over all jobs.
   * @default 6; with a shorter `intervalMs` as many more as ask as many jobs within it, up to 60
   */
  readonly concurrency?: number | undefined;
}

/** How long things may take, in milliseconds; whole numbers up to 2,147,483,647. */
export interface TimeoutOptions {
  /** One HTTP call, from its start to the end of its body. @default 30000 */
  readonly requestMs?: number | undefined;
  /** One attempt to open a stream. @default 10000 */
  readonly connectMs?: number | undefined;
  /** How long a better transport has alone before the next one starts beside it. @default 300 */
  readonly headStartMs?: number | undefined;
  /** A stream silent for so long about a live job is checked by a status call. @default 30000 */
  readonly silenceMs?: number | undefined;
  /** From the start of following a job to its end. @default 1800000 */
  readonly jobMs?: number | undefined;
  /** How long a download that is not there yet after `completed` is waited for. @default 60000 */
  readonly notReadyMs?: number | undefined;
  /**
   * For how long the status of a job that was known may be refused (404, 403, a web page …) before following ends:
   * balancers and redeploys answer so for a while. @default 60000
   */
  readonly missingMs?: number | undefined;
}

/** How a call is made again, where it may be; delays, in milliseconds, grow with each attempt, with jitter. */
export interface RetryOptions {
  /** Attempts in all, the first included. @default 3 */
  readonly attempts?: number | undefined;
  /** @default 1000 */
  readonly minDelayMs?: number | undefined;
  /** @default 30000 */
  readonly maxDelayMs?: number | undefined;
}

/** Where the client says what it does; `console` fits. Never given a secret; each line names its job. */
export interface Logger {
  /** Every HTTP call (method, URL without its query, status, time, request id), and every change of transport. */
  debug(message: string): void;
  /** A stream failed, and another transport serves. */
  info(message: string): void;
  /** What `warning` tells the listeners of a job, too. Of one kind, ten lines a minute; the rest is counted in one. */
  warn(message: string): void;
  /** Following stopped and no listener was told; a listener, or the backend, threw. */
  error(message: string): void;
}

/** The least that is written to the console. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'silent';

/** A group of numeric options with every default in its place. */
type Numbers<Group> = Readonly<Record<keyof Group, number>>;

/** Where the server is, and what it is told of the caller. */
export interface ServerSettings {
  readonly backend: {
    readonly credential?: { readonly header: string; readonly scheme?: string | undefined } | undefined;
  };
  readonly baseUrl: URL;
  readonly webSocketUrl: Resolvable<string | URL> | undefined;
  readonly auth: Auth | undefined;
  readonly headers: Resolvable<Readonly<Record<string, string>>> | undefined;
}

export type RetrySettings = Numbers<RetryOptions>;

/** How calls are made and jobs followed, with every default in its place. */
export interface FollowingSettings {
  readonly transports: readonly TransportName[];
  readonly polling: Numbers<PollingOptions>;
  readonly timeouts: Numbers<TimeoutOptions>;
  readonly retry: RetrySettings;
}
