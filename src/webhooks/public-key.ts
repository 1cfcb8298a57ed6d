/* Apart, so that a page with a shared secret never loads it. */
import type { ByteArray } from '../core/bytes.js';
import type { Bytes } from './bytes.js';
import { verifyEd25519 } from './crypto/node.js';

/** Whether the holder of the key made one of the signatures, each as sent: `v1a,…`. */
export async function fitsPublicKey(
  key: ByteArray,
  parts: readonly Bytes[],
  signatures: readonly string[],
): Promise<boolean> {
  for (const signature of signatures) {
    if (signature.startsWith('v1a,') && (await verifyEd25519(key, parts, signature.slice(4)))) return true;
  }
  return false;
}
