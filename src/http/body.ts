/** The bytes of an answer, as they arrive. */
export interface BodyReader {
  /** The next bytes; undefined at the end. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Lets go of the rest. Never throws. */
  cancel(reason?: unknown): void;
}

/** The bodies there are: of the platform's fetch, of node-fetch and its kin (Node's streams), of React Native (none). */
type Body = ReadableStream<Uint8Array<ArrayBuffer>> & Partial<NodeStream> & AsyncIterable<unknown>;

interface NodeStream {
  on(event: 'error', listener: () => void): unknown;
  destroy(): unknown;
}

/**
 * Reads a body whatever kind of `fetch` made it. One without any stream is read whole, by `text()` where a text is
 * wanted: React Native has no `arrayBuffer()` that works everywhere.
 */
export function readerOf(response: Response, wanted: 'bytes' | 'text' = 'bytes'): BodyReader {
  const body = bodyOf(response);
  if (body === undefined) return wholeReader(response, wanted);
  if (typeof body.getReader === 'function') {
    const reader = body.getReader();
    return {
      read: async () => (await reader.read()).value,
      cancel: (reason) => void reader.cancel(reason).catch(() => {}),
    };
  }
  if (typeof body[Symbol.asyncIterator] !== 'function') return wholeReader(response, wanted);
  const parts = body[Symbol.asyncIterator]();
  return {
    read: async () => {
      const { done, value } = await parts.next();
      return done === true ? undefined : bytesOf(value);
    },
    cancel: () => discard(response),
  };
}

/** Lets go of an answer that nobody reads, so that its connection is free. Never throws. */
export function discard(response: Response): void {
  const body = bodyOf(response);
  try {
    if (typeof body?.cancel === 'function') body.cancel().catch(() => {});
    else body?.destroy?.();
  } catch {
    // It was read, or is being read.
  }
}

/** A stream of Node ends the process where it fails and nobody listens, as after an abort. */
export function quieten(response: Response): void {
  bodyOf(response)?.on?.('error', () => {});
}

function bodyOf({ body }: Response): Body | undefined {
  return typeof body === 'object' && body !== null ? (body as unknown as Body) : undefined;
}

function wholeReader(response: Response, wanted: 'bytes' | 'text'): BodyReader {
  let read = false;
  return {
    async read() {
      if (read) return undefined;
      read = true;
      const asText = wanted === 'text' || typeof response.arrayBuffer !== 'function';
      const bytes = bytesOf(asText ? await response.text() : await response.arrayBuffer());
      return bytes.length === 0 ? undefined : bytes;
    },
    cancel() {},
  };
}

function bytesOf(part: unknown): Uint8Array<ArrayBuffer> {
  if (part instanceof Uint8Array) return part as Uint8Array<ArrayBuffer>;
  return part instanceof ArrayBuffer ? new Uint8Array(part) : new TextEncoder().encode(String(part));
}
