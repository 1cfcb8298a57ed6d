import type { ByteArray } from '../core/bytes.js';
import { DownloadError } from '../errors.js';

/** The bytes of one download, in order, whatever happens to the connections that bring them. */
export interface ByteSource {
  /**
   * The next bytes; `restart` where all bytes so far are void and it begins again; undefined at the end. Rejects
   * where it cannot go on, or with the reason of the signal.
   */
  read(): Promise<ByteArray | 'restart' | undefined>;
  /** Of the bytes now being read; known after the first read. */
  readonly size: number | undefined;
  /** The base64 SHA-256 of the whole file, where the server gave it. */
  readonly sha256: string | undefined;
  /** Lets go of the connection. Safe to call twice. */
  close(): void;
}

/** What is to be saved. */
export interface Saving {
  readonly jobId: string;
  /** Sanitised. */
  readonly filename: string;
  readonly contentType: string;
  /** Begins to read. Called once the place to save to is known to be good. */
  open(): ByteSource;
}

export function checksumMismatch(jobId: string): DownloadError {
  return new DownloadError(
    'download-incomplete',
    `what arrived of the video of job ${jobId} does not have the SHA-256 that the server gave`,
    { jobId, hint: 'It was damaged on the way, or the server is wrong. Download it again.' },
  );
}
