/**
 * Receives webhooks with node:http, Express and Fastify.
 *
 * @module reelwire/webhooks/node
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebhookHandler } from './handler.js';
import { toRequest } from './node-request.js';

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
