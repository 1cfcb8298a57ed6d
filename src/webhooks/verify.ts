import { ConfigurationError, type WebhookVerificationError } from '../errors.js';
import { rawBody, type WebhookBody } from './body.js';
import type { Bytes } from './bytes.js';
import { equalInConstantTime } from './constant-time.js';
import { hmacSha256, verifyEd25519 } from './crypto.js';
import { headerOf, type WebhookHeaders } from './headers.js';
import { refused } from './refused.js';
import {
  headersOfScheme,
  readKey,
  STANDARD_HEADERS,
  secretsOf,
  type WebhookScheme,
  type WebhookSecret,
} from './secret.js';

/** Whom to believe, and for how long. */
export interface VerifyOptions {
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

/**
 * Checks that a delivery comes from a holder of the secret, is unchanged and, where its time is signed, recent.
 * Works on the raw bytes, in any runtime.
 *
 * @throws WebhookVerificationError with a `reason` and a hint.
 * @throws ConfigurationError for an option that makes no sense.
 */
export async function verifyWebhookSignature(
  options: WebhookParts & VerifyOptions,
): Promise<VerifiedWebhook> {
  const secrets = secretsOf(options.secret);
  const names = headersOfScheme(options.scheme, secrets);
  const standard = names === STANDARD_HEADERS;
  const scheme = standard ? 'standard-webhooks' : 'hmac-sha256-hex';
  const keys = secrets.map((secret) => readKey(secret, standard));
  const pastSeconds = options.toleranceSeconds ?? 300;
  const futureSeconds = options.futureToleranceSeconds ?? pastSeconds;

  // The sum of texts would be a text.
  if (!(pastSeconds >= 0 && futureSeconds >= 0 && Number.isFinite(pastSeconds + futureSeconds))) {
    throw new ConfigurationError('toleranceSeconds', 'toleranceSeconds must be finite, 0 or more');
  }

  const given = options.body as string | Partial<Request> | undefined;
  const headers = options.headers ?? (given as Partial<Request> | undefined)?.headers;
  const { id, timestamp, signatures } = readHeaders(headers, names, standard);
  const body = typeof given === 'string' ? given : await rawBody(given);

  const prefix = id && `${id}.${timestamp}.`;
  const parts = typeof body === 'string' ? [prefix + body] : [prefix, body];
  for (const [secretIndex, { bytes, isPublic }] of keys.entries()) {
    // Once, however many signatures are listed.
    const mac = isPublic ? '' : hmacSha256(bytes, parts, id ? 'base64' : 'hex');
    const expected = typeof mac === 'string' ? mac : await mac;
    const version = id && (isPublic ? 'v1a,' : 'v1,');
    for (const signature of signatures) {
      if (!signature.startsWith(version)) continue;
      const fits = isPublic
        ? await verifyEd25519(bytes, parts, signature.slice(4))
        : equalInConstantTime(expected, signature, version.length);
      if (!fits) continue;
      if (!standard) return { scheme, secretIndex, body };
      // Only now, so that "stale" and "future" are only ever said of a genuine delivery.
      const sentAt = recentTime(timestamp, Number(options.now ?? Date.now()), pastSeconds, futureSeconds);
      return { scheme, secretIndex, body, id, timestamp: sentAt };
    }
  }
  throw refused(
    'bad-signature',
    (await wasReserialised(body, { ...options, headers }))
      ? 'something re-serialised the body'
      : 'no signature matches',
    'Check the secret and the scheme; pass the raw bytes.',
  );
}

function recentTime(timestamp: string, nowMs: number, pastSeconds: number, futureSeconds: number): Date {
  const sentMs = Number(timestamp) * 1_000;
  const ageSeconds = Math.floor((nowMs - sentMs) / 1_000);
  // Written so that a clock that is not a number lets nothing pass.
  if (ageSeconds <= pastSeconds && -ageSeconds <= futureSeconds) return new Date(sentMs);
  const stale = ageSeconds > pastSeconds;
  throw refused(
    stale ? 'stale' : 'future',
    `signed ${Math.abs(ageSeconds)} s ${stale ? 'ago' : 'ahead'}`,
    'A replay, or a wrong clock.',
  );
}

const SENDER = 'Check that the sender signs, and the scheme.';

interface Signed {
  /** Empty, as is the timestamp, where the scheme signs none. */
  readonly id: string;
  readonly timestamp: string;
  /** As sent: `v1,…` or `v1a,…` for Standard Webhooks. */
  readonly signatures: readonly string[];
}

function readHeaders(headers: unknown, names: readonly string[], standard: boolean): Signed {
  const values = names.map((name) => headerOf(headers, name));
  const [id = '', timestamp = '', listed = ''] = standard ? values : ['', '', values.join(' ').trim()];
  if (standard ? values.includes('') : !listed) {
    const missing = names.filter((_, i) => !values[i]);
    throw refused('missing-header', `no header ${missing}`, SENDER);
  }
  // "id.time.body" can be cut at other dots: an id that holds a time would be one that took part of a body.
  if (standard && !(/^\d{1,11}$/.test(timestamp) && !/\.\d+(\.|$)/.test(id))) {
    throw refused('bad-timestamp', 'webhook-id or webhook-timestamp is malformed', SENDER);
  }
  // More than any rotation needs; a header may hold thousands.
  const maxSignatures = 32;
  // A `Headers` joins repeated headers by ", ".
  return { id, timestamp, signatures: listed.split(/,? /, maxSignatures) };
}

/** Whether the signature fits the same JSON written anew. */
async function wasReserialised(body: Bytes, options: WebhookParts & VerifyOptions): Promise<boolean> {
  try {
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
    const again = JSON.stringify(JSON.parse(text));
    return again !== text && !!(await verifyWebhookSignature({ ...options, body: again }));
  } catch (error) {
    // It was genuine then, too.
    return /stale|future/.test((error as WebhookVerificationError).reason);
  }
}
