import { randomHex } from './job.js';

/** How far a signed timestamp may be off, in seconds. */
const TOLERANCE_SECONDS = 300;

/** Lower-case hex of HMAC-SHA256 over the body's bytes. */
export async function hexSignature(secret: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const signature = await hmacSha256(new TextEncoder().encode(secret), body);
  return Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The three headers of Standard Webhooks; two, where nothing signs. */
export async function standardWebhookHeaders(
  secret: string | undefined,
  body: Uint8Array<ArrayBuffer>,
  id = `wh_${randomHex(12)}`,
  timestamp = Math.floor(Date.now() / 1000),
): Promise<Record<string, string>> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    ...(secret !== undefined && {
      'webhook-signature': `v1,${await standardSignature(secret, id, timestamp, body)}`,
    }),
  };
}

/** What is wrong with a Standard Webhooks delivery; undefined where nothing is. */
export async function standardWebhookProblem(
  secret: string,
  headers: Headers,
  body: Uint8Array<ArrayBuffer>,
): Promise<string | undefined> {
  const id = headers.get('webhook-id');
  const timestamp = Number(headers.get('webhook-timestamp'));
  if (id === null || !Number.isInteger(timestamp)) return 'Missing webhook headers';
  if (Math.abs(Date.now() / 1000 - timestamp) > TOLERANCE_SECONDS) return 'Webhook timestamp out of range';
  const expected = `v1,${await standardSignature(secret, id, timestamp, body)}`;
  const given = (headers.get('webhook-signature') ?? '').split(' ');
  return given.includes(expected) ? undefined : 'Invalid signature';
}

async function standardSignature(
  secret: string,
  id: string,
  timestamp: number,
  body: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const key = standardKey(secret);
  const prefix = new TextEncoder().encode(`${id}.${timestamp}.`);
  const message = new Uint8Array(prefix.length + body.length);
  message.set(prefix);
  message.set(body, prefix.length);
  return btoa(String.fromCharCode(...(await hmacSha256(key, message))));
}

/** @throws where what follows `whsec_` is not base64. */
export function standardKey(secret: string): Uint8Array<ArrayBuffer> {
  if (!secret.startsWith('whsec_')) return new TextEncoder().encode(secret);
  return Uint8Array.from(atob(secret.slice('whsec_'.length)), (char) => char.charCodeAt(0));
}

async function hmacSha256(
  key: Uint8Array<ArrayBuffer>,
  message: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message));
}
