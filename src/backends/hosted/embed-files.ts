import { InputError } from '../../errors.js';
import { toBase64 } from '../base64.js';
import { type Bytes, isBytes, mediaTypeOf, sizeOf } from '../bytes.js';
import { isPlain, unsendable } from './plain-json.js';

/** How long `data:` URLs may be, in characters. */
export interface DataUrlLimits {
  /** Each of them. @default no limit but that of the body */
  readonly url?: number;
  /** All of one body together. */
  readonly body: number;
}

/** A file within the JSON, or a `data:` URL that the caller made. */
interface Found {
  /** Such as `frame_images[0].image_url.url`. */
  readonly path: string;
  readonly value: Bytes | string;
}

/** `data:`, the longest type there is a name for, and `;base64,`. */
const PREFIX_LENGTH = 100;
/** Far more than any model's fields need. */
const MAX_DEPTH = 100;

/**
 * The same JSON with a `data:` URL in place of each file, however deep.
 *
 * @param provider - Whose limits they are, such as `OpenRouter`.
 * @throws InputError that names the path of what is too large (before any file is read), nested too deep, or cannot be
 * read.
 */
export async function embedFiles(
  value: object,
  provider: string,
  limits: DataUrlLimits,
): Promise<Readonly<Record<string, unknown>>> {
  const found: Found[] = [];
  collect(value, '', [], found);
  checkLengths(found, provider, limits);
  const urls = new Map<unknown, string>();
  for (const { path, value: file } of found) {
    if (typeof file !== 'string' && !urls.has(file)) urls.set(file, await dataUrlOf(file, path));
  }
  return replaced(value, urls) as Readonly<Record<string, unknown>>;
}

function collect(value: unknown, path: string, within: readonly object[], found: Found[]): void {
  if (typeof value === 'string') {
    if (value.startsWith('data:')) found.push({ path, value });
  } else if (isBytes(value)) {
    found.push({ path, value });
  } else if (!isPlain(value)) {
    const kind = unsendable(value);
    if (kind !== undefined)
      throw new InputError(path, `${path} is ${kind}, of which JSON would keep nothing`, {
        hint: 'Give plain JSON, or the file itself: await what is a promise, and read what is a stream.',
      });
  } else {
    if (within.length > MAX_DEPTH || within.includes(value)) {
      const [field = ''] = path.split(/[.[]/, 1);
      throw new InputError(field, `${field} is nested in a circle, or more than ${MAX_DEPTH} levels deep`);
    }
    for (const [name, part] of Object.entries(value)) {
      const place = Array.isArray(value) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
      collect(part, place, [...within, value], found);
    }
  }
}

function checkLengths(found: readonly Found[], provider: string, limits: DataUrlLimits): void {
  let total = 0;
  for (const { path, value } of found) {
    const length =
      typeof value === 'string' ? value.length : PREFIX_LENGTH + 4 * Math.ceil(sizeOf(value) / 3);
    total += length;
    const isTooLong = length > (limits.url ?? limits.body);
    if (!isTooLong && total <= limits.body) continue;
    const what = isTooLong ? `${path} has` : `the files up to ${path} have together`;
    const most = isTooLong ? (limits.url ?? limits.body) : limits.body;
    throw new InputError(
      path,
      `${what} ${isTooLong ? length : total} characters as a data: URL, more than the ${most} that ${provider} takes`,
      { hint: 'Give a smaller file, or the URL of one.' },
    );
  }
}

async function dataUrlOf(file: Bytes, path: string): Promise<string> {
  // Parameters of a type, such as codecs, may hold the comma that ends the head of a data: URL.
  const [type = ''] = (await mediaTypeOf(file)).split(';', 1);
  return `data:${type};base64,${await toBase64(file, path)}`;
}

function replaced(value: unknown, urls: ReadonlyMap<unknown, string>): unknown {
  const url = urls.get(value);
  if (url !== undefined || !isPlain(value)) return url ?? value;
  if (Array.isArray(value)) return value.map((part) => replaced(part, urls));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, replaced(part, urls)]));
}
