const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The bytes, or undefined where `text` is not the one encoding of any. Its padding may be left out. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/={0,2}$/, '');
  const list: number[] = [];
  let bits = 0;
  for (const [i, digit] of [...digits].entries()) {
    // Takes anything: what is not base64 does not come out the same when it is encoded again.
    bits = (bits << 6) | DIGITS.indexOf(digit);
    if (i % 4) list.push(bits >> (6 - (i % 4) * 2));
  }
  const bytes = Uint8Array.from(list); // Keeps the lower eight bits of each.
  return encodeDigits(bytes) === digits ? bytes : undefined;
}

/** Base64 without its padding. */
export function encodeDigits(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length * 8; i += 6) {
    // The six bits from bit i on, out of the two bytes they may lie in.
    const pair = ((bytes[i >> 3] ?? 0) << 8) | (bytes[(i >> 3) + 1] ?? 0);
    text += DIGITS.charAt((pair >> (10 - (i % 8))) & 63);
  }
  return text;
}

export function encodeBase64(bytes: Uint8Array): string {
  return encodeDigits(bytes).padEnd(Math.ceil(bytes.length / 3) * 4, '=');
}
