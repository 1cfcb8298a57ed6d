import { ConfigurationError, type WebhookVerificationReason } from '../errors.js';
import type { BodyLimits, readBody, WebhookBody } from './body.js';
import { type Bytes, bytesOf } from './bytes.js';
import { equalInConstantTime } from './constant-time.js';
import { hmacSha256 } from './crypto/node.js';
import type { findHeaders } from './find-headers.js';
import type { readKey } from './flaws.js';
import { headerOf, isComplete, type WebhookHeaders } from './headers.js';
import type { fitsPublicKey } from './public-key.js';
import { refused } from './refused.js';
import {
  isPlain,
  type Key,
  keyOf,
  type ResolvedScheme,
  resolveScheme,
  secretsOf,
  type WebhookScheme,
  type WebhookSecret,
} from './secret.js';
import type { VerifiedWebhook, WebhookSource } from './source.js';

/** For how long to believe a delivery. */
export interface VerifyLimits extends BodyLimits {
  /** How old a delivery may be where its time is signed. @default 300 */
  readonly toleranceSeconds?: number | undefined;
  /** How far ahead of our clock it may be. @default the same as `toleranceSeconds` */
  readonly futureToleranceSeconds?: number | undefined;
  /** The time to compare with, as a `Date` or in milliseconds since the epoch. @default now */
  readonly now?: number | Date | undefined;
}

/** Whom to believe, and for how long. */
export interface VerifyOptions extends VerifyLimits {
  /** One secret, or several while one replaces another. */
  readonly secret: WebhookSecret | readonly WebhookSecret[];
  /** @default 'standard-webhooks' for `whsec_` and `whpk_` secrets, else 'hmac-sha256-hex' */
  readonly scheme?: WebhookScheme | undefined;
  readonly from?: undefined;
}

/** The same, where a source says whom to believe. */
export interface VerifyFromOptions extends VerifyLimits {
  /** Such as `replicateWebhooks({ secret })`. It has its own secret and scheme. */
  readonly from: WebhookSource;
  readonly secret?: undefined;
  readonly scheme?: undefined;
}

/** A delivery as it came. */
export interface WebhookParts {
  readonly body: WebhookBody;
  /** May be left out where `body` is a `Request`. */
  readonly headers?: WebhookHeaders | undefined;
}

/** How far a check came, for the words of a refusal. */
export interface Attempt {
  signed?: Signed;
  body?: Bytes;
}

/** What a check needs seldom. */
export interface Seldom {
  readonly findHeaders: typeof findHeaders;
  readonly readBody: typeof readBody;
  readonly readKey: typeof readKey;
  readonly fitsPublicKey: typeof fitsPublicKey;
}

/**
 * Some have it at hand, and some load it then.
 *
 * @param reason - Of the refusal where it does not load.
 */
export type Load<T = Seldom> = (reason: WebhookVerificationReason) => Promise<T>;

/**
 * `verifyWebhookSignature` with the reason alone, and without the cost of finding words for it. A promise only where
 * something has to be waited for: to wait takes as long as to compare.
 *
 * @param attempt - Told how far it came.
 * @param read - Where the headers of the scheme say it in another way.
 */
export function checkDelivery(
  options: WebhookParts & VerifyOptions,
  attempt: Attempt,
  load: Load,
  read: ReadHeaders = readHeaders,
): VerifiedWebhook | Promise<VerifiedWebhook> {
  const secrets = secretsOf(options.secret);
  const scheme = resolveScheme(options.scheme, secrets);
  const headers = options.headers ?? (Object(options.body) as Partial<Request>).headers;
  const values = scheme.headers.map((name) => headerOf(headers, name));
  const body = bytesOf(options.body);
  const seldomFor = !secrets.every(isPlain)
    ? 'bad-secret'
    : !isComplete(values, scheme)
      ? 'missing-header'
      : body === undefined && 'body-incomplete';

  const check = (seldom?: Seldom) => {
    const readKey = seldom?.readKey ?? keyOf;
    const keys = secrets.map((secret) => readKey(secret, scheme) ?? refuse('bad-secret'));
    const pastSeconds = options.toleranceSeconds ?? 300;
    const futureSeconds = options.futureToleranceSeconds ?? pastSeconds;
    // The sum of texts would be a text.
    if (!(pastSeconds >= 0 && futureSeconds >= 0 && Number.isFinite(pastSeconds + futureSeconds))) {
      throw new ConfigurationError('toleranceSeconds', 'toleranceSeconds must be finite, 0 or more');
    }
    const nowMs = Number(options.now ?? Date.now());
    const found = seldom && !isComplete(values, scheme) ? seldom.findHeaders(headers, scheme) : values;
    const signed = { sent: read(found, scheme), scheme, keys, nowMs, pastSeconds, futureSeconds };
    attempt.signed = signed;
    const decide = (bytes: Bytes) => {
      attempt.body = bytes;
      const match = matchBody(signed, bytes, load);
      return isThere(match) ? believed(match) : match.then(believed);
    };
    return seldom && body === undefined
      ? seldom.readBody(options.body, options, true).then(decide)
      : decide(body as Bytes);
  };
  return seldomFor ? load(seldomFor).then(check) : check();
}

function believed(match: VerifiedWebhook | undefined): VerifiedWebhook {
  return match ?? refuse('bad-signature');
}

/** Not by its class, of which a page may have another. */
export function isThere<T>(value: T | Promise<T>): value is T {
  return !('then' in Object(value));
}

/** What a delivery says by its headers. */
export interface SignedHeaders {
  /** As sent: `v1,…` or `v1a,…` for Standard Webhooks, else lower-case hex. */
  readonly signatures: readonly string[];
  /** Empty, as is the timestamp, where the scheme signs none. */
  readonly id: string;
  /** Unix seconds. */
  readonly timestamp: string;
  /** What is signed before the body. */
  readonly prefix: string;
}

/** What a delivery says by its headers, and what it is held against. */
export interface Signed {
  readonly sent: SignedHeaders;
  readonly scheme: ResolvedScheme;
  readonly keys: readonly Key[];
  readonly nowMs: number;
  readonly pastSeconds: number;
  readonly futureSeconds: number;
}

/** Reads the values of the headers of a scheme, in their order. */
export type ReadHeaders = (values: readonly string[], scheme: ResolvedScheme) => SignedHeaders;

function refuse(reason: WebhookVerificationReason): never {
  throw refused(reason);
}

/** More than any rotation needs; a header may hold thousands. */
export const MAX_SIGNATURES = 32;

function readHeaders(values: readonly string[], scheme: ResolvedScheme): SignedHeaders {
  if (scheme.kind !== 'standard-webhooks') {
    // In any case, and after the name of the algorithm, as many senders write it.
    const listed = values.join(' ').toLowerCase().replaceAll('sha256=', '').trim();
    return { signatures: listed.split(/[\s,]+/, MAX_SIGNATURES), id: '', timestamp: '', prefix: '' };
  }
  const [sentId = '', sentTime = '', listed = ''] = values;
  const id = sentId.trim();
  const timestamp = sentTime.trim();
  // "id.time.body" can be cut at other dots: an id that holds a time would be one that took part of a body.
  if (!/^\d{1,11}$/.test(timestamp) || /^$|\.\d+(\.|$)/.test(id)) refuse('bad-timestamp');
  // A `Headers` joins repeated headers by ", ". What is long is not trimmed: that takes as long as to check it.
  const signatures = listed.includes(' ') ? listed.split(/,? /, MAX_SIGNATURES) : [listed.trim()];
  return { signatures, id, timestamp, prefix: `${id}.${timestamp}.` };
}

/**
 * Whether the body is what the headers say was signed: undefined where it is not, for whoever tries many would have an
 * error made for each. Throws for one that is, and at another time. A promise only where the MAC is one.
 */
export function matchBody(
  signed: Signed,
  body: Bytes,
  load: Load<Pick<Seldom, 'fitsPublicKey'>>,
  secretIndex = 0,
): VerifiedWebhook | undefined | Promise<VerifiedWebhook | undefined> {
  const { signatures, prefix, id, timestamp } = signed.sent;
  const { kind: scheme } = signed.scheme;
  const { nowMs, pastSeconds, futureSeconds } = signed;
  const key = signed.keys[secretIndex];
  if (!key) return undefined;
  const parts = [prefix, body];
  const version = scheme === 'standard-webhooks' ? 'v1,' : '';
  const decide = (mac: string | boolean) => {
    const fits =
      typeof mac === 'string'
        ? signatures.some(
            (each) => each.startsWith(version) && equalInConstantTime(mac, each, version.length),
          )
        : mac;
    if (!fits) return matchBody(signed, body, load, secretIndex + 1);
    if (!timestamp) return { scheme, secretIndex, body };
    // Only now, so that "stale" and "future" are only ever said of a genuine delivery.
    const sentMs = Number(timestamp) * 1_000;
    const ageSeconds = Math.floor((nowMs - sentMs) / 1_000);
    // Written so that a clock that is not a number lets nothing pass.
    if (ageSeconds <= pastSeconds && -ageSeconds <= futureSeconds)
      return { scheme, secretIndex, body, id, timestamp: new Date(sentMs) };
    return refuse(ageSeconds > pastSeconds ? 'stale' : 'future');
  };
  // Once, however many signatures are listed.
  const mac = key.isPublic
    ? load('bad-signature').then((seldom) => seldom.fitsPublicKey(key.bytes, parts, signatures))
    : hmacSha256(key.bytes, parts, version ? 'base64' : 'hex');
  return isThere<string | boolean>(mac) ? decide(mac) : mac.then(decide);
}
