/** A receiver in Fastify. Run: `WEBHOOK_SECRET=whsec_… npx tsx examples/receivers/fastify.ts` */
import { pathToFileURL } from 'node:url';
import createFastify, { type FastifyInstance } from 'fastify';
import { createWebhookHandler, type WebhookHandlerOptions } from 'reelwire/webhooks';
import { toNodeHandler } from 'reelwire/webhooks/node';

export function createApp(options: WebhookHandlerOptions): FastifyInstance {
  const app = createFastify();
  // In a plugin, so that other routes go on getting parsed JSON.
  app.register(async (webhooks) => {
    webhooks.removeAllContentTypeParsers();
    // The one line: nobody reads the body before the handler does.
    webhooks.addContentTypeParser('*', (_request, _payload, done) => done(null));
    webhooks.post('/webhook', toNodeHandler(createWebhookHandler(options)));
  });
  return app;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const app = createApp({
    secret: process.env.WEBHOOK_SECRET,
    onCompleted: ({ jobId }) => console.log(`${jobId} is ready`),
    onFailed: ({ jobId, snapshot }) => console.error(`${jobId} failed: ${snapshot.error}`),
  });
  console.log(`Listening on ${await app.listen({ port: 3000 })}/webhook`);
}
