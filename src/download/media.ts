/** What the first bytes of a file are. */
export type MediaKind = 'video' | 'image' | 'text' | 'unknown';

/** So many bytes tell what a file is. */
const SNIFF_BYTES = 16;
/** Blanks before the first word are not looked behind any further. */
const MAX_BLANK_BYTES = 1_024;

/** The type of the first box of an MP4 or QuickTime file, four bytes from the start. */
const BOXES = new Set('ftyp styp moov mdat free skip wide pnot moof sidx'.split(' '));
const PICTURE_BRANDS = new Set(['avif', 'avis', 'heic', 'heix', 'mif1', 'msf1']);
/** WebM and Matroska, Flash, Ogg, MPEG streams, Windows Media. */
const VIDEO_MAGIC = ['\x1aE\xdf\xa3', 'FLV', 'OggS', '\0\0\x01\xb3', '\0\0\x01\xba', 'G@', '0&\xb2u'];
const IMAGE_MAGIC = ['\xff\xd8\xff', '\x89PNG', 'GIF8', 'BM'];

/**
 * True where more of the file would tell more: nothing but blanks came so far, or part of a byte order mark.
 *
 * @param needsMagic - Only what shows that it is media will do, since all else about the answer speaks against it.
 */
export function wantsMore(bytes: Uint8Array, needsMagic: boolean): boolean {
  if (bytes.length < SNIFF_BYTES && (needsMagic || /^[\xef\xfe\xff]/.test(latin1(bytes)))) return true;
  return bytes.length < MAX_BLANK_BYTES && firstWord(bytes) === '';
}

/** Reads the first bytes of a file, whatever its content type says. `text` is JSON, a page, or nothing but blanks. */
export function sniff(bytes: Uint8Array): MediaKind {
  const head = latin1(bytes.subarray(0, SNIFF_BYTES));
  const riff = head.startsWith('RIFF') ? head.slice(8, 12) : '';
  if (PICTURE_BRANDS.has(head.slice(8, 12)) || riff === 'WEBP') return 'image';
  if (BOXES.has(head.slice(4, 8)) || riff === 'AVI ') return 'video';
  if (VIDEO_MAGIC.some((magic) => head.startsWith(magic))) return 'video';
  if (IMAGE_MAGIC.some((magic) => head.startsWith(magic))) return 'image';
  const word = firstWord(bytes);
  // No video or picture begins so. UTF-16 has a zero beside each letter.
  const first = word[0] === '\0' && word[2] === '\0' ? word[1] : word[0];
  return first === undefined || '{[<"'.includes(first) ? 'text' : 'unknown';
}

/** Content types of what is words, and no file. */
export function isTextType(type: string): boolean {
  return /^text\/|[/+](json|xml|html|xhtml|problem|x-www-form-urlencoded)$|\bproblem\+/.test(type);
}

/** From the first byte that is neither a blank nor of a byte order mark; empty where there is none. */
function firstWord(bytes: Uint8Array): string {
  const head = latin1(bytes.subarray(0, MAX_BLANK_BYTES));
  return head.replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\t\n\f\r ]*/, '').slice(0, 4);
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
