import type { IncomingMessage } from 'node:http';

/**
 * The request as the web has it. Its body is the stream, or the bytes that somebody kept (`req.rawBody`, or what
 * `express.raw()` makes of `req.body`). Where it was parsed and the bytes are gone, it is a request that is used up.
 *
 * @param holder - What frameworks hang `rawBody` and `body` on.
 */
export function toRequest(incoming: IncomingMessage, holder: object): Request {
  const { method = 'GET', url = '/' } = incoming;
  const headers = new Headers();
  const raw = incoming.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i], raw[i + 1]];
    // HTTP/2 has pseudo-headers.
    if (!name.startsWith(':')) headers.append(name, value);
  }
  const init: RequestInit & { duplex?: 'half' } = { method, headers };
  if (method !== 'GET' && method !== 'HEAD') {
    init.body = keptBody(holder) ?? streamOf(incoming);
    init.duplex = 'half';
  }
  const request = new Request(new URL(url.replace(/^\/*/, '/'), 'http://localhost'), init);
  if (init.body instanceof ReadableStream && isRead(incoming)) void request.arrayBuffer().catch(() => {});
  return request;
}

function keptBody(holder: object): Uint8Array<ArrayBuffer> | undefined {
  const { rawBody, body } = holder as { readonly rawBody?: unknown; readonly body?: unknown };
  for (const kept of [rawBody, body]) {
    if (typeof kept === 'string') return new TextEncoder().encode(kept);
    if (kept instanceof Uint8Array) return new Uint8Array(kept);
  }
  return undefined;
}

/** Whether somebody has had the body, or part of it. */
function isRead(incoming: IncomingMessage): boolean {
  return incoming.readableDidRead || incoming.readableEnded;
}

/** Unlike `Readable.toWeb`, it leaves the socket open when it is cancelled: the answer has yet to be written. */
function streamOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let cancelled = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (isRead(incoming)) return controller.close();
        incoming.on('data', (chunk: Uint8Array) => {
          if (cancelled) return;
          controller.enqueue(new Uint8Array(chunk));
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
        });
        incoming.once('end', () => !cancelled && controller.close());
        incoming.once('close', () => {
          if (!incoming.complete && !cancelled) controller.error(new Error('the connection closed'));
        });
        incoming.on('error', () => {});
        incoming.pause();
      },
      pull() {
        incoming.resume();
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 65_536, size: (chunk) => chunk.length },
  );
}
