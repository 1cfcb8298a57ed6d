/** Deeper parts of an answer are cut: code that stringifies, compares or shows them would run out of stack. */
const MAX_DEPTH = 100;

/**
 * As `JSON.parse`, for untrusted text. A number beyond 2^53 stays as it was written, as a text: servers name jobs
 * by such numbers, and rounding makes another job of it. What is nested deeper than 100 levels becomes `'…'`.
 *
 * @throws SyntaxError where it is not JSON.
 */
export function parseJson(text: string): unknown {
  const value = parse(text);
  // Looked for in the value, which takes less than in the text, most of which is in strings.
  if (tidy(value, MAX_DEPTH)) return value;
  const exact = parse(withExactNumbers(text));
  tidy(exact, MAX_DEPTH);
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

/** Cuts what is nested too deep. False where a number in it may have lost digits. */
function tidy(value: unknown, levels: number): boolean {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value !== 'object' || value === null) return true;
  const parts = value as Record<string, unknown>;
  let isExact = true;
  for (const name of Object.keys(parts)) {
    const part = parts[name];
    if (levels === 1 && typeof part === 'object' && part !== null) parts[name] = '…';
    else if (!tidy(part, levels - 1)) isExact = false;
  }
  return isExact;
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
