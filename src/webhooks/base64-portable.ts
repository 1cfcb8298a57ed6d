/** The bytes, or undefined where `text` is not the one encoding of any. Its padding may be left out. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/={0,2}$/, '');
  try {
    const bytes = Uint8Array.from(atob(digits), (char) => char.charCodeAt(0));
    // `atob` takes several texts for the same bytes.
    return encodeBase64(bytes).startsWith(digits) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

export function encodeBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
