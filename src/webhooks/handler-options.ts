import type { CompletedJob, FailedJob, PendingJob, WebhookEvent } from '../core/model.js';
import { nearestName } from '../core/nearest.js';
import { isRecord } from '../core/record.js';
import { ConfigurationError, type WebhookVerificationError } from '../errors.js';
import { addressMatcher } from './addresses.js';
import { isThere, type VerifyLimits } from './check-delivery.js';
import { checkSource } from './check-source.js';
import type { RecentDeliveries } from './deliveries.js';
import { explainSecrets } from './explain.js';
import { leftOut, RefusalLog, type WebhookLogger } from './refusal-log.js';
import type { WebhookScheme, WebhookSecretOption, WebhookSecrets } from './secret.js';
import type { ExplainingSource, WebhookSource } from './source.js';
import { memoryStore } from './stores/memory.js';
import type { WebhookStore } from './stores/store.js';

/** A verified event that tells something about a job. */
export type JobEvent = Exclude<WebhookEvent, { readonly type: 'unknown' }>;
/** The video is there. */
export type CompletedEvent = JobEvent & { readonly type: 'job.completed'; readonly snapshot: CompletedJob };
/** The job ended without a video. */
export type FailedEvent = JobEvent & { readonly type: 'job.failed'; readonly snapshot: FailedJob };
/** The job goes on. */
export type ProgressEvent = JobEvent & {
  readonly type: 'job.queued' | 'job.processing';
  readonly snapshot: PendingJob;
};

type Callback<E> = (event: E) => unknown;

/** The part of a `VideoClient` that a receiver uses. */
export interface WebhookClient {
  /** Hands the event to whoever waits for its job. What it rejects with is answered 500: the sender comes again. */
  ingest(event: WebhookEvent, options?: { readonly token?: string | undefined }): unknown;
}

/** What the platform knows of a request, beside the request. */
export interface WebhookContext {
  /** Keeps the process alive until the promise is settled: an `ExecutionContext` has it. */
  waitUntil?(promise: Promise<unknown>): void;
  /** Of the socket; `toNodeHandler` gives it. Behind a proxy it is the proxy's. */
  readonly remoteAddress?: string | undefined;
}

/** Of `createWebhookHandler`: whom to believe, what to do, and how long to take. */
export interface WebhookHandlerOptions extends Omit<VerifyLimits, 'now'> {
  /**
   * Who sends, such as `replicateWebhooks({ secret })`: whom to believe, and what the deliveries say. In place of `secret`
   * and `scheme`, which are for the dialects of the built-in backends.
   */
  readonly from?: WebhookSource | undefined;
  /**
   * One secret, several while one replaces another, or a function that is asked at each delivery: where the secret is
   * not there yet when the module is loaded, as in `next build`.
   */
  readonly secret?: WebhookSecretOption | undefined;
  /** @default 'standard-webhooks' for `whsec_` and `whpk_` secrets, else 'hmac-sha256-hex' */
  readonly scheme?: WebhookScheme | undefined;
  /** Remembers what was acted on. Receivers in several processes need a common one. @default memoryStore() */
  readonly store?: WebhookStore | undefined;
  /** Each event, those of no job too, before the function for its type. */
  readonly onEvent?: Callback<WebhookEvent> | undefined;
  readonly onCompleted?: Callback<CompletedEvent> | undefined;
  readonly onFailed?: Callback<FailedEvent> | undefined;
  readonly onProgress?: Callback<ProgressEvent> | undefined;
  /** An event that tells less than is known of its job; no other function is called for it. */
  readonly onLate?: Callback<JobEvent> | undefined;
  /**
   * What one of these functions threw, or the store; the sender only learns that something did.
   * @default console.error; once a minute for each reason where nobody was believed yet
   */
  readonly onError?: ((error: unknown, event?: WebhookEvent) => void) | undefined;
  /**
   * Whose jobs they are: each event is handed to its `ingest` before any function is called, and no delivery is answered
   * 200 before. Where the client keeps records of its jobs, a submit whose answer was lost has its job again by the token in
   * the callback's URL.
   */
  readonly client?: WebhookClient | undefined;
  /**
   * The token of the URL that a delivery came to, where the backend was given a function for that URL. Needs `client`.
   * @default the `key` of its query
   */
  readonly keyOf?: ((request: Request) => string | undefined | Promise<string | undefined>) | undefined;
  /** Where each delivery is written down: `recentDeliveries()`. */
  readonly deliveries?: RecentDeliveries | undefined;
  /**
   * Told of deliveries that are refused, and of functions that take longer than `ackWithinMs`: once a minute for each
   * reason, with the number of those left out. Nothing of the body or of a secret. @default console
   */
  readonly logger?: WebhookLogger | 'silent' | undefined;
  /** A larger body is answered 413, in bytes. @default 1048576 */
  readonly maxBodyBytes?: number | undefined;
  /** A slower body is answered 408, in milliseconds. @default 10000 */
  readonly bodyTimeoutMs?: number | undefined;
  /**
   * The answer comes no later, in milliseconds; what is not done by then goes on, under `waitUntil` where given, and
   * the sender does not repeat it if it fails. @default 2500
   */
  readonly ackWithinMs?: number | undefined;
  /** A receiver that has not ended after so long has crashed, in milliseconds; let nothing take longer. @default 60000 */
  readonly leaseMs?: number | undefined;
  /** Keeps a promise going after the answer. A request's own `waitUntil` wins over it. */
  readonly waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
  /** Addresses and ranges (`203.0.113.0/24`) that may deliver; others are answered 403. Needs `addressOf`. */
  readonly allowedAddresses?: readonly string[] | undefined;
  /**
   * Who is asking. Without a proxy: `(_, { remoteAddress }) => remoteAddress`. Behind one, read the header that your
   * proxy sets; anybody can send `X-Forwarded-For`.
   */
  readonly addressOf?:
    | ((request: Request, context: WebhookContext) => string | undefined | Promise<string | undefined>)
    | undefined;
  /** Believe a delivery without a signature for its address alone. Needs `allowedAddresses`. @default false */
  readonly allowUnsigned?: boolean | undefined;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: (() => number) | undefined;
}

export interface HandlerSettings extends WebhookHandlerOptions {
  readonly from?: ExplainingSource | undefined;
  readonly store: WebhookStore;
  readonly onError: (error: unknown, event?: WebhookEvent) => void;
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
  readonly ackWithinMs: number;
  readonly leaseMs: number;
  readonly now: () => number;
  readonly refusals: RefusalLog;
  readonly isAllowed: (address: string | undefined) => boolean;
}

const NUMBERS = { maxBodyBytes: 1_048_576, bodyTimeoutMs: 10_000, ackWithinMs: 2_500, leaseMs: 60_000 };
const NAMES = [
  ...['from', 'secret', 'scheme', 'toleranceSeconds', 'futureToleranceSeconds', 'now', 'store', 'deliveries'],
  ...['client', 'keyOf'],
  ...['onEvent', 'onCompleted', 'onFailed', 'onProgress', 'onLate', 'onError', 'logger', 'waitUntil'],
  ...['allowedAddresses', 'addressOf', 'allowUnsigned', ...Object.keys(NUMBERS)],
];

/** @throws ConfigurationError that names the option; WebhookVerificationError `bad-secret`. */
export function resolveHandlerOptions(options: WebhookHandlerOptions): HandlerSettings {
  if (!isRecord(options as unknown))
    throw new ConfigurationError('options', 'options must be an object, such as { secret }');
  for (const name of Object.keys(options)) {
    if (NAMES.includes(name)) continue;
    const nearest = nearestName(name, NAMES);
    throw new ConfigurationError(name, `there is no option ${JSON.stringify(name)}`, {
      hint: nearest && `Did you mean ${nearest}?`,
    });
  }
  checkWhoIsBelieved(options);
  checkClient(options);
  const refusals = new RefusalLog(loggerOf(options));
  return {
    ...options,
    ...numbers(options),
    store: options.store ?? memoryStore(),
    onError: (error, event) => void report(error, event, options.onError, refusals),
    refusals,
    now: clockOf(options),
    isAllowed: options.allowedAddresses === undefined ? () => true : addressMatcher(options.allowedAddresses),
  };
}

function checkWhoIsBelieved(options: WebhookHandlerOptions): void {
  const { from, secret, scheme, allowedAddresses, addressOf, allowUnsigned } = options;
  if (allowedAddresses !== undefined && !Array.isArray(allowedAddresses))
    throw new ConfigurationError('allowedAddresses', 'allowedAddresses must be a list');
  if (addressOf !== undefined && typeof addressOf !== 'function')
    throw new ConfigurationError('addressOf', 'addressOf must be a function');
  if (allowedAddresses !== undefined && addressOf === undefined) {
    throw new ConfigurationError('addressOf', 'allowedAddresses needs addressOf', {
      hint: 'With toNodeHandler and no proxy: addressOf: (_, { remoteAddress }) => remoteAddress.',
    });
  }
  if (allowUnsigned && allowedAddresses === undefined) {
    throw new ConfigurationError(
      'allowUnsigned',
      'allowUnsigned needs allowedAddresses: unsigned deliveries need an address allowlist',
    );
  }
  if (from !== undefined) {
    checkSource(options);
    return;
  }
  if (typeof secret === 'function' || (secret === undefined && allowUnsigned)) return;
  // Now, and not with the first delivery.
  const wrong = explainSecrets({ secret: secret as WebhookSecrets, scheme });
  if (wrong) throw wrong;
}

function checkClient({ client, keyOf }: WebhookHandlerOptions): void {
  if (client !== undefined && typeof client?.ingest !== 'function') {
    throw new ConfigurationError('client', 'client must be a VideoClient, or have a function ingest');
  }
  if (keyOf === undefined) return;
  if (typeof keyOf !== 'function') throw new ConfigurationError('keyOf', 'keyOf must be a function');
  if (client === undefined) throw new ConfigurationError('keyOf', 'keyOf needs client');
}

/** Whoever reports an error must not be one. */
async function report(
  error: unknown,
  event: WebhookEvent | undefined,
  onError: WebhookHandlerOptions['onError'],
  refusals: RefusalLog,
): Promise<void> {
  try {
    if (onError) await onError(error, event);
    else if (event) console.error(error, event);
    else {
      // Before anybody was believed, so anybody can cause it.
      const more = refusals.due(`error ${(error as Partial<WebhookVerificationError>)?.reason}`);
      if (more !== undefined) console.error(error, leftOut(more));
    }
  } catch {
    // There is nobody left to tell.
  }
}

function loggerOf({ logger = console }: WebhookHandlerOptions): WebhookLogger | undefined {
  if (logger === 'silent') return undefined;
  if (typeof logger?.warn === 'function') return logger;
  throw new ConfigurationError('logger', 'logger must be "silent", or have a function warn');
}

/** One that gives the time later is refused where it is asked: nobody listens to its promise, and it would end the process. */
function clockOf({ now = Date.now }: WebhookHandlerOptions): () => number {
  return () => {
    const given: unknown = now();
    if (isThere(given)) return given as number;
    Promise.resolve(given).catch(() => {});
    throw new ConfigurationError('now', 'now gave a promise', {
      hint: 'Give a number of milliseconds since the epoch, as Date.now does.',
    });
  };
}

function numbers(options: WebhookHandlerOptions): typeof NUMBERS {
  const entries = Object.entries(NUMBERS).map(([name, fallback]) => {
    const value = options[name as keyof typeof NUMBERS] ?? fallback;
    // Timers overflow beyond this and fire at once.
    if (Number.isFinite(value) && value >= 1 && value < 2 ** 31) return [name, value];
    throw new ConfigurationError(name, `${name} must be a number from 1 to ${2 ** 31 - 1}`);
  });
  return Object.fromEntries(entries);
}
