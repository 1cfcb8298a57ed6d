import { tagOf } from '../core/blob.js';
import { isRecord } from '../core/record.js';
import { bounded } from '../core/text.js';
import { isVideoError } from '../errors.js';
import { endOfSecret } from './secret-in-text.js';
import { secretsIn } from './secrets-in.js';

/** How deep causes, and the parts of an error, are looked at. */
const MAX_DEPTH = 100;
const MAX_FOREIGN_DEPTH = 6;
/**
 * Tokens change, and a server may quote one of before; the oldest are forgotten. Where each call has its own, this is for
 * those that are under way at once.
 */
const MAX_KNOWN = 400;
const REDACTED = '[redacted]';
/** Each character is looked at for each secret: what is longer is cut before that, so that no answer holds all else up. */
const MAX_TEXT = 9_000;
/** Of all texts of one error together. */
const MAX_TEXTS = 24_000;
/** What an error says of itself, not of what a server said. */
const OWN_FIELDS = new Set(['name', 'code', 'jobId', 'field', 'option', 'cause']);

/** How much more of an error is shown, in characters. */
interface Room {
  left: number;
}

/** Keeps secrets out of what is shown. */
export class Redaction {
  readonly #known: Set<string>;
  /** Those that begin alike stand together. */
  #sorted: readonly (readonly string[])[] | undefined;

  constructor(known: Iterable<string> = []) {
    this.#known = new Set(known);
  }

  /** @param headers - By lower-case name; the secrets in them are found. */
  remember(texts: readonly string[], headers: Readonly<Record<string, string>>): void {
    this.#sorted = undefined;
    for (const secret of secretsIn(texts, headers)) {
      this.#known.delete(secret);
      this.#known.add(secret);
    }
    for (const oldest of this.#known) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
  }

  /** The text without any of them, however they are escaped, also where the text was cut within one. Cut where it is long. */
  redact(text: string): string {
    return this.#redactAll(bounded(text, MAX_TEXT));
  }

  #redactAll(text: string): string {
    this.#sorted ??= [...this.#known].sort().map((secret) => [...secret]);
    const secrets = this.#sorted;
    if (secrets.length === 0) return text;
    let clean = '';
    let done = 0;
    for (let at = 0; at < text.length; ) {
      const end = endOfSecret(text, at, secrets);
      if (end === undefined) at += 1;
      else {
        clean += text.slice(done, at) + REDACTED;
        done = at = end;
      }
    }
    return clean + text.slice(done);
  }

  /** The same error, its words and those of its causes redacted. A foreign one that shows a secret is replaced. */
  clean<T>(error: T): T {
    return this.#cleanError(error, 0) as T;
  }

  #cleanError(error: unknown, depth: number): unknown {
    if (depth > MAX_FOREIGN_DEPTH || !(error instanceof Error))
      return this.#shows(error, 0) ? undefined : error;
    if (!isVideoError(error)) return this.#shows(error, 0) ? this.#copyOf(error, depth) : error;
    const fields = error as unknown as Record<string, unknown>;
    const room = { left: MAX_TEXTS };
    for (const name of Object.getOwnPropertyNames(error)) {
      if (OWN_FIELDS.has(name)) continue;
      const value = fields[name];
      const clean = this.#cleanValue(value, room, 0);
      if (clean !== value) fields[name] = clean;
    }
    if (error.cause !== undefined) {
      const cause = this.#cleanError(error.cause, depth + 1);
      if (cause !== error.cause) error.cause = cause;
    }
    return error;
  }

  /** What is not changed stays the same object. */
  #cleanValue(value: unknown, room: Room, depth: number): unknown {
    if (typeof value === 'string') return this.#cleanText(value, room);
    if (depth > MAX_DEPTH) return '…';
    if (Array.isArray(value)) {
      const parts = value.map((part) => this.#cleanValue(part, room, depth + 1));
      return parts.some((part, index) => part !== value[index]) ? parts : value;
    }
    if (!isRecord(value)) return value;
    const entries = Object.entries(value);
    const clean = entries.map(
      ([name, part]) => [this.#cleanText(name, room), this.#cleanValue(part, room, depth + 1)] as const,
    );
    const changed = clean.some(
      ([name, part], index) => name !== entries[index]?.[0] || part !== entries[index]?.[1],
    );
    return changed ? Object.fromEntries(clean) : value;
  }

  #cleanText(text: string, room: Room): string {
    if (room.left <= 0) return '…';
    const shown = bounded(text, Math.min(room.left, MAX_TEXT));
    room.left -= shown.length;
    return this.redact(shown);
  }

  #copyOf(error: Error, depth: number): Error {
    const copy = new Error(this.redact(error.message));
    copy.name = error.name;
    if (error.stack !== undefined) copy.stack = this.redact(error.stack);
    const { code } = error as { code?: unknown };
    if (typeof code === 'string') Object.assign(copy, { code });
    const cause = this.#cleanError(error.cause, depth + 1);
    if (cause !== undefined) copy.cause = cause;
    return copy;
  }

  /**
   * Whether a console would show one of them; what is too deep for a console is not looked at.
   *
   * @param seen - At which depth each object was looked at. In a circle, or along another path, the least is enough.
   */
  #shows(value: unknown, depth: number, seen = new Map<object, number>()): boolean {
    if (typeof value === 'string') return this.#redactAll(value) !== value;
    if (typeof value !== 'object' || value === null || depth > MAX_FOREIGN_DEPTH) return false;
    if ((seen.get(value) ?? Number.POSITIVE_INFINITY) <= depth) return false;
    seen.set(value, depth);
    return partsOf(value)
      .slice(0, 1_000)
      .some((part) => this.#shows(part, depth + 1, seen));
  }
}

/** What a console shows of an object; nothing that computes a value is asked. */
function partsOf(value: object): unknown[] {
  const parts: unknown[] = [];
  const tag = tagOf(value);
  // By their tags: not every runtime has all the classes, and a test runner has others.
  if (/ (Headers|Map|Set|URLSearchParams)]/.test(tag))
    parts.push(...(value as Map<unknown, unknown>).values());
  if (/ (Request|Response)]/.test(tag)) parts.push((value as Request).url, (value as Request).headers);
  for (const name of Reflect.ownKeys(value)) {
    const own = Object.getOwnPropertyDescriptor(value, name);
    if (own !== undefined && 'value' in own) parts.push(own.value);
  }
  return parts;
}
