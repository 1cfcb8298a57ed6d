/** Untrusted text as a part of a message. The errors themselves put it on one line. */
export function bounded(text: string, maxLength = 500): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

/** What was thrown, which may be anything. Never throws. */
export function wordsOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'what cannot be shown'; // An object without a prototype, say.
  }
}

/** A URL as it may be shown: without the query, which may be a signature, and without user name and password. */
export function redactUrl({ origin, pathname, search }: URL): string {
  return bounded(origin + pathname) + (search && '?…');
}

/** The same for text of others that may quote URLs. Word by word: one expression for all of it would be quadratic. */
export function redactQueries(text: string): string {
  return text.replace(/[^\s"]+/g, (word) => {
    const url = word.search(/https?:\/\//i);
    const query = url === -1 ? -1 : word.indexOf('?', url);
    return query === -1 ? word : `${word.slice(0, query)}?…`;
  });
}
