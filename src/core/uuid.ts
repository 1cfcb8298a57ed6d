import { ConfigurationError } from '../errors.js';

/**
 * One that nobody can guess. Not by `randomUUID`, which is missing where a page has no TLS.
 *
 * @throws ConfigurationError where there is no `crypto`, as in React Native.
 */
export function uuid(): string {
  const { crypto } = globalThis;
  if (!crypto)
    throw new ConfigurationError('crypto', 'crypto is missing: load react-native-get-random-values');
  return uuidOf(crypto.getRandomValues(new Uint8Array(16)));
}

/** Version 4, of RFC 9562. */
export function uuidOf(random: Uint8Array): string {
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  // The version, and the variant.
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-4$3-8$4-');
}
