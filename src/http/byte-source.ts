import { DownloadError } from '../errors.js';
import type { ExpectedDigest } from './digest.js';

/** The bytes of one download, in order, whatever happens to the connections that bring them. */
export interface ByteSource {
  /**
   * The next bytes; `restart` where all bytes so far are void and it begins again; undefined at the end. Rejects
   * where it cannot go on, or with the reason of the signal.
   */
  read(): Promise<Uint8Array<ArrayBuffer> | 'restart' | undefined>;
  /** Of the bytes now being read; known after the first read. */
  readonly size: number | undefined;
  readonly digest: ExpectedDigest | undefined;
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

export function digestMismatch(jobId: string, { algorithm }: ExpectedDigest): DownloadError {
  return new DownloadError(
    'download-incomplete',
    `what arrived of the video of job ${jobId} does not have the ${algorithm} that the server gave`,
    { jobId, hint: 'It was damaged on the way, or the server is wrong. Download it again.' },
  );
}
