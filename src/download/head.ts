import { downloadFilename, mediaType } from './filename.js';

/** What an answer's headers say of the file. */
export interface FileHead {
  /** In bytes; undefined where the server does not say, or the answer is encoded. */
  readonly size: number | undefined;
  readonly contentType: string;
  readonly filename: string;
  /** Names these very bytes: an ETag that is not weak. */
  readonly strongETag: string | undefined;
  /** For `If-Range`. */
  readonly validator: string | undefined;
  /** In base64. */
  readonly sha256: string | undefined;
}

/** What to do with an answer to a download. */
export type Verdict =
  /** The file from its first byte. */
  | 'whole'
  /** The same file from its first byte, part of which is known. */
  | 'same'
  /** The bytes that were asked for. */
  | 'part'
  /** There are no more bytes. */
  | 'complete'
  /** A part of something else: begin again. */
  | 'mismatch'
  | 'not-ready'
  | 'expired'
  | 'refused';

export function admit(
  response: Response,
  known: { readonly head: FileHead | undefined; readonly received: number; readonly foreign: boolean },
): Verdict {
  const { status } = response;
  const { head, received, foreign } = known;
  const range = contentRange(response.headers);
  if (status === 202) return 'not-ready';
  if (status === 206) return isNextPart() ? (received === 0 ? 'whole' : 'part') : 'mismatch';
  if (response.ok) {
    const same =
      received > 0 && head?.strongETag !== undefined && head.strongETag === strongETag(response.headers);
    return same ? 'same' : 'whole';
  }
  if (status === 416 && received > 0) {
    return head?.size === undefined && range?.size === received ? 'complete' : 'mismatch';
  }
  // A file that was there and is gone: its URL has had its time. A signed URL is refused as forbidden then.
  if (status === 410 || (foreign && (status === 401 || status === 403))) return 'expired';
  if (status === 404 && received > 0) return 'expired';
  return status === 404 || status === 409 || status === 425 ? 'not-ready' : 'refused';

  function isNextPart(): boolean {
    const eTag = strongETag(response.headers);
    return (
      range?.start === received &&
      (head?.size === undefined || range.size === undefined || range.size === head.size) &&
      (head?.strongETag === undefined || eTag === undefined || eTag === head.strongETag)
    );
  }
}

export function readHead(response: Response, fallbackName: string): FileHead {
  const { headers } = response;
  const encoding = headers.get('content-encoding') ?? 'identity';
  const encoded = encoding.toLowerCase() !== 'identity';
  const length =
    response.status === 206
      ? contentRange(headers)?.size
      : Number(headers.get('content-length') ?? Number.NaN);
  return {
    size: encoded || length === undefined || !Number.isSafeInteger(length) || length < 0 ? undefined : length,
    contentType: mediaType(headers) || 'application/octet-stream',
    filename: downloadFilename(headers, fallbackName),
    strongETag: encoded ? undefined : strongETag(headers),
    validator: encoded ? undefined : (strongETag(headers) ?? strongLastModified(headers)),
    sha256: encoded || response.status !== 200 ? undefined : sha256Of(headers),
  };
}

function strongETag(headers: Headers): string | undefined {
  const eTag = headers.get('etag');
  return eTag !== null && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(eTag) ? eTag : undefined;
}

/** A date proves that the file is the same only where it was old when it was sent (RFC 9110, section 8.8.2.2). */
function strongLastModified(headers: Headers): string | undefined {
  const lastModified = headers.get('last-modified');
  const ageMs = Date.parse(headers.get('date') ?? '') - Date.parse(lastModified ?? '');
  return lastModified !== null && ageMs >= 1_000 ? lastModified : undefined;
}

function contentRange(headers: Headers): { start: number | undefined; size: number | undefined } | undefined {
  const match = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/i.exec(headers.get('content-range') ?? '');
  if (match === null) return undefined;
  const [, start, size] = match;
  return {
    start: start === undefined ? undefined : Number(start),
    size: size === undefined || size === '*' ? undefined : Number(size),
  };
}

/** `Repr-Digest` (RFC 9530), the older `Digest` (RFC 3230), or the checksum of S3 where it is not one of parts. */
function sha256Of(headers: Headers): string | undefined {
  const given = `${headers.get('repr-digest')} ${headers.get('digest')} sha-256=${headers.get('x-amz-checksum-sha256')}`;
  return /\bsha-256=:?([\w+/]{43}=)(?![-\w])/i.exec(given)?.[1];
}
