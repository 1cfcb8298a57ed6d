import type { AnyBackend } from './backends/backend.js';
import { TRANSPORTS, type TransportName } from './core/model.js';
import { didYouMean } from './core/nearest.js';
import type { WebSocketClass } from './core/runtime.js';
import { ConfigurationError } from './errors.js';

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

/** Timers of JavaScript overflow beyond this and fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

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
  },
  retry: {
    attempts: [3, 1, 100],
    minDelayMs: [1_000, 0, MAX_DELAY_MS],
    maxDelayMs: [30_000, 0, MAX_DELAY_MS],
  },
} as const;

const OPTION_NAMES = [
  ...['baseUrl', 'backend', 'webSocketUrl', 'auth', 'headers', 'transports'],
  ...['polling', 'timeouts', 'retry', 'fetch', 'WebSocket', 'logger'],
];

/**
 * Checks the options and puts the defaults in.
 *
 * @throws ConfigurationError that names the option, before anything is sent.
 */
export function resolveOptions<B extends AnyBackend>(
  options: VideoClientOptions<B>,
  defaultBackend: () => AnyBackend,
): Settings {
  const given: Record<string, unknown> = record('options', options);
  refuseUnknown('', given, OPTION_NAMES);
  const settings: Settings = {
    baseUrl: resolveBaseUrl(options.baseUrl),
    backend: options.backend ?? defaultBackend(),
    webSocketUrl: options.webSocketUrl,
    auth: checkAuth(options.auth),
    headers: options.headers,
    transports: checkTransports(options.transports),
    polling: numbers('polling', given.polling),
    timeouts: numbers('timeouts', given.timeouts),
    retry: numbers('retry', given.retry),
    fetch: options.fetch,
    WebSocket: options.WebSocket,
    logger: options.logger ?? silent,
  };
  if (settings.retry.minDelayMs > settings.retry.maxDelayMs) {
    throw new ConfigurationError('retry.maxDelayMs', 'retry.maxDelayMs is less than retry.minDelayMs');
  }
  if (typeof settings.backend?.generate !== 'function' || typeof settings.backend.status !== 'function') {
    throw new ConfigurationError('backend', 'backend is not a Backend', {
      hint: 'Pass what soraGateway(), vidBuilder() or openAIVideos() returns, or an object with the methods of Backend.',
    });
  }
  if (settings.headers !== undefined && typeof settings.headers !== 'function')
    record('headers', settings.headers);
  if (settings.webSocketUrl !== undefined && typeof settings.webSocketUrl !== 'function') {
    toWebSocketUrl(settings.webSocketUrl, settings.baseUrl);
  }
  for (const name of ['fetch', 'WebSocket'] as const) {
    if (given[name] !== undefined && typeof given[name] !== 'function') {
      throw new ConfigurationError(name, `${name} must be a function, not ${describe(given[name])}`);
    }
  }
  return settings;
}

/**
 * Where the WebSocket is: `http(s)` is mapped to `ws(s)`, a relative URL goes below `base`.
 *
 * @throws ConfigurationError for any other scheme.
 */
export function toWebSocketUrl(value: string | URL, base: URL): URL {
  let url: URL;
  try {
    url = new URL(value, base);
  } catch {
    throw new ConfigurationError('webSocketUrl', 'webSocketUrl is not a URL');
  }
  if (url.protocol === 'http:') url.protocol = 'ws:';
  else if (url.protocol === 'https:') url.protocol = 'wss:';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new ConfigurationError(
      'webSocketUrl',
      `webSocketUrl has the scheme ${JSON.stringify(url.protocol)}`,
      {
        hint: 'Use ws:, wss:, http: or https:.',
      },
    );
  }
  url.hash = ''; // The WebSocket constructor refuses a fragment.
  return url;
}

/** A whole number of milliseconds given to one call. */
export function checkTimeoutMs(name: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : checkNumber(name, value, 1, MAX_DELAY_MS);
}

function resolveBaseUrl(value: unknown): URL {
  const hint = 'Give the address of the server, such as baseUrl: "https://api.example.com".';
  if (typeof value !== 'string' && !(value instanceof URL)) {
    throw new ConfigurationError('baseUrl', `baseUrl is missing or not a URL (${describe(value)})`, { hint });
  }
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  let url: URL;
  try {
    url = new URL(value, page);
  } catch {
    const where = page === undefined ? ' (a relative one works in a browser only)' : '';
    throw new ConfigurationError('baseUrl', `baseUrl ${describe(value)} is not an absolute URL${where}`, {
      hint,
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigurationError('baseUrl', `baseUrl has the scheme ${JSON.stringify(url.protocol)}`, {
      hint,
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigurationError('baseUrl', 'baseUrl holds a user name or password', {
      hint: "Use auth: { type: 'basic', username, password } instead.",
    });
  }
  return url;
}

function checkAuth(auth: Auth | undefined): Auth | undefined {
  if (auth === undefined) return undefined;
  record('auth', auth);
  // Never describe what was given: it is, or is near, a secret.
  if (auth.type === 'bearer') {
    if (typeof auth.token === 'function' || (typeof auth.token === 'string' && auth.token !== ''))
      return auth;
    throw new ConfigurationError(
      'auth.token',
      'auth.token must be a string that is not empty, or a function',
    );
  }
  if (auth.type === 'basic') {
    if (typeof auth.username === 'string' && typeof auth.password === 'string') return auth;
    throw new ConfigurationError('auth', 'auth.username and auth.password must be strings');
  }
  throw new ConfigurationError('auth.type', "auth.type must be 'bearer' or 'basic'");
}

function checkTransports(names: readonly TransportName[] = TRANSPORTS): readonly TransportName[] {
  if (!Array.isArray(names) || names.length === 0) {
    throw new ConfigurationError('transports', 'transports must be a list of at least one transport', {
      hint: `Choose from ${TRANSPORTS.join(', ')}.`,
    });
  }
  names.forEach((name: unknown, index) => {
    if (!TRANSPORTS.includes(name as TransportName)) {
      throw new ConfigurationError('transports', `transports holds ${describe(name)}, which is none`, {
        hint: didYouMean(String(name), TRANSPORTS),
      });
    }
    if (names.indexOf(name) !== index)
      throw new ConfigurationError('transports', `transports holds ${name} twice`);
  });
  return [...names];
}

function numbers<G extends keyof typeof NUMBERS>(
  group: G,
  value: unknown,
): Record<keyof (typeof NUMBERS)[G], number> {
  const rules: Record<string, readonly [number, number, number]> = NUMBERS[group];
  const given = value === undefined ? {} : record(group, value);
  refuseUnknown(`${group}.`, given, Object.keys(rules));
  const entries = Object.entries(rules).map(([name, [fallback, least, most]]) => {
    const number = given[name];
    return [name, number === undefined ? fallback : checkNumber(`${group}.${name}`, number, least, most)];
  });
  return Object.fromEntries(entries);
}

function checkNumber(option: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ConfigurationError(
    option,
    `${option} must be a whole number from ${least} to ${most}, not ${describe(value)}`,
  );
}

function record(option: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new ConfigurationError(option, `${option} must be an object, not ${describe(value)}`);
}

function refuseUnknown(prefix: string, given: Record<string, unknown>, names: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw new ConfigurationError(prefix + name, `there is no option ${JSON.stringify(prefix + name)}`, {
      hint: didYouMean(name, names),
    });
  }
}

function describe(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 100))
    : value === null
      ? 'null'
      : typeof value === 'number'
        ? String(value)
        : typeof value;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
