import { dispositionFilename } from './disposition.js';

/** In UTF-16 units, at most three bytes each: every file system takes 255 bytes. */
const MAX_NAME_LENGTH = 80;

const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['video/mp4', '.mp4'],
  ['video/webm', '.webm'],
  ['video/quicktime', '.mov'],
  ['image/jpeg', '.jpg'],
  ['image/png', '.png'],
  ['image/webp', '.webp'],
]);

/**
 * The name to save under: the server's, reduced to a harmless base name, else the fallback with the extension of
 * the content type.
 */
export function downloadFilename(headers: Headers, fallback: string): string {
  const given = sanitizeFilename(dispositionFilename(headers.get('content-disposition') ?? ''));
  if (given !== '') return given;
  const name = sanitizeFilename(fallback.replace(/[/\\]/g, '_')) || 'video';
  const extension = EXTENSIONS.get(mediaType(headers)) ?? '';
  return name.toLowerCase().endsWith(extension) ? name : name + extension;
}

/** The content type without its parameters, in lower case. */
export function mediaType(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1).join('').trim().toLowerCase();
}

/** Windows strips the blanks before a dot, and takes what is left for the device. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])\s*(\.|$)/i;

/**
 * A name that is no path, on any system, and shows what it is: no directories, control or invisible characters,
 * drive or stream separators, leading dots, trailing dots or blanks, or names of Windows devices. Empty where
 * nothing is left.
 */
export function sanitizeFilename(name: string): string {
  // The end of it is kept, with the extension; a longer one is not a real name.
  const base = (name.slice(-1_000).split(/[/\\]/).pop() ?? '')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '');
  const short = shorten(base);
  // What is long may become one only by that.
  return WINDOWS_DEVICE.test(short) ? shorten(`_${base}`) : short;
}

function shorten(name: string): string {
  const extension = /\.[^.]{1,9}$/.exec(name)?.[0] ?? '';
  const stem = name.slice(0, Math.min(MAX_NAME_LENGTH, name.length) - extension.length);
  // A character may have been cut in two.
  return (stem + extension).replace(/\p{Cs}/gu, '').replace(/[\s.]+$/, '');
}
