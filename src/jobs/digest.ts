import { tagOf } from '../core/blob.js';

/** Deeper parts are taken as equal; no server takes such an input. */
const MAX_DEPTH = 100;
/** What follows is taken as equal: an input that holds itself has no end. */
const MAX_PARTS = 200_000;

/**
 * Tells one input from another: the same for the same fields in any order, whether one that is `undefined` is there or
 * not; files by their size and type. 64 bits, not cryptographic: it finds mistakes, and keeps nothing out.
 *
 * @returns 16 hexadecimal digits.
 */
export function inputDigest(operation: string, input: unknown): string {
  const hash = new Hash();
  hash.add(operation);
  walk(input, hash, 0);
  return hash.digits();
}

function walk(given: unknown, hash: Hash, depth: number): void {
  if (hash.parts > MAX_PARTS) return;
  const value = plain(given);
  if (depth > MAX_DEPTH) hash.add('…');
  else if (typeof value === 'bigint') hash.add(`${value}n`);
  // As JSON has it: another type never looks the same, for a text is in quotes.
  else if (typeof value !== 'object' || value === null) hash.add(JSON.stringify(value) ?? 'null');
  else if (Array.isArray(value)) {
    hash.add('[');
    for (const item of value) walk(item, hash, depth + 1);
    hash.add(']');
  } else {
    const bytes = bytesOf(value);
    if (bytes === undefined) walkFields(value as Readonly<Record<string, unknown>>, hash, depth);
    else hash.add(bytes);
  }
}

function walkFields(fields: Readonly<Record<string, unknown>>, hash: Hash, depth: number): void {
  hash.add('{');
  for (const name of Object.keys(fields).sort()) {
    const field = plain(fields[name]);
    if (field === undefined || typeof field === 'function' || typeof field === 'symbol') continue;
    hash.add(JSON.stringify(name));
    walk(field, hash, depth + 1);
  }
  hash.add('}');
}

/** Dates and URLs are what they are sent as. Bytes are not: a Buffer would be a number for each. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return value;
  const { toJSON } = (value ?? {}) as { toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON.call(value) as unknown) : value;
}

function bytesOf(value: object): string | undefined {
  if (ArrayBuffer.isView(value) || tagOf(value) === '[object ArrayBuffer]')
    return `bytes ${(value as ArrayBuffer).byteLength}`;
  const { size, type, arrayBuffer } = value as Partial<Blob>;
  return typeof arrayBuffer === 'function' ? `blob ${size} ${type}` : undefined;
}

/** Two multiplicative hashes of 32 bits, with different starts and factors. */
class Hash {
  #high = 0xdeadbeef;
  #low = 0x41c6ce57;
  parts = 0;

  add(text: string): void {
    this.parts++;
    let high = this.#high;
    let low = this.#low;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      high = Math.imul(high ^ code, 0x9e3779b1);
      low = Math.imul(low ^ code, 0x5f356495);
      high ^= low >>> 15;
    }
    // The end of one part: `ab`, `c` is not `a`, `bc`.
    this.#high = Math.imul(high ^ 0x10000, 0x85ebca6b);
    this.#low = Math.imul(low ^ 0x10000, 0xc2b2ae35);
  }

  digits(): string {
    const high = mixed(this.#high ^ this.#low);
    const low = mixed(this.#low ^ Math.imul(high, 0x9e3779b1));
    return hex(high) + hex(low);
  }
}

function mixed(value: number): number {
  const first = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
