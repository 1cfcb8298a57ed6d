import type { ByteArray } from '../core/bytes.js';
import { DownloadError } from '../errors.js';
import type { HttpClient } from '../http/types.js';
import { collectBytes } from './collect.js';
import type { DownloadSource } from './places.js';
import type { DownloadProgress } from './progress.js';
import { type OpenDownloadOptions, ResumableBody } from './resumable-body.js';
import { saveFile } from './save-file.js';

export type { DownloadProgress, DownloadSource, OpenDownloadOptions };

/** Options for `VideoClient.download` and `VideoJob.download`. */
export interface DownloadOptions<Variant extends string = string> {
  /** Which of the job's files. @default the backend's first, the video */
  readonly variant?: Variant | undefined;
  /** Ends the download, while it is being saved too. Rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with each piece that arrives. Falls back where the download has to begin again. What it throws goes to the
   * logger, and the download continues.
   */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/**
 * A video that is ready to be fetched. The first of its methods takes the connection that is open already; each
 * further one fetches the video again. Left alone, it holds no connection and no memory.
 *
 * A lost connection is resumed. Each method rejects with `DownloadError` where the video cannot be had whole.
 */
export interface VideoDownload {
  /**
   * In bytes; missing where the server does not say. A hint in a page, for an answer of another origin: whether that
   * is compressed is hidden from the page.
   */
  readonly size?: number;
  /** Without parameters, such as `video/mp4`. */
  readonly contentType: string;
  /** The server's name for the file, else one made of the job's id. A base name, harmless on every system. */
  readonly filename: string;
  /**
   * The bytes as they arrive, no faster than they are read. Where the server cannot resume, a lost connection is
   * an error: what was read cannot be taken back. Its end is an error as well where the length, or the SHA-256 that the
   * server gave, is not that of what was read.
   */
  stream(): ReadableStream<ByteArray>;
  /** All of it, in memory. */
  blob(): Promise<Blob>;
  /** All of it, in memory. */
  bytes(): Promise<ByteArray>;
  /**
   * Saves it whole, or not at all. In Node `pathOrName` is the path of a file, which is replaced only when all is
   * there; in a browser it is the name proposed to the user.
   *
   * @throws DownloadError of code `download-not-saved`, naming the path.
   */
  save(pathOrName: string): Promise<void>;
}

/** How long an open connection waits for somebody to read it. */
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
  const { size, contentType, filename } = await first.open();

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
