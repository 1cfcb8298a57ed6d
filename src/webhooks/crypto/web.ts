import type { ByteArray } from '../../core/bytes.js';
import { decodeBase64, encodeBase64 } from '../base64.js';
import type { Bytes, Encoding } from '../bytes.js';

/** HMAC-SHA256 over the parts, one after the other. */
export async function hmacSha256(
  key: ByteArray,
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
  key: ByteArray,
  parts: readonly Bytes[],
  signature: string,
): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
  const bytes = decodeBase64(signature) ?? new Uint8Array();
  return crypto.subtle.verify('Ed25519', imported, bytes, await concat(parts));
}

/** Signs the parts with the 32 bytes of a private key, its seed. */
export async function signEd25519(pkcs8: ByteArray, parts: readonly Bytes[]): Promise<string> {
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
  return encodeBase64(new Uint8Array(await crypto.subtle.sign('Ed25519', key, await concat(parts))));
}

/** SHA-256 in lower-case hex. */
export async function sha256(data: Bytes): Promise<string> {
  return encodeHex(new Uint8Array(await crypto.subtle.digest('SHA-256', await concat([data]))));
}

function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
}

function concat(parts: readonly Bytes[]): Promise<ArrayBuffer> {
  return new Blob(parts as BlobPart[]).arrayBuffer();
}
