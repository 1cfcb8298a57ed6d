import { decodeBase64, encodeBase64 } from './base64.js';

/** A string stands for its UTF-8 bytes. */
export type Bytes = string | Uint8Array;
export type Encoding = 'hex' | 'base64';

/**
 * HMAC-SHA256 over the parts, one after the other. Not a promise where node:crypto is at hand: there it is
 * several times faster than WebCrypto on a small body.
 */
export function hmacSha256(
  key: Uint8Array<ArrayBuffer>,
  parts: readonly Bytes[],
  encoding: Encoding,
): string | Promise<string> {
  // Asked for at each use and without an import: bundles for browsers and edge workers hold no trace of it.
  const node = globalThis.process?.getBuiltinModule?.('node:crypto');
  if (!node) return webHmacSha256(key, parts, encoding);
  const hmac = node.createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest(encoding);
}

async function webHmacSha256(
  key: Uint8Array<ArrayBuffer>,
  parts: readonly Bytes[],
  encoding: Encoding,
): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', imported, await concat(parts)));
  return encoding === 'hex' ? encodeHex(mac) : encodeBase64(mac);
}

/** Whether the holder of the Ed25519 key signed the parts. The signature is base64. */
export async function verifyEd25519(
  key: Uint8Array<ArrayBuffer>,
  parts: readonly Bytes[],
  signature: string,
): Promise<boolean> {
  const bytes = decodeBase64(signature);
  if (!bytes) return false;
  const data = await concat(parts);
  const node = globalThis.process?.getBuiltinModule?.('node:crypto');
  if (!node) {
    const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
    return crypto.subtle.verify('Ed25519', imported, bytes, data);
  }
  // Node reads both alphabets of base64 in a JWK.
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: encodeBase64(key) };
  return node.verify(null, new Uint8Array(data), { key: jwk, format: 'jwk' }, bytes);
}

/**
 * Compares texts, not bytes: base64 has several texts for the same bytes, and only one of them is right.
 * Takes the same time wherever they differ; only a difference in length, which is no secret, ends it early.
 *
 * @param start - Where in `given` the text begins.
 */
export function equalInConstantTime(expected: string, given: string, start: number): boolean {
  let difference = (expected.length + start) ^ given.length;
  for (let i = 0; i < expected.length; i++)
    difference |= expected.charCodeAt(i) ^ given.charCodeAt(start + i);
  return !difference;
}

export function encodeHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (byte + 256).toString(16).slice(1);
  return text;
}

export function concat(parts: readonly Bytes[]): Promise<ArrayBuffer> {
  return new Blob(parts as BlobPart[]).arrayBuffer();
}
