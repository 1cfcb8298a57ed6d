import type { ByteArray } from '../core/bytes.js';
import type { VideoDownload } from '../core/video-download.js';
import { DownloadError } from '../errors.js';
import type { HttpClient } from '../http/types.js';
import { collectBytes } from './collect.js';
import type { DownloadSource } from './places.js';
import { type OpenDownloadOptions, ResumableBody } from './resumable-body.js';
import { saveFile } from './save-file.js';

/** How long an open connection waits to be read. */
const UNREAD_MS = 1_000;

/** Opens a download and reads as much of it as shows that it is one. */
export async function openDownload(
  http: HttpClient,
  source: DownloadSource,
  options: OpenDownloadOptions,
): Promise<VideoDownload> {
  const { jobId } = source;
  const { runtime } = options;
  const first = new ResumableBody(http, source, options);
  const { size, contentType, filename, strongETag } = await first.open();

  let unread: ResumableBody | undefined = first;
  const timer = runtime.setTimeout(() => {
    unread?.close();
    unread = undefined;
  }, UNREAD_MS);
  const take = (): ResumableBody => {
    runtime.clearTimeout(timer);
    const body = unread ?? new ResumableBody(http, source, options);
    unread = undefined;
    return body;
  };

  return {
    ...(size === undefined ? {} : { size }),
    ...(strongETag === undefined ? {} : { eTag: strongETag }),
    contentType,
    filename,
    stream: () => streamOf(take(), jobId),
    bytes: () => collectBytes(take()),
    blob: async () => new Blob([await collectBytes(take())], { type: contentType }),
    save: (pathOrName) => saveFile(pathOrName, { jobId, filename, contentType, open: take }),
  };
}

function streamOf(body: ResumableBody, jobId: string): ReadableStream<ByteArray> {
  body.isStream = true;
  let delivered = false;
  return new ReadableStream<ByteArray>(
    {
      async pull(controller) {
        let chunk = await body.read();
        while (chunk === 'restart') {
          if (delivered) {
            body.close();
            throw new DownloadError(
              'download-incomplete',
              `the connection to the video of job ${jobId} was lost, and the server cannot resume it`,
              {
                jobId,
                hint: 'Use save(), which can begin again by itself, or stream it again from the start.',
              },
            );
          }
          chunk = await body.read();
        }
        if (chunk === undefined) return controller.close();
        delivered = true;
        controller.enqueue(chunk);
      },
      cancel: () => body.close(),
    },
    // Nothing is read ahead: who does not read holds one piece at most.
    { highWaterMark: 0 },
  );
}
