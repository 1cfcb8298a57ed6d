/**
 * Text of a stranger as it may stand in a message or a log line: on one line, control and invisible characters
 * escaped, length bounded.
 */
export function printable(text: string, maxLength = 500): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A URL as it may be shown: without the query, which may be a signature, and without user name and password. */
export function redactUrl(url: URL): string {
  return printable(`${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`);
}

/** The same for text of others that may quote URLs. */
export function redactQueries(text: string): string {
  return text.replace(/(https?:\/\/[^\s"'<>?]*)\?[^\s"'<>)]*/gi, '$1?…');
}
