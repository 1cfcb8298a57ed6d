import { type BodyReader, bytesOf } from './body-reader.js';
import { destroy, nodeReader } from './node-stream.js';

type Body = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Reads a body whatever kind of `fetch` made it. One without any stream is read whole, by `text()` where a text is
 * wanted: React Native has no `arrayBuffer()` that works everywhere.
 */
export function readerOf(response: Response, wanted: 'bytes' | 'text' = 'bytes'): BodyReader {
  const body = bodyOf(response);
  if (typeof body?.getReader !== 'function') return nodeReader(response) ?? wholeReader(response, wanted);
  const reader = body.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: (reason) => void reader.cancel(reason).catch(() => {}),
  };
}

/** Lets go of an answer that nobody reads, so that its connection is free. Never throws. */
export function discard(response: Response): void {
  const body = bodyOf(response);
  try {
    if (typeof body?.cancel === 'function') body.cancel().catch(() => {});
    else destroy(response);
  } catch {
    // It was read, or is being read.
  }
}

/** Of a fetch that is not the platform's it may be anything. */
function bodyOf({ body }: Response): Partial<Body> | undefined {
  return typeof body === 'object' && body !== null ? body : undefined;
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
