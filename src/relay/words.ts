/** How much of a text of others a page is told, in characters. */
const MAX_LENGTH = 500;

/** With a scheme, or a host and a path; `data:` and addresses, too. Each part is bounded: no text takes long. */
const PLACES =
  /[a-z][a-z0-9+.-]{1,20}:\/\/\S*|\bdata:\S*|\b[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}(?::\d{1,5})?\/\S*|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b|\blocalhost(?::\d{1,5})?\S*/gi;

/** No word is so long and holds digits: it is an id, a key or a signature. */
const TOKENS = /[\w+/=~-]{20,}/g;

/** Stands for the page's own id while all others are cut. */
const OWN = '\u0001';

/**
 * Free text of the server behind, as a page may see it: with the page's id of the job in place of the server's, and
 * without places, and whatever looks like an id or a key.
 */
export function cleanWords(text: string, key: string, jobId: string | undefined): string {
  let words = text.slice(0, 4 * MAX_LENGTH).replaceAll(OWN, '');
  for (const id of idsOf(jobId)) words = replaceId(words, id);
  words = words
    .replaceAll(PLACES, '…')
    .replaceAll(TOKENS, (token) => (/\d/.test(token) && /[a-z]/i.test(token) ? '…' : token))
    .replaceAll(OWN, key);
  return words.length > MAX_LENGTH ? `${words.slice(0, MAX_LENGTH)}…` : words;
}

/** As it is, and as URLs and texts in texts have it. */
function idsOf(jobId: string | undefined): readonly string[] {
  if (jobId === undefined || jobId === '') return [];
  return [
    ...new Set([jobId, encodeURIComponent(jobId), encodeURI(jobId), JSON.stringify(jobId).slice(1, -1)]),
  ];
}

/** A short one only where it stands alone: `7` is not to be taken out of `17 credits`. */
function replaceId(words: string, id: string): string {
  if (id.length > 4) return words.replaceAll(id, OWN);
  const escaped = id.replaceAll(/[^\w]/g, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
  return words.replaceAll(new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`, 'gu'), OWN);
}
