import { LEAST_SECRET_LENGTH } from './secret-length.js';

/** Secrets of which so many characters are the same. */
interface Alike {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/**
 * Where a secret that begins here ends, however its characters are escaped.
 *
 * @param secrets - By their characters; those that begin alike stand together.
 */
export function endOfSecret(
  text: string,
  start: number,
  secrets: readonly (readonly string[])[],
): number | undefined {
  return endOfRest(text, [start], secrets, { from: 0, to: secrets.length, length: 0 });
}

/**
 * Where one of them ends of which the beginning ends at one of `ends`: the furthest, for a token stands within the header
 * that carries it. Tokens begin alike: each beginning is looked for once.
 */
function endOfRest(
  text: string,
  ends: readonly number[],
  secrets: readonly (readonly string[])[],
  { from, to, length }: Alike,
): number | undefined {
  // What all of them go on with is no reason to go deeper: a secret may be long.
  for (; isSame(secrets, from, to - 1, length); length++) {
    const char = secrets[from]?.[length];
    if (char === undefined) break;
    const next = endsOfNext(text, ends, char);
    if (next.length === 0) return endOfCut(text, ends, length);
    ends = next;
  }
  let found: number | undefined;
  let isCutOff = false;
  for (let first = from; first < to; ) {
    const char = secrets[first]?.[length];
    let last = first;
    while (last + 1 < to && isSame(secrets, first, last + 1, length)) last++;
    const next = char === undefined ? ends : endsOfNext(text, ends, char);
    if (next.length === 0) isCutOff = true;
    else {
      const end =
        char === undefined
          ? Math.max(...ends)
          : endOfRest(text, next, secrets, { from: first, to: last + 1, length: length + 1 });
      if (end !== undefined && end > (found ?? -1)) found = end;
    }
    first = last + 1;
  }
  return found ?? (isCutOff ? endOfCut(text, ends, length) : undefined);
}

function isSame(secrets: readonly (readonly string[])[], one: number, other: number, at: number): boolean {
  return secrets[one]?.[at] === secrets[other]?.[at];
}

function endsOfNext(text: string, ends: readonly number[], char: string): readonly number[] {
  const [only = 0] = ends;
  if (ends.length === 1) return endsOfChar(text, only, char);
  const next = ends.flatMap((end) => endsOfChar(text, end, char));
  return next.length <= 1 ? next : [...new Set(next)];
}

/** A text that was cut, within an escape perhaps, shows the beginning. */
function endOfCut(text: string, ends: readonly number[], length: number): number | undefined {
  return length < LEAST_SECRET_LENGTH ? undefined : ends.find((end) => isCut(text, end));
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
