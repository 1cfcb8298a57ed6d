/** A receiver in Express 5 (or 4). Run: `WEBHOOK_SECRET=whsec_… npx tsx examples/receivers/express.ts` */
import { pathToFileURL } from 'node:url';
import express, { type Express } from 'express';
import { createWebhookHandler, recentDeliveries, type WebhookHandlerOptions } from 'reelwire/webhooks';
import { toNodeHandler } from 'reelwire/webhooks/node';

export function createApp(options: WebhookHandlerOptions): Express {
  const app = express();
  const deliveries = recentDeliveries();

  // The one line: before express.json(), so that the body is still the bytes that were signed.
  app.post('/webhook', toNodeHandler(createWebhookHandler({ ...options, deliveries })));

  app.use(express.json());
  // The last hundred deliveries. Put it behind your own authentication.
  app.get('/webhook/events', (_request, response) => {
    response.json(deliveries);
  });
  return app;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const app = createApp({
    secret: process.env.WEBHOOK_SECRET,
    onCompleted: ({ jobId, snapshot }) =>
      console.log(`${jobId} is ready: ${snapshot.videoUrl ?? 'download it'}`),
    onFailed: ({ jobId, snapshot }) => console.error(`${jobId} failed: ${snapshot.error}`),
  });
  app.listen(3000, (error) => {
    // Express 5 tells it here where the port is taken.
    if (error) throw error;
    console.log('Listening on http://localhost:3000/webhook');
  });
}
