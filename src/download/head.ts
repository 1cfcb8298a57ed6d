import { downloadFilename, mediaType } from './filename.js';

/** What an answer's headers say of the file. */
export interface FileHead {
  /** In bytes; undefined where the server does not say, or the answer is encoded. */
  readonly size: number | undefined;
  /** Where this answer ends, as an offset in the file; undefined where it does not say. */
  readonly until: number | undefined;
  readonly contentType: string;
  readonly filename: string;
  /** Whatever it proves. */
  readonly eTag: string | undefined;
  readonly lastModified: string | undefined;
  /** Names these very bytes: an ETag that is not weak. */
  readonly strongETag: string | undefined;
  /** For `If-Range`. */
  readonly validator: string | undefined;
  /** In base64. */
  readonly sha256: string | undefined;
  /** Fetch decodes it: its length is not that of the file. */
  readonly isEncoded: boolean;
  /** In a page, an answer of another origin: whether it is encoded is hidden, and so its length may be another. */
  readonly isCrossOrigin: boolean;
  readonly isSizeSure: boolean;
}

export function readHead(response: Response, fallbackName: string): FileHead {
  const { headers } = response;
  const isEncoded = encodes(headers);
  const range = contentRange(headers);
  const isPart = isPartial(response);
  const length = isPart ? range?.size : contentLength(headers);
  return {
    size: isEncoded ? undefined : length,
    until: isEncoded ? undefined : isPart ? range?.end : length,
    contentType: mediaType(headers) || 'application/octet-stream',
    filename: downloadFilename(headers, fallbackName),
    eTag: headers.get('etag') ?? undefined,
    lastModified: headers.get('last-modified') ?? undefined,
    strongETag: isEncoded ? undefined : strongETag(headers),
    validator: isEncoded ? undefined : (strongETag(headers) ?? strongLastModified(headers)),
    sha256: isEncoded || isPart ? undefined : sha256Of(headers),
    isEncoded,
    isCrossOrigin: response.type === 'cors',
    isSizeSure: response.type !== 'cors' || isPart,
  };
}

/** Anything else, such as an empty one or `aws-chunked`, is left as it came, and changes nothing. */
const CODINGS = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'compress', 'x-compress', 'dcb', 'dcz']);

export function encodes(headers: Headers): boolean {
  const codings = (headers.get('content-encoding') ?? '').toLowerCase().split(',');
  return codings.some((coding) => CODINGS.has(coding.trim()));
}

export function strongETag(headers: Headers): string | undefined {
  const eTag = headers.get('etag');
  return eTag !== null && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(eTag) ? eTag : undefined;
}

/** A date proves that the file is the same only where it was old when it was sent (RFC 9110, section 8.8.2.2). */
function strongLastModified(headers: Headers): string | undefined {
  const lastModified = headers.get('last-modified');
  const ageMs = Date.parse(headers.get('date') ?? '') - Date.parse(lastModified ?? '');
  return lastModified !== null && ageMs >= 1_000 ? lastModified : undefined;
}

function contentLength(headers: Headers): number | undefined {
  const length = headers.get('content-length')?.trim() ?? '';
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** What a 206 holds, or a 416 says; `end` is the offset behind its last byte. Undefined where it makes no sense. */
export interface ContentRange {
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly size: number | undefined;
}

export function contentRange(headers: Headers): ContentRange | undefined {
  const given = headers.get('content-range')?.trim() ?? '';
  const match = /^bytes\s+(?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(given);
  if (match === null) return undefined;
  const [start, last, size] = match
    .slice(1)
    .map((text) => (text === undefined || text === '*' ? undefined : Number(text)));
  if (
    start !== undefined &&
    last !== undefined &&
    (last < start || last >= (size ?? Number.MAX_SAFE_INTEGER))
  )
    return undefined;
  return { start, end: last === undefined ? undefined : last + 1, size };
}

/**
 * Some proxies and caches make a 200 of a 206, and leave the range in it. One that tells the whole file changes nothing,
 * for some servers send it with each answer.
 */
export function isPartial({ status, headers }: Pick<Response, 'status' | 'headers'>): boolean {
  if (status === 206) return true;
  const range = status === 200 ? contentRange(headers) : undefined;
  return range?.start !== undefined && !(range.start === 0 && range.end === range.size);
}

/** `Repr-Digest` (RFC 9530), the older `Digest` (RFC 3230), or the checksum of S3 where it is not one of parts. */
function sha256Of(headers: Headers): string | undefined {
  const given = `${headers.get('repr-digest')} ${headers.get('digest')} sha-256=${headers.get('x-amz-checksum-sha256')}`;
  return /\bsha-256=:?([\w+/]{43}=)(?![-\w])/i.exec(given.slice(0, 4_000))?.[1];
}
