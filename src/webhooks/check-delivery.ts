import { ConfigurationError, type WebhookVerificationReason } from '../errors.js';
import type { BodyLimits, readBody, WebhookBody } from './body.js';
import { type Bytes, bytesOf } from './bytes.js';
import { equalInConstantTime } from './constant-time.js';
import { hmacSha256, type verifyEd25519 } from './crypto/node.js';
import type { findHeaders } from './find-headers.js';
import type { readKey } from './flaws.js';
import { headerOf, isComplete, type WebhookHeaders } from './headers.js';
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

/** Whom to believe, and for how long. */
export interface VerifyOptions extends BodyLimits {
  /** One secret, or several while one replaces another. */
  readonly secret: WebhookSecret | readonly WebhookSecret[];
  /** @default 'standard-webhooks' for `whsec_` and `whpk_` secrets, else 'hmac-sha256-hex' */
  readonly scheme?: WebhookScheme | undefined;
  /** How old a delivery may be where its time is signed. @default 300 */
  readonly toleranceSeconds?: number | undefined;
  /** How far ahead of our clock it may be. @default the same as `toleranceSeconds` */
  readonly futureToleranceSeconds?: number | undefined;
  /** The time to compare with, as a `Date` or in milliseconds since the epoch. @default now */
  readonly now?: number | Date | undefined;
}

/** A delivery as it came. */
export interface WebhookParts {
  readonly body: WebhookBody;
  /** May be left out where `body` is a `Request`. */
  readonly headers?: WebhookHeaders | undefined;
}

/** A delivery that comes from a holder of the secret. */
export interface VerifiedWebhook {
  readonly scheme: 'standard-webhooks' | 'hmac-sha256-hex';
  /** Which of the secrets matched. */
  readonly secretIndex: number;
  /** What was signed: the body as given, or the bytes of the `Request`. */
  readonly body: string | Uint8Array;
  /** The signed id of the delivery (`webhook-id`); `hmac-sha256-hex` has none. */
  readonly id?: string;
  /** The signed time of the delivery (`webhook-timestamp`); `hmac-sha256-hex` has none. */
  readonly timestamp?: Date;
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
  readonly verifyEd25519: typeof verifyEd25519;
}

/**
 * Some have it at hand, and some load it then.
 *
 * @param reason - Of the refusal where it does not load.
 */
export type Load<T = Seldom> = (reason: WebhookVerificationReason) => T | Promise<T>;

/**
 * `verifyWebhookSignature` with the reason alone, and without the cost of finding words for it.
 *
 * @param attempt - Told how far it came.
 */
export async function checkDelivery(
  options: WebhookParts & VerifyOptions,
  attempt: Attempt,
  load: Load,
): Promise<VerifiedWebhook> {
  const signed = await readSigned(options, load);
  attempt.signed = signed;
  const body =
    bytesOf(options.body) ?? (await (await load('body-incomplete')).readBody(options.body, options, true));
  attempt.body = body;
  return matchBody(signed, body, load);
}

/** What a delivery says by its headers, and what it is held against. */
export interface Signed {
  readonly scheme: ResolvedScheme;
  readonly keys: readonly Key[];
  /** As sent: `v1,…` or `v1a,…` for Standard Webhooks, else lower-case hex. */
  readonly signatures: readonly string[];
  /** Empty, as is the timestamp, where the scheme signs none. */
  readonly id: string;
  readonly timestamp: string;
  readonly nowMs: number;
  readonly pastSeconds: number;
  readonly futureSeconds: number;
}

async function readSigned(options: WebhookParts & VerifyOptions, load: Load): Promise<Signed> {
  const secrets = secretsOf(options.secret);
  const scheme = resolveScheme(options.scheme, secrets);
  const keys: Key[] = [];
  for (const secret of secrets) {
    const key = isPlain(secret) ? keyOf(secret, scheme) : (await load('bad-secret')).readKey(secret, scheme);
    if (!key) throw refused('bad-secret');
    keys.push(key);
  }
  const pastSeconds = options.toleranceSeconds ?? 300;
  const futureSeconds = options.futureToleranceSeconds ?? pastSeconds;
  // The sum of texts would be a text.
  if (!(pastSeconds >= 0 && futureSeconds >= 0 && Number.isFinite(pastSeconds + futureSeconds))) {
    throw new ConfigurationError('toleranceSeconds', 'toleranceSeconds must be finite, 0 or more');
  }
  const headers = options.headers ?? (Object(options.body) as Partial<Request>).headers;
  const nowMs = Number(options.now ?? Date.now());
  const direct = scheme.headers.map((name) => headerOf(headers, name));
  const values = isComplete(direct, scheme)
    ? direct
    : (await load('missing-header')).findHeaders(headers, scheme);
  return { scheme, keys, nowMs, pastSeconds, futureSeconds, ...readHeaders(values, scheme) };
}

// More than any rotation needs; a header may hold thousands.
const MAX_SIGNATURES = 32;

function readHeaders(
  values: readonly string[],
  scheme: ResolvedScheme,
): Pick<Signed, 'id' | 'timestamp' | 'signatures'> {
  if (scheme.kind !== 'standard-webhooks') {
    // In any case, and after the name of the algorithm, as many senders write it.
    const listed = values.join(' ').toLowerCase().replaceAll('sha256=', '').trim();
    return { id: '', timestamp: '', signatures: listed.split(/[\s,]+/, MAX_SIGNATURES) };
  }
  const [id = '', timestamp = '', listed = ''] = values;
  // "id.time.body" can be cut at other dots: an id that holds a time would be one that took part of a body.
  if (!(/^\d{1,11}$/.test(timestamp) && !/\.\d+(\.|$)/.test(id))) {
    throw refused('bad-timestamp');
  }
  // A `Headers` joins repeated headers by ", ".
  return { id, timestamp, signatures: listed.split(/,? /, MAX_SIGNATURES) };
}

/** Whether the body is what the headers say was signed. */
export async function matchBody(
  signed: Signed,
  body: Bytes,
  load: Load<Pick<Seldom, 'verifyEd25519'>>,
): Promise<VerifiedWebhook> {
  const { id, timestamp, keys, signatures } = signed;
  const { kind: scheme } = signed.scheme;
  const standard = scheme === 'standard-webhooks';
  const prefix = standard ? `${id}.${timestamp}.` : '';
  const parts = typeof body === 'string' ? [prefix + body] : [prefix, body];
  for (const [secretIndex, { bytes, isPublic }] of keys.entries()) {
    // Once, however many signatures are listed.
    const mac = isPublic ? '' : hmacSha256(bytes, parts, standard ? 'base64' : 'hex');
    const expected = typeof mac === 'string' ? mac : await mac;
    const version = standard ? (isPublic ? 'v1a,' : 'v1,') : '';
    for (const signature of signatures) {
      if (!signature.startsWith(version)) continue;
      const fits = isPublic
        ? await (await load('bad-signature')).verifyEd25519(bytes, parts, signature.slice(4))
        : equalInConstantTime(expected, signature, version.length);
      if (!fits) continue;
      if (!standard) return { scheme, secretIndex, body };
      // Only now, so that "stale" and "future" are only ever said of a genuine delivery.
      return { scheme, secretIndex, body, id, timestamp: recentTime(signed) };
    }
  }
  throw refused('bad-signature');
}

function recentTime({ timestamp, nowMs, pastSeconds, futureSeconds }: Signed): Date {
  const sent = new Date(Number(timestamp) * 1_000);
  const ageSeconds = Math.floor((nowMs - Number(sent)) / 1_000);
  // Written so that a clock that is not a number lets nothing pass.
  if (ageSeconds <= pastSeconds && -ageSeconds <= futureSeconds) return sent;
  throw refused(ageSeconds > pastSeconds ? 'stale' : 'future');
}
