import { InputError } from '../errors.js';
import { decodeBase64 } from './base64.js';
import type { Bytes } from './bytes.js';
import { hmacSha256, signEd25519 } from './crypto/node.js';
import { badSecret, explainSecrets } from './explain.js';
import { readKey } from './flaws.js';
import {
  type ResolvedScheme,
  resolveScheme,
  secretsOf,
  type WebhookScheme,
  type WebhookSecret,
} from './secret.js';

/** What to sign, and with what. */
export interface SignOptions {
  readonly body: string | Uint8Array;
  /** `whsec_…`, `whsk_…` (Ed25519: seed, or seed and public key) or raw. Several sign with each. */
  readonly secret: WebhookSecret | readonly WebhookSecret[];
  /** @default 'standard-webhooks' for `whsec_` and `whsk_` secrets, else 'hmac-sha256-hex' */
  readonly scheme?: WebhookScheme | undefined;
  /** Of the delivery; a retry keeps it. @default a random one; Standard Webhooks only */
  readonly id?: string | undefined;
  /** @default now; Standard Webhooks only */
  readonly timestamp?: Date | undefined;
}

/**
 * The headers that sign a delivery, for senders and for tests. Send exactly the `body` that was signed.
 *
 * @throws WebhookVerificationError `bad-secret`, InputError for an id or a timestamp no header can carry.
 */
export async function signWebhook(options: SignOptions): Promise<Record<string, string>> {
  const secrets = secretsOf(options.secret);
  const scheme = resolveScheme(options.scheme, secrets);
  if (scheme.kind === 'hmac-sha256-hex') {
    const macs = secrets.map((secret) => hmacSha256(sharedKey(secret, scheme), [options.body], 'hex'));
    return { [scheme.headers[0] ?? '']: (await Promise.all(macs)).join(' ') };
  }
  const id = options.id ?? `msg_${crypto.randomUUID().replaceAll('-', '')}`;
  if (!/^[\x21-\x2d\x2f-\x7e]+$/.test(id)) {
    throw new InputError('id', 'id must be visible ASCII without a full stop');
  }
  const timestamp = String(Math.floor((options.timestamp ?? new Date()).getTime() / 1_000));
  if (!/^\d{1,11}$/.test(timestamp)) throw new InputError('timestamp', 'timestamp must be a Date after 1970');
  const parts = [`${id}.${timestamp}.`, options.body];
  const signatures = await Promise.all(secrets.map((secret) => signStandard(secret, scheme, parts)));
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

async function signStandard(
  secret: WebhookSecret,
  scheme: ResolvedScheme,
  parts: readonly Bytes[],
): Promise<string> {
  if (typeof secret !== 'string' || !secret.startsWith('whsk_')) {
    return `v1,${await hmacSha256(sharedKey(secret, scheme), parts, 'base64')}`;
  }
  const bytes = decodeBase64(secret.slice(5));
  if (bytes?.length !== 32 && bytes?.length !== 64) throw badSecret('is no Ed25519 key after whsk_');
  return `v1a,${await signEd25519(new Uint8Array([...PKCS8_PREFIX, ...bytes.subarray(0, 32)]), parts)}`;
}

function sharedKey(secret: WebhookSecret, scheme: ResolvedScheme): Uint8Array<ArrayBuffer> {
  const key = readKey(secret, scheme);
  if (key === undefined) throw explainSecrets({ secret, scheme: scheme.kind }) ?? badSecret('cannot be one');
  if (key.isPublic) throw badSecret('is a public key; signing needs the private one, whsk_…');
  return key.bytes;
}

/** PKCS #8 around the 32 bytes of an Ed25519 seed (RFC 8410, section 7). */
const PKCS8_PREFIX = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
