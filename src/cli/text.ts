/**
 * What a terminal obeys, or shows as nothing: control characters (C1 too), directions of writing, zero widths, tags,
 * blanks that are letters, halves of pairs. The variation selector of emoji is a part of what is seen.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?!\ufe0f)\p{Default_Ignorable_Code_Point}/gu;

/** Words of servers as they may reach a terminal: nothing in them moves the cursor, colours or begins a line. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** JSON on one line, in which nothing is read as a command by a terminal that shows it. Still the same JSON. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(INVISIBLE, (char) =>
    Array.from({ length: char.length }, (_, index) => escapeUnit(char.charCodeAt(index))).join(''),
  );
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** Cut in the middle of nothing but a character, with a sign that it was cut. */
export function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, Math.max(0, maxLength - 1))}…`;
}

/** Such as `14.2 kB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1_000 ** power).toFixed(1)} ${units[power - 1]}`;
}

/** Such as `5 s` or `2 min 05 s`. */
export function formatElapsed(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Words as a shell reads them back, on one line, whatever is in them: to be shown, and pasted. */
export function shellCommand(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

/** How this command was called: by its name, or by npx where that is not on the path. */
export function runner(): readonly string[] {
  return process.env.npm_command === 'exec' ? ['npx', 'reelwire'] : ['reelwire'];
}

function quoted(word: string): string {
  // zsh looks up a command behind a = that comes first.
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(word)) return word;
  if (word.search(INVISIBLE) === -1) return `'${word.replaceAll("'", `'\\''`)}'`;
  // The bytes of what cannot be seen: three octal digits are read alike by bash, zsh and ksh, in every locale.
  const escaped = word.replace(/['\\!]/g, octal).replace(INVISIBLE, octal);
  return `$'${escaped}'`;
}

function octal(char: string): string {
  return Array.from(new TextEncoder().encode(char), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(
    '',
  );
}
