/** The bytes of an answer, as they arrive. */
export interface BodyReader {
  /** The next bytes; undefined at the end. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Lets go of the rest. Never throws. */
  cancel(reason?: unknown): void;
}

export function bytesOf(part: unknown): Uint8Array<ArrayBuffer> {
  if (part instanceof Uint8Array) return part as Uint8Array<ArrayBuffer>;
  return part instanceof ArrayBuffer ? new Uint8Array(part) : new TextEncoder().encode(String(part));
}
