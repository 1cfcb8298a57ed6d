/** How much of a text of others a page is told, in characters. */
const MAX_LENGTH = 500;
/** How much is looked at: much of it may be cut. */
const MAX_READ = 2_000;

/** Of a host: each part is bounded, so that no text takes long. */
const LABEL = String.raw`[\w\u00a1-\uffff-]{1,63}`;
const HEX = '[0-9a-f]{1,4}';

/** Where something is: a URL, a host that has a path or a port, an address, a mailbox, a host that cannot be reached. */
const PLACES = new RegExp(
  [
    String.raw`[a-z][a-z0-9+.-]{1,20}:\/\/\S*`,
    String.raw`\bdata:\S*`,
    String.raw`(?<![\w.+-])[\w.+-]{1,64}@${LABEL}(?:\.${LABEL}){1,8}`,
    String.raw`(?<![\w\u00a1-\uffff-])${LABEL}(?:\.${LABEL}){1,8}(?::\d{1,5}\b\S*|\/\S*)`,
    String.raw`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b`,
    String.raw`(?<![\w:])\[?(?:(?:${HEX}(?::${HEX}){0,6})?::${HEX}(?::${HEX}){0,6}|(?:${HEX}:){7}${HEX})\]?(?::\d{1,5})?`,
    String.raw`\blocalhost(?::\d{1,5})?\S*`,
    String.raw`(?<=\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH) )\S+`,
    String.raw`(?<=\bhost=)\S+`,
  ].join('|'),
  'gi',
);

/** What stands where a credential does, or looks like one. */
const CREDENTIALS =
  /(?<=\bbearer )\S+|(?<=(?:key|token|signature|secret|password)=)\S+|\beyJ[\w-]+(?:\.[\w-]+){1,2}|\b(?:sk|rk|pk|r8)[-_][\w-]{12,}/gi;

/** No word is so long and holds digits: it is an id, a key or a signature. */
const TOKENS = /[\w+/=~-]{20,}/g;

/** Stands for the page's own id while all others are cut. */
const OWN = '\u0001';

/** That, and what nobody sees: it would hide an id or a host from what looks for them. */
const UNSEEN = /[^\P{Cc}\s]|\p{Cf}/gu;

/**
 * Free text of the server behind, as a page may see it: with the page's id of the job in place of the server's, and
 * without places, and whatever looks like an id or a key.
 */
export function cleanWords(text: string, key: string, jobId: string | undefined): string {
  // What is cut in two is not known for what it is.
  const whole = text.length > MAX_READ ? text.slice(0, MAX_READ).replace(/\S*$/, '…') : text;
  const raw = whole.replaceAll(UNSEEN, '');
  // As it is written, and as it is meant: a URL that is unescaped first could be two words.
  const cut = replaceIds(raw, jobId).replaceAll(PLACES, '…');
  const meant = unescaped(cut);
  const words = (meant === cut ? cut : replaceIds(meant, jobId && unescaped(jobId)).replaceAll(PLACES, '…'))
    .replaceAll(CREDENTIALS, '…')
    .replaceAll(TOKENS, (token) => (/\d/.test(token) && /[a-z]/i.test(token) ? '…' : token))
    .replaceAll(OWN, key);
  return words.length > MAX_LENGTH ? `${words.slice(0, MAX_LENGTH)}…` : words;
}

/** Printable ASCII, as URLs, JSON and HTML may write it. */
const ESCAPES = /%([2-7][0-9a-f])|\\u00([2-7][0-9a-f])|&#x([2-7][0-9a-f]);|&#(\d{2,3});|\\\//gi;

function unescaped(text: string): string {
  return text.replaceAll(ESCAPES, (written, url, json, html, decimal) => {
    if (written === '\\/') return '/';
    const code = decimal === undefined ? Number.parseInt(url ?? json ?? html, 16) : Number(decimal);
    return code > 0x20 && code < 0x7f ? String.fromCharCode(code) : written;
  });
}

function replaceIds(text: string, jobId: string | undefined): string {
  return idsOf(jobId).reduce(replaceId, text);
}

/** As it is, and as URLs and texts in texts have it. */
function idsOf(jobId: string | undefined): readonly string[] {
  if (jobId === undefined || jobId === '') return [];
  return [
    ...new Set([jobId, encodeURIComponent(jobId), encodeURI(jobId), JSON.stringify(jobId).slice(1, -1)]),
  ];
}

/** In capitals, too. A short one only where it stands alone: `7` is not to be taken out of `17 credits`. */
function replaceId(words: string, id: string): string {
  if (!words.toLowerCase().includes(id.toLowerCase())) return words;
  const escaped = id.replaceAll(/\W/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
  const pattern = id.length > 4 ? escaped : `(?<![\\w-])${escaped}(?![\\w-])`;
  return words.replaceAll(new RegExp(pattern, 'giu'), OWN);
}
