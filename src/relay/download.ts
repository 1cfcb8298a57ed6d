import type { AnyBackend, DownloadOptions, JobRecord, VideoClient, VideoDownload } from '../index.js';
import { isVideoError } from '../index.js';
import { HEADERS, Refused } from './answer.js';
import { digestOf } from './key.js';

/** How long a page waits for the first bytes before it is told to come again, in milliseconds. */
const OPEN_MS = 20_000;

type Range = NonNullable<DownloadOptions['range']>;

/** The bytes of a job's video, with the key of this server and without its address. Throws what the page is told. */
export async function proxyDownload(
  client: VideoClient<AnyBackend>,
  { key, jobId }: JobRecord,
  request: Request,
  output: number,
): Promise<Response> {
  if (jobId === undefined) throw notReady();
  const open = (range: Range | undefined) => opened(client, jobId, { output, range }, request.signal);
  const ifRange = request.headers.get('if-range');
  let range = rangeOf(request.headers.get('range'));
  let video = await open(range).catch((error: unknown) => {
    // Perhaps the page has the beginning of another file, that was longer.
    if (ifRange !== null && isBeyondEnd(error)) return undefined;
    throw error;
  });
  const isBeyond = video === undefined;
  let eTag = video && (await eTagOf(key, video));
  // Of another file than the page has the beginning of, or of one of unknown length, all is sent.
  if (
    video === undefined ||
    (range !== undefined && (video.size === undefined || (ifRange !== null && ifRange !== eTag)))
  ) {
    range = undefined;
    video = await open(range);
    eTag = await eTagOf(key, video);
    if (isBeyond && ifRange === eTag) throw beyondEnd();
  }
  const { size } = video;
  const { start, end = size } = range ?? { start: 0 };
  const until = size === undefined ? undefined : Math.min(end ?? size, size);
  return new Response(video.stream(), {
    status: range === undefined ? 200 : 206,
    headers: {
      ...HEADERS,
      'content-type': typeOf(video),
      'content-disposition': `attachment; filename="${nameOf(key, output, video)}"`,
      'accept-ranges': 'bytes',
      ...(eTag !== undefined && { etag: eTag }),
      ...(until !== undefined && { 'content-length': String(until - start) }),
      ...(range !== undefined &&
        until !== undefined && { 'content-range': `bytes ${start}-${until - 1}/${size}` }),
    },
  });
}

async function opened(
  client: VideoClient<AnyBackend>,
  jobId: string,
  options: Pick<DownloadOptions, 'output' | 'range'>,
  page: AbortSignal,
): Promise<VideoDownload> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(notReady()), OPEN_MS);
  page.addEventListener('abort', () => controller.abort(page.reason), { once: true });
  try {
    page.throwIfAborted();
    return await client.download(jobId, { ...options, signal: controller.signal });
  } catch (error) {
    if (isVideoError(error) && (error as { readonly field?: unknown }).field === 'range') throw beyondEnd();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function beyondEnd(): Refused {
  return new Refused(416, 'No such range');
}

function isBeyondEnd(error: unknown): boolean {
  return error instanceof Refused && error.answer.status === 416;
}

function notReady(): Refused {
  return new Refused(404, 'Video not available yet', { retryAfterMs: 2_000 });
}

/** One range from a first byte on; any other is as if it were not asked for, as a server may do. */
export function rangeOf(header: string | null): Range | undefined {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined) return undefined;
  const start = Number(first);
  if (last === undefined) return { start };
  return Number(last) < start ? undefined : { start, end: Number(last) + 1 };
}

/** By which a page resumes. The server's own may be made of its id. */
async function eTagOf(key: string, { eTag }: VideoDownload): Promise<string | undefined> {
  if (eTag === undefined) return undefined;
  return `"${await digestOf(new TextEncoder().encode(`${key} ${eTag}`))}"`;
}

/** What a browser would run is not sent from the page's own site. */
function typeOf({ contentType }: VideoDownload): string {
  return /^(video|audio|image)\/(?!svg)[\w.+-]+$/i.test(contentType)
    ? contentType
    : 'application/octet-stream';
}

/** What a player or a viewer opens: a page's user is handed nothing that a system would run. */
const MEDIA =
  /\.(?:mp4|m4[av]|mov|webm|mk[av]|avi|mpe?g|3gp|og[agv]|opus|mp3|wav|flac|aac|a?png|jpe?g|gif|webp|avif|tiff?|exr|glb|vtt|srt|zip|json|txt)$/i;

/** The server's own may hold its id, or a part of it. */
export function nameOf(key: string, output: number, { filename }: Pick<VideoDownload, 'filename'>): string {
  const extension = MEDIA.exec(filename)?.[0] ?? '';
  return `video-${key.replaceAll(/[^\w.-]/g, '_')}${output === 0 ? '' : `-${output + 1}`}${extension}`;
}
