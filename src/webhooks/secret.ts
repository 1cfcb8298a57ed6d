import type { ByteArray } from '../core/bytes.js';
import { ConfigurationError, type WebhookVerificationError } from '../errors.js';
import { decodeBase64 } from './base64.js';
import { refused } from './refused.js';

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

export interface Key {
  readonly bytes: ByteArray;
  /** A public key, which verifies Ed25519; else a shared secret. */
  readonly isPublic: boolean;
}

/** `standard-webhooks` needs all of them. */
export const STANDARD_HEADERS: readonly string[] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];

/**
 * The headers that the scheme needs; of others than `STANDARD_HEADERS`, one is enough. The scheme is the caller's word,
 * or follows from the prefix of a secret: never from the request.
 */
export function headersOfScheme(
  scheme: WebhookScheme | undefined,
  secrets: readonly WebhookSecret[],
): readonly string[] {
  const type = scheme ?? (secrets.some(prefixOf) ? 'standard-webhooks' : 'hmac-sha256-hex');
  if (type === 'standard-webhooks') return STANDARD_HEADERS;
  if (type === 'hmac-sha256-hex') return ['x-signature', 'x-webhook-signature'];
  if (type.header) return [type.header.toLowerCase()];
  throw new ConfigurationError('scheme', 'scheme is unknown');
}

function prefixOf(secret: unknown): string {
  return /^wh(sec|[ps]k)_/.exec(String(secret))?.[0] ?? '';
}

/** @throws WebhookVerificationError `bad-secret`. */
export function readKey(secret: WebhookSecret, standard: boolean): Key {
  const prefix = prefixOf(secret);
  const isPublic = prefix === 'whpk_';
  const bytes = prefix && standard ? decodeBase64((secret as string).slice(prefix.length)) : utf8(secret);
  // A public key is no secret: whoever took one for an HMAC key would believe everybody.
  if (!bytes?.length || prefix === 'whsk_' || (isPublic && !(standard && bytes.length === 32))) {
    throw badSecret('is empty, not base64, has whitespace around it, or is no key that verifies');
  }
  return { bytes, isPublic };
}

function utf8(secret: WebhookSecret): ByteArray {
  if (ArrayBuffer.isView(secret)) return new Uint8Array(secret);
  // Whitespace is what a shell or an env file adds. A secret that really has it can be given as bytes.
  const exact = typeof secret === 'string' && secret.trim() === secret;
  return new TextEncoder().encode(exact ? secret : '');
}

/** At least one: in place of an empty list stands a secret that is none. */
export function secretsOf(secret: WebhookSecret | readonly WebhookSecret[]): readonly WebhookSecret[] {
  return Array.isArray(secret) && secret.length ? secret : [secret as WebhookSecret];
}

export function badSecret(what: string): WebhookVerificationError {
  return refused('bad-secret', `the webhook secret ${what}`, 'Check that it is set, and whole.');
}
