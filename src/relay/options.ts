import type { Jobs } from '../index.js';
import {
  type AnyBackend,
  ConfigurationError,
  type InputOf,
  type Logger,
  type VideoClient,
} from '../index.js';
import type { WebhookHandlerOptions } from '../webhooks/index.js';
import { type RelayLimits, resolveLimits } from './limits.js';

/** Who asks. */
export interface RelayUser {
  /** Whose the jobs are: 1 to 255 characters. */
  readonly id: string;
  /** From then on nobody is believed to be this user: sockets and streams are closed, and calls answered 401. */
  readonly expiresAt?: Date | undefined;
}

/** As much of a request as every server of WebSockets has. */
export interface RelayRequest {
  readonly url: string;
  readonly headers: Headers;
}

/** What a user is about to do, and with which job. */
export type RelayAction =
  | { readonly type: 'generate' | 'list'; readonly jobId?: undefined }
  | { readonly type: 'status' | 'subscribe' | 'download' | 'forget'; readonly jobId: string };

/** Of `createRelay`. */
export interface RelayOptions<B extends AnyBackend, User extends RelayUser = RelayUser> {
  /** Holds the key, and has `jobs`: whose a job is, and what it is called upstream, is in its record. */
  readonly client: VideoClient<B>;
  /**
   * Who asks, by a cookie or a header; undefined where nobody is signed in, which is answered 401. A page without
   * cookies sends a ticket: in `headers`, and in the query of its `webSocketUrl`.
   */
  readonly authenticate: (request: RelayRequest) => User | undefined | Promise<User | undefined>;
  /**
   * Makes the input of `client.generate` of what the page sent, checked: what may be paid for is decided here, and not
   * by the page. Where it throws, the page is answered 400 with the message, or by the `RelayRefusal`.
   */
  readonly inputOf: (body: Readonly<Record<string, unknown>>, user: User) => InputOf<B> | Promise<InputOf<B>>;
  /**
   * Whether the user may: throws a `RelayRefusal`, or returns false for 403. Asked before anything is sent, but for the
   * answer to a submit that was made before.
   */
  readonly authorize?: ((user: User, action: RelayAction) => unknown) | undefined;
  /**
   * Takes the deliveries of the server behind at `/webhook`, such as `{ from: openRouterWebhooks({ secret }) }`: they wake
   * whoever waits for the job, and give a submit whose answer was lost its job again.
   */
  readonly webhooks?: Omit<WebhookHandlerOptions, 'client'> | undefined;
  /**
   * The pages that may open a WebSocket, submit and forget, such as `https://app.example.com`: where a proxy changes
   * `Host`. @default those of the host that is asked
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Below which all routes are. @default '/videos' */
  readonly basePath?: string | undefined;
  readonly limits?: Partial<RelayLimits> | undefined;
  /** Told what went wrong on this side, of which a page learns nothing but that. @default console */
  readonly logger?: Logger | 'silent' | undefined;
}

/** The options of any relay, checked. */
export interface RelaySettings {
  readonly client: VideoClient<AnyBackend>;
  readonly jobs: Jobs;
  readonly authenticate: RelayOptions<AnyBackend>['authenticate'];
  readonly inputOf: (body: Readonly<Record<string, unknown>>, user: RelayUser) => unknown;
  readonly authorize: (user: RelayUser, action: RelayAction) => unknown;
  readonly webhooks: Omit<WebhookHandlerOptions, 'client'> | undefined;
  readonly allowedOrigins: ReadonlySet<string> | undefined;
  readonly basePath: string;
  readonly limits: RelayLimits;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
}

const NAMES: Readonly<Record<keyof RelayOptions<AnyBackend>, true>> = {
  ...{ client: true, authenticate: true, inputOf: true, authorize: true, webhooks: true },
  ...{ allowedOrigins: true, basePath: true, limits: true, logger: true },
};

const SILENT: RelaySettings['logger'] = { warn() {}, error() {} };

/** @throws ConfigurationError that names the option. */
export function resolveRelayOptions<B extends AnyBackend, User extends RelayUser>(
  options: RelayOptions<B, User>,
): RelaySettings {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(NAMES, name))
      throw new ConfigurationError(name, `there is no option ${JSON.stringify(name)}`);
  const { client, webhooks, allowedOrigins, basePath = '/videos', limits, logger = console } = options;
  if (typeof client?.generate !== 'function')
    throw new ConfigurationError('client', 'client must be a VideoClient');
  const { jobs } = client;
  if (jobs === undefined) {
    throw new ConfigurationError('client', 'the client has no jobs: nothing tells whose a job is', {
      hint: 'Give the VideoClient jobs, such as fileJobs(folder) or redisJobs(client).',
    });
  }
  for (const name of ['authenticate', 'inputOf', 'authorize'] as const) {
    if (typeof options[name] !== 'function' && (name !== 'authorize' || options[name] !== undefined))
      throw new ConfigurationError(name, `${name} must be a function`);
  }
  if (logger !== 'silent' && (typeof logger?.warn !== 'function' || typeof logger.error !== 'function'))
    throw new ConfigurationError('logger', 'logger must be "silent", or have the functions warn and error');
  return {
    jobs,
    client: client as unknown as VideoClient<AnyBackend>,
    // Each is given no other user than `authenticate` gives.
    authenticate: options.authenticate,
    inputOf: options.inputOf as RelaySettings['inputOf'],
    authorize: (options.authorize ?? (() => {})) as RelaySettings['authorize'],
    webhooks,
    allowedOrigins: originsOf(allowedOrigins),
    basePath: basePathOf(basePath),
    limits: resolveLimits(limits),
    logger: logger === 'silent' ? SILENT : harmless(logger),
  };
}

function basePathOf(basePath: unknown): string {
  if (typeof basePath === 'string' && /^(\/[\w.~-]+)*\/?$/.test(basePath)) return basePath.replace(/\/$/, '');
  throw new ConfigurationError('basePath', "basePath must be a path such as '/videos'");
}

function originsOf(given: unknown): ReadonlySet<string> | undefined {
  if (given === undefined) return undefined;
  if (Array.isArray(given)) return new Set(given.map(originOf));
  throw new ConfigurationError('allowedOrigins', 'allowedOrigins must be a list of origins', {
    hint: "Such as ['https://app.example.com'].",
  });
}

/** What it throws, or rejects with, ends neither a call nor the process. */
function harmless(logger: RelaySettings['logger']): RelaySettings['logger'] {
  const tell = (level: 'warn' | 'error') => (message: string) => {
    try {
      const told: unknown = logger[level](message);
      Promise.resolve(told).catch(() => {});
    } catch {
      // There is nobody left to tell.
    }
  };
  return { warn: tell('warn'), error: tell('error') };
}

function originOf(given: string): string {
  try {
    const { origin } = new URL(given);
    if (origin !== 'null') return origin;
  } catch {
    // As below.
  }
  throw new ConfigurationError(
    'allowedOrigins',
    `allowedOrigins has ${JSON.stringify(given)}, which is no origin`,
    { hint: "Give scheme and host, such as 'https://app.example.com'." },
  );
}
