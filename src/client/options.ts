import type { AnyBackend } from '../backends/backend.js';
import { type Check, checkFields, optional, type Refusal } from '../core/check.js';
import { TRANSPORTS, type TransportName } from '../core/model.js';
import { didYouMean } from '../core/nearest.js';
import { isRecord } from '../core/record.js';
import { holdsPassword, isHttp, parseUrl } from '../core/url.js';
import { aboutJob, ConfigurationError } from '../errors.js';
import type { WebSocketClass } from '../runtime/runtime.js';
import { type Logger, type LogLevel, resolveLogger } from './logger.js';

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

/** Of `VideoClient`. Only `baseUrl` is needed. */
export interface VideoClientOptions<B extends AnyBackend> {
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
}

/** A group of numeric options with every default in its place. */
type Numbers<Group> = Readonly<Record<keyof Group, number>>;

/** The options with every default in its place. */
export interface Settings {
  readonly baseUrl: URL;
  readonly backend: AnyBackend;
  readonly webSocketUrl: Resolvable<string | URL> | undefined;
  readonly auth: Auth | undefined;
  readonly headers: Resolvable<Readonly<Record<string, string>>> | undefined;
  readonly transports: readonly TransportName[];
  readonly polling: Numbers<PollingOptions>;
  readonly timeouts: Numbers<TimeoutOptions>;
  readonly retry: Numbers<RetryOptions>;
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly WebSocket: WebSocketClass | undefined;
  readonly logger: Logger;
}

/** Timers of JavaScript overflow beyond this and fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** As many status calls at once are made without being asked for. */
const MAX_DEFAULT_CONCURRENCY = 60;

/** Every numeric option: its default, least and greatest value. */
const NUMBERS = {
  polling: { intervalMs: [5_000, 1, MAX_DELAY_MS], concurrency: [6, 1, 1_000] },
  timeouts: {
    requestMs: [30_000, 1, MAX_DELAY_MS],
    connectMs: [10_000, 1, MAX_DELAY_MS],
    headStartMs: [300, 0, MAX_DELAY_MS],
    silenceMs: [30_000, 1, MAX_DELAY_MS],
    jobMs: [30 * 60_000, 1, MAX_DELAY_MS],
    notReadyMs: [60_000, 0, MAX_DELAY_MS],
    missingMs: [60_000, 0, MAX_DELAY_MS],
  },
  retry: {
    attempts: [3, 1, 100],
    minDelayMs: [1_000, 0, MAX_DELAY_MS],
    maxDelayMs: [30_000, 0, MAX_DELAY_MS],
  },
} as const;

const callable: Check = (value) =>
  typeof value === 'function' ? undefined : `must be a function, not ${describe(value)}`;
/** Looked at below, where what is wrong needs more words. */
const any: Check = () => undefined;

const CHECKS: Readonly<Record<keyof VideoClientOptions<AnyBackend>, Check>> = {
  baseUrl: any,
  backend: any,
  webSocketUrl: any,
  auth: any,
  headers: optional((value) =>
    isRecord(value) || typeof value === 'function' ? undefined : 'must be an object, or a function',
  ),
  transports: any,
  polling: any,
  timeouts: any,
  retry: any,
  fetch: optional(callable),
  WebSocket: optional(callable),
  logger: any,
};

const refusal: Refusal = (option, problem, hint) => new ConfigurationError(option, problem, { hint });

/**
 * Checks the options and puts the defaults in.
 *
 * @throws ConfigurationError that names the option, before anything is sent.
 */
export function resolveOptions<B extends AnyBackend>(
  options: VideoClientOptions<B>,
  defaultBackend: () => AnyBackend,
): Settings {
  checkFields('options', 'option', options, CHECKS, refusal);
  const settings: Settings = {
    baseUrl: resolveBaseUrl(options.baseUrl),
    backend: options.backend ?? defaultBackend(),
    webSocketUrl: options.webSocketUrl,
    auth: checkAuth(options.auth),
    headers: options.headers,
    transports: checkTransports(options.transports),
    polling: resolvePolling(options.polling),
    timeouts: numbers('timeouts', options.timeouts),
    retry: numbers('retry', options.retry),
    fetch: options.fetch,
    WebSocket: options.WebSocket,
    logger: resolveLogger(options.logger),
  };
  const { backend, baseUrl, retry, webSocketUrl } = settings;
  if (retry.minDelayMs > retry.maxDelayMs) {
    throw refusal('retry.maxDelayMs', 'retry.maxDelayMs is less than retry.minDelayMs');
  }
  if (typeof backend?.generate !== 'function' || typeof backend.status !== 'function') {
    throw refusal(
      'backend',
      'backend is not a Backend',
      'Pass what soraGateway(), vidBuilder() or openAIVideos() returns, or an object with the methods of Backend.',
    );
  }
  if (webSocketUrl !== undefined && typeof webSocketUrl !== 'function') toWebSocketUrl(webSocketUrl, baseUrl);
  return settings;
}

/**
 * Where the WebSocket is: `http(s)` is mapped to `ws(s)`, a relative URL is resolved against `base`.
 *
 * @throws ConfigurationError for any other scheme.
 */
export function toWebSocketUrl(value: string | URL, base: URL): URL {
  const url = parseUrl(value, base);
  if (url === undefined) throw refusal('webSocketUrl', 'webSocketUrl is not a URL');
  url.protocol = url.protocol.replace(/^http/, 'ws');
  if (!/^wss?:$/.test(url.protocol)) {
    throw refusal(
      'webSocketUrl',
      `webSocketUrl has the scheme ${describe(url.protocol)}`,
      'Use ws:, wss:, http: or https:.',
    );
  }
  url.hash = ''; // The WebSocket constructor refuses a fragment.
  return url;
}

/** A whole number of milliseconds given to one call. */
export function checkTimeoutMs(name: string, value: number | undefined, jobId?: string): number | undefined {
  try {
    if (value !== undefined) checkOption(name, value, wholeNumber(1, MAX_DELAY_MS));
  } catch (error) {
    throw aboutJob(error, jobId);
  }
  return value;
}

export function checkOption(name: string, value: unknown, check: Check): void {
  const problem = check(value);
  if (problem !== undefined) throw refusal(name, `${name} ${problem}`);
}

function resolveBaseUrl(value: unknown): URL {
  const wrong = (problem: string, hint?: string) =>
    refusal(
      'baseUrl',
      `baseUrl ${problem}`,
      hint ?? 'Give the address of the server, such as baseUrl: "https://api.example.com".',
    );
  if (typeof value !== 'string' && !(value instanceof URL)) {
    throw wrong(
      `is missing or not a URL (${describe(value)})`,
      value === undefined
        ? 'Give the address of the server. Where a variable has it that is not set while a site is built, make the client at its first use.'
        : undefined,
    );
  }
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  const url = parseUrl(value, page);
  if (url === undefined) {
    const where = page === undefined ? ' (a relative one works in a browser only)' : '';
    throw wrong(`${describe(value)} is not an absolute URL${where}`);
  }
  if (!isHttp(url)) throw wrong(`has the scheme ${describe(url.protocol)}`);
  if (holdsPassword(url))
    throw wrong('holds a user name or password', "Use auth: { type: 'basic', username, password } instead.");
  return url;
}

/** Never describes what was given: it is, or is near, a secret. */
function checkAuth(auth: Auth | undefined): Auth | undefined {
  if (auth === undefined) return undefined;
  if (!isRecord(auth)) throw refusal('auth', 'auth must be an object');
  if (auth.type === 'bearer') {
    if (typeof auth.token === 'function' || (typeof auth.token === 'string' && auth.token !== ''))
      return auth;
    throw refusal('auth.token', 'auth.token must be a string that is not empty, or a function');
  }
  if (auth.type === 'basic') {
    if (typeof auth.username === 'string' && typeof auth.password === 'string') return auth;
    throw refusal('auth', 'auth.username and auth.password must be strings');
  }
  throw refusal('auth.type', "auth.type must be 'bearer' or 'basic'");
}

function checkTransports(names: readonly TransportName[] = TRANSPORTS): readonly TransportName[] {
  const wrong = (problem: string, hint?: string) => refusal('transports', `transports ${problem}`, hint);
  if (!Array.isArray(names) || names.length === 0)
    throw wrong('must be a list of at least one transport', `Choose from ${TRANSPORTS.join(', ')}.`);
  names.forEach((name: unknown, index) => {
    if (!TRANSPORTS.includes(name as TransportName))
      throw wrong(`holds ${describe(name)}, which is none`, didYouMean(String(name), TRANSPORTS));
    if (names.indexOf(name) !== index) throw wrong(`holds ${name} twice`);
  });
  return [...names];
}

function numbers<G extends keyof typeof NUMBERS>(
  group: G,
  given: object = {},
): Record<keyof (typeof NUMBERS)[G], number> {
  const rules = Object.entries<readonly [number, number, number]>(NUMBERS[group]);
  const checks = rules.map(([name, [, least, most]]) => [name, optional(wholeNumber(least, most))]);
  checkFields(group, 'option', given, Object.fromEntries(checks), refusal, `${group}.`);
  const values = new Map<string, number>(Object.entries(given));
  const entries = rules.map(([name, [fallback]]) => [name, values.get(name) ?? fallback]);
  return Object.fromEntries(entries);
}

/** Who asks each job ten times as often has to ask ten times as many at once to come round. */
function resolvePolling(given: PollingOptions | undefined): Settings['polling'] {
  const polling = numbers('polling', given);
  if (given?.concurrency !== undefined) return polling;
  const { intervalMs, concurrency } = NUMBERS.polling;
  const wanted = Math.ceil((concurrency[0] * intervalMs[0]) / polling.intervalMs);
  return { ...polling, concurrency: Math.min(Math.max(wanted, concurrency[0]), MAX_DEFAULT_CONCURRENCY) };
}

export function wholeNumber(least: number, most: number): Check {
  return (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `must be a whole number from ${least} to ${most}, not ${describe(value)}`;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  return value === null || typeof value === 'number' ? String(value) : typeof value;
}
