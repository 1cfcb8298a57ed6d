import type { AnyBackend } from '../backends/backend.js';
import { checkFields, checkNames, describe, optional, wholeNumber } from '../core/check.js';
import { wrongOption } from '../core/check-option.js';
import { MAX_TIMER_MS } from '../core/deadlines.js';
import { TRANSPORTS, type TransportName } from '../core/model.js';
import { didYouMean } from '../core/nearest.js';
import { isRecord } from '../core/record.js';
import type {
  Auth,
  FollowingSettings,
  Logger,
  PollingOptions,
  RetryOptions,
  ServerSettings,
} from '../core/settings.js';
import { holdsPassword, isHttp, parseUrl } from '../core/url.js';
import type { JobBus } from '../jobs/bus.js';
import type { Jobs } from '../jobs/jobs.js';
import type { WebSocketClass } from '../runtime/runtime.js';
import { resolveLogger } from './logger.js';
import type { HostedClientOptions, VideoClientOptions } from './options.js';

/** The options with every default in its place. */
export interface Settings extends ServerSettings, FollowingSettings {
  readonly backend: AnyBackend;
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly WebSocket: WebSocketClass | undefined;
  readonly logger: Logger;
  readonly jobs: Jobs | undefined;
  readonly bus: JobBus | undefined;
}

/** As many status calls at once are made without being asked for. */
const MAX_DEFAULT_CONCURRENCY = 60;

/** Every numeric option: its default, its least value, and its greatest where that is not what a timer takes. */
const NUMBERS = {
  polling: { intervalMs: [5_000, 1], concurrency: [6, 1, 1_000] },
  timeouts: {
    requestMs: [30_000, 1],
    connectMs: [10_000, 1],
    headStartMs: [300, 0],
    silenceMs: [30_000, 1],
    jobMs: [30 * 60_000, 1],
    notReadyMs: [60_000, 0],
    missingMs: [60_000, 0],
  },
  retry: { attempts: [3, 1, 100], minDelayMs: [1_000, 0], maxDelayMs: [30_000, 0] },
} as const;

/** How each option is read: checked, and its default put in. */
const OPTIONS: {
  readonly [Name in keyof Settings]: (
    given: VideoClientOptions<AnyBackend>[Name],
    backend: AnyBackend,
  ) => Settings[Name];
} = {
  baseUrl: readBaseUrl,
  backend: readBackend,
  webSocketUrl: (given) => given,
  auth: readAuth,
  headers(given) {
    if (given === undefined || isRecord(given) || typeof given === 'function') return given;
    throw wrongOption('headers', 'headers must be an object, or a function');
  },
  transports: readTransports,
  polling: readPolling,
  timeouts: (given) => readNumbers('timeouts', given),
  retry: readRetry,
  fetch: (given) => readFunction('fetch', given),
  WebSocket: (given) => readFunction('WebSocket', given),
  logger: resolveLogger,
  jobs: (given) => readMade('jobs', given, 'open', 'jobsOver(store)'),
  bus: (given) => readMade('bus', given, 'publish', 'memoryBus(), redisBus(client)'),
};

/**
 * Checks the options and puts the defaults in.
 *
 * @throws ConfigurationError that names the option, before anything is sent.
 */
export function resolveOptions<B extends AnyBackend>(
  options: VideoClientOptions<B> | HostedClientOptions<B>,
  defaultBackend: () => AnyBackend,
): Settings {
  checkNames('options', 'option', options, Object.keys(OPTIONS), wrongOption);
  const backend = options.backend ?? defaultBackend();
  const baseUrl = options.baseUrl ?? backend.baseUrl;
  const given: Readonly<Record<string, unknown>> = { ...options, baseUrl, backend };
  const read = Object.entries(OPTIONS).map(([name, reader]) => [name, reader(given[name] as never, backend)]);
  const settings: Settings = Object.fromEntries(read);
  const { webSocketUrl } = settings;
  if (webSocketUrl !== undefined && typeof webSocketUrl !== 'function')
    toWebSocketUrl(webSocketUrl, settings.baseUrl);
  return settings;
}

/**
 * Where the WebSocket is: `http(s)` is mapped to `ws(s)`, a relative URL is resolved against `base`.
 *
 * @throws ConfigurationError for any other scheme.
 */
export function toWebSocketUrl(value: string | URL, base: URL): URL {
  const url = parseUrl(value, base);
  if (url === undefined) throw wrongOption('webSocketUrl', 'webSocketUrl is not a URL');
  url.protocol = url.protocol.replace(/^http/, 'ws');
  if (!/^wss?:$/.test(url.protocol)) {
    throw wrongOption(
      'webSocketUrl',
      `webSocketUrl has the scheme ${describe(url.protocol)}`,
      'Use ws:, wss:, http: or https:.',
    );
  }
  url.hash = ''; // The WebSocket constructor refuses a fragment.
  return url;
}

function readBaseUrl(value: unknown): URL {
  const wrong = (
    problem: string,
    hint = 'Give the address of the server, such as baseUrl: "https://api.example.com".',
  ) => wrongOption('baseUrl', `baseUrl ${problem}`, hint);
  if (typeof value !== 'string' && !(value instanceof URL)) {
    throw wrong(
      `is missing or not a URL (${describe(value)})`,
      value === undefined
        ? 'Give the address of the server. Where its variable is not set while a site is built, make the client at its first use.'
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
  if (url.search !== '') throw wrong('has a query', 'Its routes would lose it: leave it out.');
  if (holdsPassword(url))
    throw wrong('holds a user name or password', "Use auth: { type: 'basic', username, password } instead.");
  return url;
}

function readBackend(backend: AnyBackend | undefined): AnyBackend {
  if (typeof backend?.generate === 'function' && typeof backend.status === 'function') return backend;
  throw wrongOption(
    'backend',
    'backend is not a Backend',
    'Pass what soraGateway() or the like returns, or an object with the methods of Backend.',
  );
}

/** Never describes what was given: it is, or is near, a secret. */
function readAuth(auth: Auth | undefined): Auth | undefined {
  if (auth === undefined) return undefined;
  if (!isRecord(auth)) throw wrongOption('auth', 'auth must be an object');
  if (auth.type === 'bearer') {
    if (typeof auth.token === 'function' || (typeof auth.token === 'string' && auth.token !== ''))
      return auth;
    throw wrongOption(
      'auth.token',
      'auth.token must be a string that is not empty, or a function',
      'Check that its variable is set.',
    );
  }
  if (auth.type !== 'basic') throw wrongOption('auth.type', "auth.type must be 'bearer' or 'basic'");
  if (typeof auth.username === 'string' && typeof auth.password === 'string') return auth;
  throw wrongOption('auth', 'auth.username and auth.password must be strings');
}

function readTransports(names: readonly TransportName[] = TRANSPORTS): readonly TransportName[] {
  const wrong = (problem: string, hint?: string) => wrongOption('transports', `transports ${problem}`, hint);
  if (!Array.isArray(names) || names.length === 0)
    throw wrong('must be a list of at least one', didYouMean('', TRANSPORTS));
  names.forEach((name: unknown, index) => {
    if (!TRANSPORTS.includes(name as TransportName))
      throw wrong(`names ${describe(name)}, which is none`, didYouMean(String(name), TRANSPORTS));
    if (names.indexOf(name) !== index) throw wrong(`names ${name} twice`);
  });
  return [...names];
}

function readFunction<T>(name: string, given: T | undefined): T | undefined {
  if (given === undefined || typeof given === 'function') return given;
  throw wrongOption(name, `${name} must be a function, not ${describe(given)}`);
}

/** Of an object that a function of ours, or the like of it, made. */
function readMade<T>(name: string, given: T | undefined, method: keyof T, maker: string): T | undefined {
  if (given === undefined || typeof given?.[method] === 'function') return given;
  throw wrongOption(name, `${name} must be what ${maker} or the like returns`);
}

function readNumbers<G extends keyof typeof NUMBERS>(
  group: G,
  given: object = {},
): Record<keyof (typeof NUMBERS)[G], number> {
  const rules = Object.entries<readonly [number, number, number?]>(NUMBERS[group]);
  const checks = rules.map(([name, [, least, most = MAX_TIMER_MS]]) => [
    name,
    optional(wholeNumber(least, most)),
  ]);
  checkFields(group, 'option', given, Object.fromEntries(checks), wrongOption, `${group}.`);
  const values = new Map<string, number>(Object.entries(given));
  const entries = rules.map(([name, [fallback]]) => [name, values.get(name) ?? fallback]);
  return Object.fromEntries(entries);
}

function readRetry(given: RetryOptions | undefined): Settings['retry'] {
  const retry = readNumbers('retry', given);
  if (retry.minDelayMs <= retry.maxDelayMs) return retry;
  throw wrongOption('retry.maxDelayMs', 'retry.maxDelayMs is less than retry.minDelayMs');
}

/** A client that asks about each job ten times as often must make ten times as many calls at once to keep up. */
function readPolling(given: PollingOptions | undefined, backend: AnyBackend): Settings['polling'] {
  const advice = given?.intervalMs === undefined && backend.polling;
  const polling = { ...readNumbers('polling', given), ...advice };
  if (given?.concurrency !== undefined) return polling;
  const { intervalMs, concurrency } = NUMBERS.polling;
  const wanted = Math.ceil((concurrency[0] * intervalMs[0]) / polling.intervalMs);
  return { ...polling, concurrency: Math.min(Math.max(wanted, concurrency[0]), MAX_DEFAULT_CONCURRENCY) };
}
