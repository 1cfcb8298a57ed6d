/**
 * The file name of a `Content-Disposition`, read as leniently as browsers do: `filename*` (RFC 8187) wins over
 * `filename` (RFC 6266), whatever its charset and quotes; a plain name may be raw UTF-8, percent-encoded, an encoded
 * word (RFC 2047), or have blanks without quotes. Empty where there is none.
 */
export function dispositionFilename(header: string): string {
  const parameters = parametersOf(header.slice(0, MAX_LENGTH));
  const extended = parameters.get('filename*');
  const decoded = extended === undefined ? undefined : decodeExtended(extended);
  return decoded ?? decodePlain(parameters.get('filename') ?? '');
}

/** A longer one is not a real name. */
const MAX_LENGTH = 4_000;

/** By lower-case name; the first of a name wins. A blank ends no value: servers forget the quotes. */
function parametersOf(header: string): Map<string, string> {
  const found = new Map<string, string>();
  // Each part is a quoted text or runs to the next semicolon, so that no text is read twice.
  const parts = header.matchAll(/(?:^|;)\s*([\w!#$&+.^`|~-]+\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))/g);
  for (const [, name = '', quoted, plain] of parts) {
    const key = name.toLowerCase();
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain?.trim() ?? '';
    if (!found.has(key)) found.set(key, value);
  }
  return found;
}

/** `UTF-8''a%20b`; undefined where it cannot be read: the plain form may still be good. */
function decodeExtended(value: string): string | undefined {
  const [, charset = '', text = ''] = /^([\w-]*)'[^']*'(.*)$/s.exec(value) ?? [undefined, 'utf-8', value];
  if (/%(?![\da-f]{2})/i.test(text)) return undefined;
  return decode(percentDecoded(text), charset === '' ? 'utf-8' : charset);
}

function decodePlain(value: string): string {
  if (WORDS.test(value)) return decodeWords(value) ?? value;
  // A header comes as Latin-1: what is UTF-8 underneath was meant as that.
  const raw = [...value].every((char) => char.charCodeAt(0) < 256)
    ? (decode(latin1Bytes(value), 'utf-8') ?? value)
    : value;
  if (!/%[\da-f]{2}/i.test(raw)) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

/** One or more: a name that is long has to be cut into several, and the blanks between them are none of its. */
const WORDS = /^(?:=\?[\w-]+\?[bq]\?[^?]*\?=(?:\s+(?==\?)|$))+$/i;

function decodeWords(value: string): string | undefined {
  const words = [...value.matchAll(/=\?([\w-]+)\?([bq])\?([^?]*)\?=/gi)].map(
    ([, charset = '', encoding = '', text = '']) => decodeWord(charset, encoding, text),
  );
  return words.includes(undefined) ? undefined : words.join('');
}

/** RFC 2047, as some servers write it into headers of HTTP. */
function decodeWord(charset: string, encoding: string, text: string): string | undefined {
  try {
    const bytes =
      encoding.toLowerCase() === 'b'
        ? latin1Bytes(atob(text))
        : percentDecoded(text.replaceAll('_', ' ').replace(/=([\da-f]{2})/gi, '%$1'));
    return decode(bytes, charset);
  } catch {
    return undefined;
  }
}

function percentDecoded(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const plain = text.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return [...plain].every((char) => char.charCodeAt(0) < 256) ? latin1Bytes(plain) : bytes;
}

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Undefined where the bytes are not of this charset, or it is unknown. */
function decode(bytes: Uint8Array, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
