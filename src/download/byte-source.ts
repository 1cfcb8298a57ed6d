import type { ByteArray } from '../core/bytes.js';
/** The bytes of one download, in order, whatever happens to the connections that bring them. */
export interface ByteSource {
  /**
   * The next bytes; `restart` where all bytes so far are void and it begins again; undefined at the end,
   * once length and hash were checked. Rejects where it cannot go on, or with the reason of the signal.
   */
  read(): Promise<ByteArray | 'restart' | undefined>;
  /** Of the bytes now being read; known after the first read. */
  readonly size: number | undefined;
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
