import type { ByteSource } from './byte-source.js';

/** What is set aside on the word of a `Content-Length` alone. */
const MAX_PROMISED_BYTES = 256 * 1_048_576;

/** All bytes, in memory. */
export async function collectBytes(source: ByteSource): Promise<Uint8Array<ArrayBuffer>> {
  let buffer = new Uint8Array(0);
  let length = 0;
  try {
    for (;;) {
      const chunk = await source.read();
      if (chunk === undefined) break;
      if (chunk === 'restart') {
        length = 0;
        continue;
      }
      const needed = length + chunk.length;
      if (needed > buffer.length) {
        const grown = new Uint8Array(
          Math.max(needed, 2 * buffer.length, Math.min(source.size ?? 0, MAX_PROMISED_BYTES)),
        );
        grown.set(buffer.subarray(0, length));
        buffer = grown;
      }
      buffer.set(chunk, length);
      length = needed;
    }
  } finally {
    source.close();
  }
  return length === buffer.length ? buffer : buffer.slice(0, length);
}
