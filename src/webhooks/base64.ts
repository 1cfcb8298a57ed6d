/*
 * `atob` and `Buffer` are not everywhere, and both are lenient. A lenient decoder takes several texts for the
 * same bytes, and with it a changed secret or signature would pass for the same one.
 */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The bytes, or undefined where `text` is not the one canonical encoding of any (padding may be left out). */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const buffer = globalThis.Buffer?.from(text, 'base64');
  const bytes = buffer ?? decode(text.replace(/=+$/, ''));
  const canonical = buffer ? buffer.toString('base64') : encodeBase64(bytes);
  return canonical === (text.length % 4 ? pad(text) : text) ? bytes : undefined;
}

/** Takes anything: what is not base64 does not come out the same when it is encoded again. */
function decode(digits: string): Uint8Array<ArrayBuffer> {
  const valueAt = (i: number) => DIGITS.indexOf(digits.charAt(i));
  return new Uint8Array((digits.length * 3) >> 2).map((_, i) => {
    const digit = Math.floor((i * 4) / 3);
    return ((valueAt(digit) << 6) | valueAt(digit + 1)) >> (4 - (i % 3) * 2);
  });
}

export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length * 8; i += 6) {
    // The six bits from bit i on, out of the two bytes they may lie in.
    const pair = ((bytes[i >> 3] ?? 0) << 8) | (bytes[(i >> 3) + 1] ?? 0);
    text += DIGITS.charAt((pair >> (10 - (i % 8))) & 63);
  }
  return pad(text);
}

function pad(text: string): string {
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}
