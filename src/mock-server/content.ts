import { bytes, ConnectionLost, sleep } from './exchange.js';
import type { StruckFaults } from './faults.js';
import type { MockFile } from './media/files.js';

/** Bytes in one piece of a body. */
const PIECE = 256 * 1024;
/** A digest needs the whole file in memory. */
const MAX_DIGEST_SIZE = 64 * 1024 * 1024;

/** From `start` up to, and without, `end`. */
interface Part {
  readonly start: number;
  readonly end: number;
}

export interface ContentOptions {
  readonly request: { readonly headers: Headers; readonly signal: AbortSignal };
  readonly filename: string;
  readonly faults: StruckFaults;
  readonly lastModified: Date;
  /** Send a `Repr-Digest` (RFC 9530). */
  readonly digest: boolean;
  readonly etag: string;
}

/** Serves a file: `Range`, `If-Range`, `ETag`, `Content-Disposition` (RFC 9110, 6266), and what can go wrong. */
export async function serveContent(file: MockFile, options: ContentOptions): Promise<Response> {
  const { request, faults } = options;
  if (faults.find('empty')) return bytes(new Uint8Array(), 200, { 'content-type': file.contentType });

  const rangeHeader = faults.find('no-ranges') ? null : request.headers.get('range');
  const changed = faults.find('changed') !== undefined && rangeHeader !== null;
  const { etag, lastModified } = validatorsOf(options, changed);
  const headers = new Headers({
    'content-type': file.contentType,
    'content-disposition': `attachment; filename="${options.filename}"`,
  });
  if (!faults.find('no-ranges')) headers.set('accept-ranges', 'bytes');
  if (!faults.find('no-validators')) {
    if (!faults.find('no-etag')) headers.set('etag', etag);
    headers.set('last-modified', lastModified.toUTCString());
  }
  if (options.digest && file.size <= MAX_DIGEST_SIZE) headers.set('repr-digest', await digestOf(file));

  const range = rangeHeader === null ? undefined : parseRange(rangeHeader, file.size);
  const sameFile =
    faults.find('ignore-if-range') !== undefined ||
    matchesIfRange(request.headers.get('if-range'), etag, lastModified);
  if (range === 'unsatisfiable' && sameFile) {
    headers.set('content-range', `bytes */${file.size}`);
    headers.set('content-length', '0');
    return new Response(null, { status: 416, headers });
  }
  const partial = cap(typeof range === 'object' && sameFile ? range : undefined, file.size, faults);
  const { start, end } = partial ?? { start: 0, end: file.size };
  const total = faults.find('total')?.total ?? file.size;
  if (partial) headers.set('content-range', `bytes ${start}-${end - 1}/${total}`);
  const declared = faults.find('short')?.declared !== false && !faults.find('no-length');
  if (declared) headers.set('content-length', String(end - start));
  return new Response(stream(file, start, end, changed, options), { status: partial ? 206 : 200, headers });
}

/** A file that has changed is another by each of its validators. */
function validatorsOf({ etag, faults, lastModified }: ContentOptions, changed: boolean) {
  const strong = changed ? `"changed-${etag.slice(1)}` : etag;
  return {
    etag: faults.find('weak-etag') ? `W/${strong}` : strong,
    lastModified: changed ? new Date(lastModified.getTime() + 3_600_000) : lastModified,
  };
}

function cap(part: Part | undefined, size: number, faults: StruckFaults): Part | undefined {
  const capped = faults.find('capped');
  if (capped === undefined || (part === undefined && capped.unasked !== true)) return part;
  const { start, end } = part ?? { start: 0, end: size };
  return { start, end: Math.min(end, start + capped.bytes) };
}

function stream(
  file: MockFile,
  start: number,
  end: number,
  changed: boolean,
  { faults, request }: ContentOptions,
): ReadableStream<Uint8Array> {
  const drop = faults.find('drop');
  const short = faults.find('short');
  const trickle = faults.find('trickle');
  const corruptAt = faults.find('corrupt') ? file.size >> 1 : -1;
  // Behind the offset where it drops, a resumed download passes.
  const dropAt = drop && start <= drop.atByte && drop.atByte < end ? drop.atByte : undefined;
  const stopAt = Math.min(dropAt ?? end, short ? start + short.bytes : end);
  const piece = trickle ? Math.max(1, Math.ceil(trickle.bytesPerSecond / 20)) : PIECE;
  let offset = start;
  return new ReadableStream(
    {
      async pull(controller) {
        if (offset >= stopAt) {
          if (offset < end && (dropAt === offset || short?.declared !== false))
            controller.error(new ConnectionLost('end'));
          else controller.close();
          return;
        }
        if (trickle) await sleep(50, request.signal);
        const next = Math.min(offset + piece, stopAt);
        let chunk = file.slice(offset, next);
        if (changed) chunk = chunk.map((byte) => byte ^ 0xff);
        if (offset <= corruptAt && corruptAt < next) {
          chunk = chunk.slice();
          chunk[corruptAt - offset] = (chunk[corruptAt - offset] ?? 0) ^ 0xff;
        }
        controller.enqueue(chunk);
        offset = next;
      },
    },
    { highWaterMark: 0 },
  );
}

function parseRange(header: string, size: number): Part | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (match === null) return undefined; // Several ranges, or another unit: answered with the whole.
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const start = Math.max(0, size - Number(last));
    return Number(last) === 0 ? 'unsatisfiable' : { start, end: size };
  }
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
}

function matchesIfRange(header: string | null, etag: string, lastModified: Date): boolean {
  if (header === null) return true;
  if (header.startsWith('"')) return header === etag;
  return header === lastModified.toUTCString();
}

async function digestOf(file: MockFile): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', file.slice(0, file.size)));
  return `sha-256=:${btoa(String.fromCharCode(...hash))}:`;
}
