/** A receiver in Hono, as it runs on Workers, Bun, Deno and, by `@hono/node-server`, on Node. */
import { Hono } from 'hono';
import { createWebhookHandler, type WebhookHandlerOptions } from 'reelwire/webhooks';

export function createApp(options: WebhookHandlerOptions): Hono {
  const app = new Hono();
  const receive = createWebhookHandler(options);
  // The one line: the Request itself. On Workers, give c.executionCtx as the second argument, for its waitUntil.
  app.post('/webhook', (c) => receive(c.req.raw));
  return app;
}
