/**
 * Receives webhooks with node:http, Express and Fastify.
 *
 * @module reelwire/webhooks/node
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebhookHandler } from './handler.js';

/** A request of node:http, Express, or Fastify; the latter two hang more on it. */
export type NodeRequest = IncomingMessage | { readonly raw: IncomingMessage };
/** A response of node:http or Express, or a reply of Fastify. */
export type NodeResponse =
  | ServerResponse
  | {
      readonly raw: ServerResponse;
      /** Fastify then leaves the answer to others. */
      hijack(): unknown;
    };

/**
 * Makes a webhook handler a listener of node:http, a route of Express 4 and 5, or one of Fastify. It reads the body
 * itself: parse nothing before it on its route, or keep the bytes as `req.rawBody`.
 *
 * @example
 * http.createServer(toNodeHandler(handler)).listen(3000);
 * app.post('/webhook', toNodeHandler(handler)); // Express; before app.use(express.json())
 */
export function toNodeHandler(
  handler: WebhookHandler,
): (req: NodeRequest, res: NodeResponse) => Promise<void> {
  return async (req, res) => {
    // Fastify wraps both, and must be told that the answer is ours.
    if ('hijack' in res) res.hijack();
    const incoming = 'raw' in req ? req.raw : req;
    const outgoing = 'raw' in res ? res.raw : res;
    try {
      const request = toRequest(incoming, req);
      const answer = await handler(request, { remoteAddress: addressOf(incoming) });
      outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
      outgoing.end(new Uint8Array(await answer.arrayBuffer()));
    } catch {
      // The handler never rejects; this is a connection that broke, or an answer somebody else began.
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end();
    }
    // Adapters of platforms make requests that are whole, and say nothing of it.
    if (incoming.complete === false) discardRest(incoming);
  };
}

/** A request that an adapter made may have no socket. */
function addressOf({ socket }: { readonly socket?: IncomingMessage['socket'] }): string | undefined {
  return socket?.remoteAddress;
}

/** How long a sender may go on with a body that nobody reads. */
const LINGER_MS = 500;

/** Closing at once could take the answer away from a sender that is still writing. */
function discardRest(incoming: IncomingMessage): void {
  const timer = setTimeout(() => incoming.destroy?.(), LINGER_MS);
  timer.unref();
  incoming.once?.('close', () => clearTimeout(timer));
  incoming.on?.('error', () => {});
  incoming.resume?.();
}

/**
 * The request as the web has it. Its body is the stream, or the bytes that somebody kept (`req.rawBody`, or what
 * `express.raw()` makes of `req.body`). Where it was parsed and the bytes are gone, it is a request that is used up.
 *
 * @param holder - What frameworks hang `rawBody` and `body` on.
 */
function toRequest(incoming: IncomingMessage, holder: object): Request {
  const { method = 'GET', url = '/' } = incoming;
  const headers = headersFrom(incoming);
  // A `Request` takes no TRACE; the handler refuses it like all others.
  const init: RequestInit & { duplex?: 'half' } = { method: method === 'TRACE' ? 'GET' : method, headers };
  if (!/^(GET|HEAD|TRACE)$/.test(method)) {
    init.body = keptBody(holder) ?? streamOf(incoming);
    init.duplex = 'half';
  }
  const request = new Request(new URL(url.replace(/^\/*/, '/'), 'http://localhost'), init);
  if (init.body instanceof ReadableStream && isRead(incoming)) void request.arrayBuffer().catch(() => {});
  return request;
}

/** What came, name by name; where an adapter of a platform made the request, there may be no `rawHeaders`. */
function headersFrom(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  const raw: readonly string[] = incoming.rawHeaders ?? [];
  for (let i = 0; i + 1 < raw.length; i += 2) add(headers, raw[i], raw[i + 1]);
  if (raw.length > 0) return headers;
  for (const [name, value] of Object.entries(incoming.headers ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) add(headers, name, each);
  }
  return headers;
}

function add(headers: Headers, name = '', value: string | undefined): void {
  // HTTP/2 has pseudo-headers.
  if (value !== undefined && !name.startsWith(':')) headers.append(name, value);
}

function keptBody(holder: object): Uint8Array<ArrayBuffer> | undefined {
  for (const name of ['rawBody', 'body'] as const) {
    const kept = read(holder, name);
    if (typeof kept === 'string') return new TextEncoder().encode(kept);
    if (ArrayBuffer.isView(kept)) return copyOf(kept);
  }
  return undefined;
}

/** On some platforms `body` parses when it is asked for, and throws where that fails. */
function read(holder: object, name: 'rawBody' | 'body'): unknown {
  try {
    return (holder as { readonly [N in typeof name]?: unknown })[name];
  } catch {
    return undefined;
  }
}

function copyOf({ buffer, byteLength, byteOffset }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
}

/** Whether somebody has had the body, or part of it; so too where it is no stream. */
function isRead(incoming: IncomingMessage): boolean {
  return incoming.readableDidRead || incoming.readableEnded || typeof incoming.on !== 'function';
}

/** Unlike `Readable.toWeb`, it leaves the socket open when it is cancelled: the answer has yet to be written. */
function streamOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let over = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (isRead(incoming)) return controller.close();
        incoming.on('data', (chunk: Uint8Array | string) => {
          if (over) return;
          // Text where somebody has set an encoding.
          controller.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : copyOf(chunk));
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
        });
        incoming.once('end', () => {
          if (!over) controller.close();
          over = true;
        });
        incoming.once('close', () => {
          if (!over) controller.error(new Error('the connection closed'));
          over = true;
        });
        incoming.on('error', () => {});
        incoming.pause();
      },
      pull() {
        incoming.resume();
      },
      cancel() {
        over = true;
      },
    },
    { highWaterMark: 65_536, size: (chunk) => chunk.length },
  );
}
