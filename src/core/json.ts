/** Deeper parts of an answer are cut: code that stringifies, compares or shows them would run out of stack. */
const MAX_DEPTH = 100;
/** A shorter text cannot be nested deep enough to hurt anybody. */
const SHALLOW_LENGTH = 4_000;

/**
 * As `JSON.parse`, for untrusted text. A number beyond 2^53 stays as it was written, as a text: servers name jobs
 * by such numbers, and rounding makes another job of it. What is nested deeper than 100 levels becomes `'…'`.
 *
 * @throws SyntaxError where it is not JSON.
 */
export function parseJson(text: string): unknown {
  const value: unknown = parse(text);
  // Looked for first, since hardly any text holds one: sixteen digits, or an exponent.
  const exact = /\d{16}|\d[eE]\+?\d/.test(text) ? parse(withExactNumbers(text)) : value;
  if (text.length > SHALLOW_LENGTH) cutDeepParts(exact, MAX_DEPTH);
  return exact;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Some engines run out of stack on what is nested too deep.
    throw error instanceof SyntaxError ? error : new SyntaxError('not JSON, or nested too deep');
  }
}

/** Puts quotes around numbers that are not exact as numbers. The text is known to be JSON. */
function withExactNumbers(text: string): string {
  const token = /"|-?\d[\d.eE+-]*/g;
  let exact = '';
  let done = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    if (found === '"') token.lastIndex = endOfString(text, match.index + 1);
    else if (!(Math.abs(Number(found)) <= Number.MAX_SAFE_INTEGER)) {
      exact += `${text.slice(done, match.index)}"${found}"`;
      done = token.lastIndex;
    }
  }
  return exact + text.slice(done);
}

/** The place behind the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start; ; at++) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return text.length;
    let backslash = quote - 1;
    while (backslash >= at && text[backslash] === '\\') backslash -= 1;
    if ((quote - 1 - backslash) % 2 === 0) return quote + 1;
    at = quote;
  }
}

function cutDeepParts(value: unknown, levels: number): void {
  if (typeof value !== 'object' || value === null) return;
  const parts = value as Record<string, unknown>;
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part !== 'object' || part === null) continue;
    if (levels > 1) cutDeepParts(part, levels - 1);
    else parts[name] = '…';
  }
}

/** A value as JSON, for words; whatever it is, nothing is thrown. */
export function showJson(value: unknown, replacer?: (name: string, value: unknown) => unknown): string {
  try {
    return JSON.stringify(value, replacer) ?? 'nothing';
  } catch {
    // A circle, a bigint, or nested too deep.
    return '…';
  }
}
