import { type Bytes, concat, encodeHex } from './crypto.js';

/** SHA-256 in lower-case hex. */
export async function sha256(data: Bytes): Promise<string> {
  const node = globalThis.process?.getBuiltinModule?.('node:crypto');
  if (node) return node.createHash('sha256').update(data).digest('hex');
  return encodeHex(new Uint8Array(await crypto.subtle.digest('SHA-256', await concat([data]))));
}
