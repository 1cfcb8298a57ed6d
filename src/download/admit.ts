import { type ContentRange, contentRange, encodes, type FileHead, isPartial, strongETag } from './head.js';

/** What to do with an answer to a download. */
export type Verdict =
  /** The file from its first byte. */
  | 'whole'
  /** The same file from its first byte, part of which is known. */
  | 'same'
  /** The bytes that were asked for, or the first of them. */
  | 'part'
  /** There are no more bytes. */
  | 'complete'
  /** A part of something else: begin again. */
  | 'mismatch'
  | 'not-ready'
  | 'expired'
  /** Perhaps not ready, perhaps expired: its words say which. */
  | 'bad-request'
  | 'refused';

/** What is known when an answer comes. */
export interface Known {
  readonly head: FileHead | undefined;
  /** Where a part was asked for and there is no head yet: the place of its first byte. */
  readonly received: number;
  /** The answer is not of our origin. */
  readonly foreign: boolean;
  /** A range was asked for whatever became of the file: only a validator in the answer proves that it is the same. */
  readonly unconditional?: boolean;
}

export function admit(response: Response, known: Known): Verdict {
  const { status, headers } = response;
  const { head, received, foreign } = known;
  const isBegun = head !== undefined && received > 0;
  if (status === 202) return 'not-ready';
  if (isPartial(response)) return partVerdict(headers, known);
  if (response.ok) return isSame(headers, known) ? 'same' : 'whole';
  if (status === 416 && isBegun) {
    const isEnd = head.size === undefined && contentRange(headers)?.size === received;
    return isEnd && agrees(headers, head) ? 'complete' : 'mismatch';
  }
  // A file that was there and is gone: its URL has had its time. A signed URL is refused as forbidden then.
  if (status === 410 || (foreign && (status === 401 || status === 403))) return 'expired';
  if (status === 404 && isBegun) return 'expired';
  if (status === 400) return 'bad-request';
  return status === 404 || status === 409 || status === 425 ? 'not-ready' : 'refused';
}

function partVerdict(headers: Headers, { head, received, unconditional }: Known): Verdict {
  const range = contentRange(headers);
  if (range === undefined || range.start !== received || encodes(headers)) return 'mismatch';
  // A part that was not asked for: it is the beginning of a file whose size must be known.
  if (received === 0) return range.size === undefined ? 'mismatch' : 'whole';
  const proven = unconditional !== true || carriesProof(headers, head);
  return sizeAgrees(range, head, received) && agrees(headers, head) && proven ? 'part' : 'mismatch';
}

function sizeAgrees({ size }: ContentRange, head: FileHead | undefined, received: number): boolean {
  if (size === undefined) return true;
  return size >= received && (head?.size === undefined || head.size === size);
}

/** Every validator that is there, a weak one too, is that of the first answer. */
function agrees(headers: Headers, head: FileHead | undefined): boolean {
  const eTag = headers.get('etag');
  const lastModified = headers.get('last-modified');
  if (head === undefined) return true;
  return (
    (eTag === null || eTag === head.eTag) && (lastModified === null || lastModified === head.lastModified)
  );
}

function carriesProof(headers: Headers, head: FileHead | undefined): boolean {
  if (head?.validator === undefined) return false;
  return [strongETag(headers), headers.get('last-modified')].includes(head.validator);
}

function isSame(headers: Headers, { head, received }: Known): boolean {
  return (
    received > 0 &&
    head?.strongETag !== undefined &&
    head.strongETag === strongETag(headers) &&
    !encodes(headers)
  );
}
