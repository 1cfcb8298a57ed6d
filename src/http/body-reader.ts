/** The bytes of an answer, as they arrive. */
export interface BodyReader {
  /** The next bytes; undefined at the end. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Lets go of the rest. Never throws. */
  cancel(reason?: unknown): void;
}

/** Not by the class of a part: a test runner may have a context of its own, with other ones. */
export function bytesOf(part: unknown): Uint8Array<ArrayBuffer> {
  if (typeof part === 'string') return new TextEncoder().encode(part);
  return ArrayBuffer.isView(part) ? (part as Uint8Array<ArrayBuffer>) : new Uint8Array(part as ArrayBuffer);
}
