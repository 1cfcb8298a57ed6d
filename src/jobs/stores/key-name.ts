/**
 * A key as a name that every file system and key-value store takes: small letters, digits, `-`, and `_` with two hex
 * digits for all else. Two keys never share one, not even where case counts for nothing.
 */
export function nameOfKey(key: string): string {
  return [...new TextEncoder().encode(key)].map(nameOfByte).join('');
}

/** Undefined for what is no name of a key. */
export function keyOfName(name: string): string | undefined {
  if (!/^(?:[a-z0-9-]|_[0-9a-f]{2})*$/.test(name)) return undefined;
  const bytes = name.match(/_..|./g) ?? [];
  const codes = bytes.map((byte) =>
    byte.length > 1 ? Number.parseInt(byte.slice(1), 16) : byte.charCodeAt(0),
  );
  const key = new TextDecoder().decode(Uint8Array.from(codes));
  // One key has one name.
  return nameOfKey(key) === name ? key : undefined;
}

function nameOfByte(code: number): string {
  const char = String.fromCharCode(code);
  return /[a-z0-9-]/.test(char) ? char : `_${code.toString(16).padStart(2, '0')}`;
}
