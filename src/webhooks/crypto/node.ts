/*
 * node:crypto where the runtime has it, for it is several times faster than WebCrypto on a small body; else
 * WebCrypto. Asked for without an import, so that this loads on every runtime. Bundles for browsers take
 * node.browser.ts instead.
 */
import type { ByteArray } from '../../core/bytes.js';
import { decodeBase64, encodeBase64 } from '../base64.js';
import type { Bytes, Encoding } from '../bytes.js';
import * as web from './web.js';

let loaded: typeof import('node:crypto') | undefined;

/** Loaded with the first delivery, for that takes as long as importing all the rest; the same for everybody. */
function nodeCrypto(): typeof loaded {
  loaded ??= globalThis.process?.getBuiltinModule?.('node:crypto');
  return loaded;
}

/** HMAC-SHA256 over the parts, one after the other. Not a promise where node:crypto is at hand. */
export function hmacSha256(
  key: ByteArray,
  parts: readonly Bytes[],
  encoding: Encoding,
): string | Promise<string> {
  const hmac = nodeCrypto()?.createHmac('sha256', key);
  if (hmac === undefined) return web.hmacSha256(key, parts, encoding);
  // Each is a call out of JavaScript; to put long ones together takes longer, and so does `join`.
  if (parts.every(isShort)) hmac.update(parts.reduce((text, part) => text + part));
  else for (const part of parts) hmac.update(part);
  return hmac.digest(encoding);
}

/** Whether the holder of the Ed25519 key signed the parts. The signature is base64. */
export async function verifyEd25519(
  key: ByteArray,
  parts: readonly Bytes[],
  signature: string,
): Promise<boolean> {
  const node = nodeCrypto();
  if (node === undefined) return web.verifyEd25519(key, parts, signature);
  // Node reads both alphabets of base64 in a JWK.
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: encodeBase64(key) };
  const bytes = decodeBase64(signature) ?? new Uint8Array();
  return node.verify(null, Buffer.concat(parts.map(toBuffer)), { key: jwk, format: 'jwk' }, bytes);
}

/** Signs the parts with a private key in PKCS #8. Gives base64. */
export async function signEd25519(pkcs8: ByteArray, parts: readonly Bytes[]): Promise<string> {
  const node = nodeCrypto();
  if (node === undefined) return web.signEd25519(pkcs8, parts);
  const pem = `-----BEGIN PRIVATE KEY-----\n${encodeBase64(pkcs8)}\n-----END PRIVATE KEY-----`;
  return encodeBase64(node.sign(null, Buffer.concat(parts.map(toBuffer)), pem));
}

/** SHA-256 in lower-case hex. */
export async function sha256(data: Bytes): Promise<string> {
  const node = nodeCrypto();
  return node ? node.createHash('sha256').update(data).digest('hex') : web.sha256(data);
}

function isShort(part: Bytes): part is string {
  return typeof part === 'string' && part.length < 4_000;
}

function toBuffer(part: Bytes): Uint8Array {
  return typeof part === 'string' ? Buffer.from(part) : part;
}
