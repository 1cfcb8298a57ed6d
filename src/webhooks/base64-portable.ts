const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The bytes, or undefined where `text` is not the one canonical encoding of any (padding may be left out). */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes: number[] = [];
  let bits = 0;
  for (const [i, digit] of [...text.replace(/=+$/, '')].entries()) {
    // Takes anything: what is not base64 does not come out the same when it is encoded again.
    bits = (bits << 6) | DIGITS.indexOf(digit);
    if (i % 4) bytes.push((bits >> (6 - (i % 4) * 2)) & 255);
  }
  return encodeBase64(bytes) === padBase64(text) ? Uint8Array.from(bytes) : undefined;
}

export function encodeBase64(bytes: ArrayLike<number>): string {
  let text = '';
  for (let i = 0; i < bytes.length * 8; i += 6) {
    // The six bits from bit i on, out of the two bytes they may lie in.
    const pair = ((bytes[i >> 3] ?? 0) << 8) | (bytes[(i >> 3) + 1] ?? 0);
    text += DIGITS.charAt((pair >> (10 - (i % 8))) & 63);
  }
  return padBase64(text);
}

export function padBase64(text: string): string {
  return text.length % 4 ? padBase64(`${text}=`) : text;
}
