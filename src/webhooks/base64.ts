import * as portable from './base64-portable.js';

export { encodeBase64 } from './base64-portable.js';

/**
 * The bytes, or undefined where `text` is not the one encoding of any; its padding may be left out. `Buffer` is faster
 * where it is. Like `atob` it is lenient: it takes several texts for the same bytes, and with it a changed secret or
 * signature would pass for the same one.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const buffer = globalThis.Buffer?.from(text, 'base64');
  if (buffer === undefined) return portable.decodeBase64(text);
  const again = buffer.toString('base64');
  return again === text || again.startsWith(text.replace(/={0,2}$/, '')) ? buffer : undefined;
}
