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
  if (type === 'hmac-sha256-hex' && header) return { kind: type, headers: [header.toLowerCase()] };
  throw new ConfigurationError('scheme', 'scheme is unknown');
}

/** The part before the base64, empty for a raw secret. */
export function prefixOf(secret: unknown): string {
  return /^wh(sec|[ps]k)_/.exec(String(secret))?.[0] ?? '';
}

/**
 * What no secret is, by name: what a shell, an env file, a template or a paste makes of one. Taken for a secret, some
 * of these select another scheme, and others anybody can guess. A secret that really looks so can be given as bytes.
 */
const FLAWS = /* @__PURE__ */ new RegExp(
  [
    '(?<empty>^\\s*$)',
    '(?<space>^\\s|\\s$)',
    '(?<hidden>[\\p{Cc}\\p{Cf}]|\\\\[nr]$)',
    '(?<quotes>^["\'`“‘].*["\'`”’]$)',
    '(?<unset>^(undefined|null|nan|none|nil|true|false|\\[object \\w+\\])+$)',
    '(?<name>^((export|set)\\s+\\w+|\\w*(secret|key|token|hook)\\w*|[a-z]+_\\w+)\\s*[=:]\\s*[^=\\s])',
    '(?<prefix>wh(sec|[ps]k)_)',
    '(?<variable>^\\$([({].*[)}]|[a-z_]\\w*)$|^%\\w+%$|^\\{\\{.*\\}\\}$|^(process|import\\.meta|deno|bun)\\.env|^[a-z]+://|^arn:|^@Microsoft\\.)',
    '(?<placeholder>^<.*>$|^\\[.*\\]$|^(change|replace)[-_ ]?(me|it|this)|^your[-_ ]?(webhook|signing|secret|key|token|own)|[-_ ]here$|^([x*.•]{3,}|…)$|^(placeholder|todo|tbd)$)',
  ].join('|'),
  'isu',
);

/** The name of what is wrong with a text, if anything is. A prefix it may have is left out. */
export function flawOf(text: string): string | undefined {
  // What is looked for is at the ends. A regular expression shall not have to go through more.
  const ends = text.length > 400 ? text.slice(0, 200) + text.slice(-200) : text;
  const { groups } = FLAWS.exec(ends) ?? {};
  return groups && Object.keys(groups).find((name) => groups[name] !== undefined);
}

/** Undefined for what cannot be a secret, or cannot be the key of this scheme. */
export function readKey(secret: WebhookSecret, { kind }: ResolvedScheme): Key | undefined {
  const prefix = prefixOf(secret);
  const standard = kind === 'standard-webhooks';
  const isPublic = prefix === 'whpk_';
  const bytes = prefix && standard ? decodeBase64((secret as string).slice(prefix.length)) : utf8(secret);
  // Zeros are what a buffer holds that nobody filled.
  if (!bytes?.some(Boolean) || prefix === 'whsk_') return undefined;
  // A public key is no secret: whoever took one for an HMAC key would believe everybody.
  if (isPublic && !(standard && bytes.length === 32)) return undefined;
  return typeof secret === 'string' && flawOf(secret.slice(prefix.length)) ? undefined : { bytes, isPublic };
}

function utf8(secret: WebhookSecret): ByteArray | undefined {
  if (ArrayBuffer.isView(secret)) return new Uint8Array(secret);
  return typeof secret === 'string' ? new TextEncoder().encode(secret) : undefined;
}

/** At least one: in place of an empty list stands a secret that is none. */
export function secretsOf(secret: WebhookSecret | readonly WebhookSecret[]): readonly WebhookSecret[] {
  return Array.isArray(secret) && secret.length ? secret : [secret as WebhookSecret];
}

export function badSecret(what: string, hint = 'Check that it is set, and whole.'): WebhookVerificationError {
  return refused('bad-secret', `the webhook secret ${what}`, hint);
}
