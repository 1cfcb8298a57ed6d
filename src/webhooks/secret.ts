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
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** A public key, which verifies Ed25519; else a shared secret. */
  readonly isPublic: boolean;
}

/** `standard-webhooks` needs all of its headers, `hmac-sha256-hex` one. */
export interface ResolvedScheme {
  readonly standard: boolean;
  readonly headers: readonly string[];
}

/** The scheme is the caller's word, or follows from the prefix of a secret: never from the request. */
export function resolveScheme(
  scheme: WebhookScheme | undefined,
  secrets: readonly WebhookSecret[],
): ResolvedScheme {
  const prefixed = secrets.some(prefixOf);
  const type = scheme ?? (prefixed ? 'standard-webhooks' : 'hmac-sha256-hex');
  if (type === 'standard-webhooks') {
    return { standard: true, headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'] };
  }
  if (type === 'hmac-sha256-hex') return { standard: false, headers: ['x-signature', 'x-webhook-signature'] };
  if (type.header) return { standard: false, headers: [type.header.toLowerCase()] };
  throw new ConfigurationError('scheme', 'scheme is unknown');
}

function prefixOf(secret: unknown): string {
  const text = String(secret);
  return ['whsec_', 'whpk_', 'whsk_'].find((prefix) => text.startsWith(prefix)) ?? '';
}

/** @throws WebhookVerificationError `bad-secret`. */
export function readKey(secret: WebhookSecret, standard: boolean): Key {
  const prefix = prefixOf(secret);
  const isPublic = prefix === 'whpk_';
  const bytes = prefix && standard ? decodeBase64((secret as string).slice(prefix.length)) : utf8(secret);
  // A public key is no secret: whoever took one for an HMAC key would believe everybody.
  if (!bytes?.length || prefix === 'whsk_' || (isPublic && !(standard && bytes.length === 32))) {
    throw badSecret('is empty, not base64, has whitespace around it or cannot verify');
  }
  return { bytes, isPublic };
}

function utf8(secret: WebhookSecret): Uint8Array<ArrayBuffer> {
  if (typeof secret !== 'string')
    return ArrayBuffer.isView(secret) ? new Uint8Array(secret) : new Uint8Array();
  // Whitespace is what a shell or an env file adds. A secret that really has it can be given as bytes.
  return new TextEncoder().encode(secret.trim() === secret ? secret : '');
}

/** At least one: in place of an empty list stands a secret that is none. */
export function secretsOf(secret: WebhookSecret | readonly WebhookSecret[]): readonly WebhookSecret[] {
  return Array.isArray(secret) && secret.length > 0 ? secret : [secret as WebhookSecret];
}

export function badSecret(what: string): WebhookVerificationError {
  return refused('bad-secret', `the webhook secret ${what}`, 'Is it set, and copied whole from the sender?');
}
