import { type BodyReader, bytesOf } from './body-reader.js';

// The body of an answer of node-fetch and its kin. A browser build takes node-stream.browser.ts instead.

interface NodeStream extends AsyncIterable<unknown> {
  on(event: 'error', listener: () => void): unknown;
  destroy(): unknown;
}

/** Reads it as it arrives; undefined for what is no stream. */
export function nodeReader(response: Response): BodyReader | undefined {
  const parts = streamOf(response)?.[Symbol.asyncIterator]?.();
  if (parts === undefined) return undefined;
  return {
    read: async () => {
      const { done, value } = await parts.next();
      return done === true ? undefined : bytesOf(value);
    },
    cancel: () => destroy(response),
  };
}

export function destroy(response: Response): void {
  streamOf(response)?.destroy?.();
}

/** A stream of Node ends the process where it fails and nobody listens, as after an abort. */
export function quieten(response: Response): void {
  streamOf(response)?.on?.('error', () => {});
}

function streamOf({ body }: Response): Partial<NodeStream> | undefined {
  return typeof body === 'object' && body !== null ? (body as unknown as Partial<NodeStream>) : undefined;
}
