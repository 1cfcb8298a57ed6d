import type { ByteArray } from '../core/bytes.js';
import { ConfigurationError } from '../errors.js';
import { decodeBase64 } from './base64.js';

/**
 * `standard-webhooks`: signs id, time and body. `hmac-sha256-hex`: signs the body alone; the signature is in
 * `x-signature` or `x-webhook-signature`, or in the header named.
 */
export type WebhookScheme =
  | 'standard-webhooks'
  | 'hmac-sha256-hex'
  | { readonly type: 'hmac-sha256-hex'; readonly header: string };

/** `whsec_…` (HMAC, base64), `whpk_…` (Ed25519 public key, base64), or a raw secret: a text or its bytes. */
export type WebhookSecret = string | Uint8Array;

/** One, or several while one replaces another. */
export type WebhookSecrets = WebhookSecret | readonly WebhookSecret[];

/**
 * The same, or a function that is asked at each delivery: where the secret is not there yet when the module is loaded, as
 * in `next build`.
 */
export type WebhookSecretOption =
  | WebhookSecrets
  | (() => WebhookSecrets | undefined | Promise<WebhookSecrets | undefined>);

export interface Key {
  readonly bytes: ByteArray;
  /** A public key, which verifies Ed25519; else a shared secret. */
  readonly isPublic: boolean;
}

/** A scheme, and the headers it reads. */
export type ResolvedScheme = {
  readonly kind: 'standard-webhooks' | 'hmac-sha256-hex';
  /** `standard-webhooks` needs all of them; of the others, one is enough. */
  readonly headers: readonly string[];
};

/**
 * The scheme is the caller's word, or follows from the prefix of a secret: never from the request.
 *
 * @throws ConfigurationError for a scheme nobody knows.
 */
export function resolveScheme(
  scheme: WebhookScheme | undefined,
  secrets: readonly WebhookSecret[],
): ResolvedScheme {
  const given = scheme ?? (secrets.some(prefixOf) ? 'standard-webhooks' : 'hmac-sha256-hex');
  if (given === 'standard-webhooks') {
    return { kind: given, headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'] };
  }
  if (given === 'hmac-sha256-hex') return { kind: given, headers: ['x-signature', 'x-webhook-signature'] };
  const { type, header } = given;
  const name = header?.toLowerCase?.();
  if (type === 'hmac-sha256-hex' && name) return { kind: type, headers: [name] };
  throw new ConfigurationError('scheme', 'scheme is unknown');
}

const PREFIXES = ['whsec_', 'whpk_', 'whsk_'];

/** The part before the base64, empty for a raw secret. */
export function prefixOf(secret: unknown): string {
  return (typeof secret === 'string' && PREFIXES.find((prefix) => secret.startsWith(prefix))) || '';
}

/**
 * Whether nothing about it can be a flaw (flaws.ts): letters and digits, as random secrets are, or bytes. All other
 * texts are looked at more closely, which takes more code.
 */
export function isPlain(secret: unknown): boolean {
  return typeof secret !== 'string' || PLAIN.test(secret);
}

// Behind its prefix, not in words alone, nor with what stands between words, nor as placeholders (change, replace, your)
// and paths begin.
const PLAIN = /^(wh(sec|[ps]k)_)?(?![cryCRY][heoHEO]|\/)[+/A-Za-z]*\d[+/-9A-Za-z]*=*$/;

/** Undefined for what cannot be the key of this scheme. */
export function keyOf(secret: WebhookSecret, { kind }: ResolvedScheme): Key | undefined {
  const prefix = prefixOf(secret);
  const standard = kind === 'standard-webhooks';
  const isPublic = prefix === 'whpk_';
  const bytes = prefix && standard ? decodeBase64((secret as string).slice(prefix.length)) : utf8(secret);
  // Zeros are what a buffer holds that nobody filled. A public key is no secret: whoever took one for an HMAC key would
  // believe everybody.
  const isKey =
    bytes?.some(Boolean) && prefix !== 'whsk_' && (!isPublic || (standard && bytes.length === 32));
  return isKey ? { bytes: bytes as ByteArray, isPublic } : undefined;
}

function utf8(secret: WebhookSecret): ByteArray | undefined {
  if (ArrayBuffer.isView(secret)) return new Uint8Array(secret);
  return typeof secret === 'string' ? new TextEncoder().encode(secret) : undefined;
}

/** At least one: in place of an empty list stands a secret that is none. */
export function secretsOf(secret: WebhookSecret | readonly WebhookSecret[]): readonly WebhookSecret[] {
  return Array.isArray(secret) && secret.length ? secret : [secret as WebhookSecret];
}
