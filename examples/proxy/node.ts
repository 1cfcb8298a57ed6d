import type { IncomingMessage, RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

export function headersOf({ headers }: IncomingMessage): Headers {
  return new Headers(headers as Record<string, string>);
}

/**
 * What answers Requests as a listener of node:http. An answer that breaks off upstream breaks off here, as it must:
 * one that seems to have ended would leave half a video, one with a message at its end a video that does not play.
 */
export function toListener(handle: (request: Request) => Response | Promise<Response>): RequestListener {
  return async (incoming, outgoing) => {
    try {
      const gone = new AbortController();
      outgoing.once('close', () => gone.abort());
      const answer = await handle(toRequest(incoming, gone.signal));
      outgoing.writeHead(answer.status, Object.fromEntries(answer.headers)).flushHeaders();
      if (answer.body === null) outgoing.end();
      else await pipeline(Readable.fromWeb(answer.body as ReadableStream<Uint8Array>), outgoing);
    } catch {
      outgoing.destroy();
    }
  };
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', url } = incoming;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  // The types of fetch are the browser's, which know neither streams of Node nor `duplex`.
  const body = hasBody ? { body: Readable.toWeb(incoming) as BodyInit, duplex: 'half' } : {};
  return new Request(`http://site${url}`, { method, headers: headersOf(incoming), signal, ...body });
}
