import type { ByteArray } from './bytes.js';

/** How many of the bytes have arrived. */
export interface DownloadProgress {
  readonly receivedBytes: number;
  /** Missing where the server does not say. */
  readonly totalBytes?: number;
}

/** Part of a file, in bytes. */
export interface DownloadRange {
  /** The first byte, from 0. */
  readonly start: number;
  /** Behind the last byte, as of `slice`. @default the end of the file */
  readonly end?: number | undefined;
}

/** Options for `VideoClient.download` and `VideoJob.download`. */
export interface DownloadOptions<Variant extends string = string> {
  /** Which of the job's files. @default the backend's first, the video */
  readonly variant?: Variant | undefined;
  /** Which of the job's `outputs`, from 0. @default 0 */
  readonly output?: number | undefined;
  /**
   * Only these bytes of the file. Where the server knows no ranges, the others are fetched and dropped. What the file is,
   * and its hash, is not checked then.
   *
   * @throws InputError of field `range`, status 416, where the file has no byte at `start`.
   */
  readonly range?: DownloadRange | undefined;
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
   * Of the whole file, in bytes; missing where the server does not say. A hint in a page, for an answer of another origin: whether that
   * is compressed is hidden from the page.
   */
  readonly size?: number;
  /** The server's strong validator, with its quotes: the same as long as the bytes are. */
  readonly eTag?: string;
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
