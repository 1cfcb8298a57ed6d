import { isRecord } from '../core/record.js';
import { bounded } from '../core/text.js';
import { isVideoError } from '../errors.js';
import { LEAST_SECRET_LENGTH } from './secret-length.js';
import { secretsIn } from './secrets-in.js';

/** How deep causes, and the parts of an error, are looked at. */
const MAX_DEPTH = 100;
const MAX_FOREIGN_DEPTH = 6;
/** Tokens change, and a server may quote one of before; the oldest are forgotten. */
const MAX_KNOWN = 50;
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
  /** A token stands within the header that carries it. */
  #longestFirst: readonly (readonly string[])[] | undefined;

  constructor(known: Iterable<string> = []) {
    this.#known = new Set(known);
  }

  /** @param headers - By lower-case name; the secrets in them are found. */
  remember(texts: readonly string[], headers: Readonly<Record<string, string>>): void {
    this.#longestFirst = undefined;
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
    this.#longestFirst ??= [...this.#known]
      .sort((one, other) => other.length - one.length)
      .map((secret) => [...secret]);
    const secrets = this.#longestFirst;
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
  for (const kind of [Headers, Map, Set, URLSearchParams])
    if (value instanceof kind) parts.push(...value.values());
  if (value instanceof Request || value instanceof Response) parts.push(value.url, value.headers);
  for (const name of Reflect.ownKeys(value)) {
    const own = Object.getOwnPropertyDescriptor(value, name);
    if (own !== undefined && 'value' in own) parts.push(own.value);
  }
  return parts;
}

/** Where a secret that begins here ends. */
function endOfSecret(
  text: string,
  start: number,
  secrets: readonly (readonly string[])[],
): number | undefined {
  // Tokens begin alike: each beginning is looked for once.
  const begins = new Map<string, readonly number[]>();
  for (const secret of secrets) {
    const [first = ''] = secret;
    let ends = begins.get(first) ?? endsOfChar(text, start, first);
    begins.set(first, ends);
    let matched = 0;
    while (ends.length > 0) {
      matched += 1;
      if (matched === secret.length) return Math.max(...ends);
      const next = ends.flatMap((end) => endsOfChar(text, end, secret[matched] ?? ''));
      if (next.length === 0) break;
      ends = next.length === 1 ? next : [...new Set(next)];
    }
    // A text that was cut, within an escape perhaps, shows the beginning.
    const cut = matched < LEAST_SECRET_LENGTH ? undefined : ends.find((end) => isCut(text, end));
    if (cut !== undefined) return cut;
  }
  return undefined;
}

function isCut(text: string, at: number): boolean {
  return text.length <= at + 6 || /^.{0,6}?(?:…|\.\.\.|["*\n])/su.test(text.slice(at, at + 10));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const NOWHERE: readonly number[] = [];

/**
 * Where a character ends that stands here: as it is, escaped for JSON, for a URL or for a page. Of one that begins an
 * escape itself, such as `&`, both may be so, and what comes next tells.
 */
function endsOfChar(text: string, start: number, char: string): readonly number[] {
  const escaped = endOfEscaped(text, start, char);
  const plain = text.startsWith(char, start) ? start + char.length : undefined;
  if (escaped === undefined || escaped === plain) return plain === undefined ? NOWHERE : [plain];
  return plain === undefined ? [escaped] : [escaped, plain];
}

function endOfEscaped(text: string, start: number, char: string): number | undefined {
  switch (text[start]) {
    case '\\': {
      let at = start;
      // Escaped once, or JSON within JSON; more is no escape, and would cost each place a look at all of them.
      while (text[at] === '\\' && at < start + 8) at += 1;
      const hex = /^(?:u([\da-f]{4})|u\{([\da-f]{1,6})\}|x([\da-f]{2}))/i.exec(text.slice(at, at + 10));
      const code = Number.parseInt(hex?.[1] ?? hex?.[2] ?? hex?.[3] ?? '', 16);
      if (hex !== null && code === char.codePointAt(0)) return at + hex[0].length;
      return text.startsWith(char, at) ? at + char.length : undefined;
    }
    case '%': {
      const encoded = encodeURIComponent(char);
      const code = (char.codePointAt(0) ?? 0).toString(16).padStart(2, '0');
      const escaped = encoded === char ? `%${code}` : encoded;
      // A URL within a URL is escaped again, and once more within the next.
      for (const percent of ['%', '%25', '%2525']) {
        const again = escaped.replaceAll('%', percent);
        const end = start + again.length;
        if (text.slice(start, end).toLowerCase() === again.toLowerCase()) return end;
      }
      return undefined;
    }
    case '&': {
      const entity = /^&(?:#x0{0,4}([\da-f]{1,6})|#0{0,4}(\d{1,7})|(\w{2,4}));/i.exec(
        text.slice(start, start + 14),
      );
      if (entity === null) return undefined;
      const [whole, hex, decimal, name = ''] = entity;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code === char.codePointAt(0) || ENTITIES[name] === char ? start + whole.length : undefined;
    }
    case '+':
      return char === ' ' ? start + 1 : undefined;
    default:
      return undefined;
  }
}
