import { LEAST_SECRET_LENGTH } from './secret-length.js';

/** All that is to be kept out of what is shown, of texts and of headers by lower-case name. */
export function secretsIn(texts: readonly string[], headers: Readonly<Record<string, string>>): string[] {
  return [...texts, ...Object.entries(headers).flatMap(partsOf)].filter(
    (secret) => secret.length >= LEAST_SECRET_LENGTH && !/\p{Cs}/u.test(secret),
  );
}

/** A header's value, and what is secret by itself in it: `x` of `Bearer x` and of `session=x`, a password of Basic. */
function partsOf([name, value]: readonly [name: string, value: string]): string[] {
  if (!/^(proxy-)?authorization$|^cookie$/.test(name)) return [value];
  const words = value.split(/[\s,;]+/);
  const basic = /^basic$/i.test(words[0] ?? '') ? decoded(words[1] ?? '') : '';
  const values = words.map((word) => word.slice(word.indexOf('=') + 1));
  return [value, ...words, ...values, basic, basic.slice(basic.indexOf(':') + 1)];
}

function decoded(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  } catch {
    return '';
  }
}
