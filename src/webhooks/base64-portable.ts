const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The bytes, or undefined where `text` is not the one encoding of any. Its padding may be left out. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/={0,2}$/, '');
  // Takes anything: what is not base64 does not come out the same when it is encoded again.
  const bits = Array.from(digits, (digit) => binary(Math.max(DIGITS.indexOf(digit), 0) + 64)).join('');
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (eight) => Number(`0b${eight}`));
  return encodeDigits(bytes) === digits ? bytes : undefined;
}

/** Base64 without its padding. */
export function encodeDigits(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => binary(byte + 256)).join('');
  return bits.replace(/.{1,6}/g, (six) => DIGITS.charAt(Number(`0b${six.padEnd(6, '0')}`)));
}

/** The bits behind the first, which keeps the zeros. */
function binary(value: number): string {
  return value.toString(2).slice(1);
}

export function encodeBase64(bytes: Uint8Array): string {
  return encodeDigits(bytes).padEnd(Math.ceil(bytes.length / 3) * 4, '=');
}
