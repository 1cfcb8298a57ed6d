import { ConfigurationError } from '../errors.js';

/**
 * One that nobody can guess: version 4, of RFC 9562.
 *
 * @throws ConfigurationError where there is no `crypto`, as in React Native.
 */
export function uuid(): string {
  const { crypto } = globalThis;
  if (!crypto)
    throw new ConfigurationError('crypto', 'crypto is missing: load react-native-get-random-values');
  // Missing where a page has no TLS.
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte, index) =>
    (index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte)
      .toString(16)
      .padStart(2, '0'),
  ).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
