/** A receiver without a framework. Run: `WEBHOOK_SECRET=whsec_… npx tsx examples/receivers/node-http.ts` */

import { createServer, type Server } from 'node:http';
import { pathToFileURL } from 'node:url';
import { createWebhookHandler, type WebhookHandlerOptions } from 'reelwire/webhooks';
import { toNodeHandler } from 'reelwire/webhooks/node';

export function createApp(options: WebhookHandlerOptions): Server {
  // The one line: the handler reads the body itself.
  const receive = toNodeHandler(createWebhookHandler(options));
  return createServer((request, response) => {
    if (request.url === '/webhook') receive(request, response);
    else response.writeHead(404).end();
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const app = createApp({
    secret: process.env.WEBHOOK_SECRET,
    onCompleted: ({ jobId }) => console.log(`${jobId} is ready`),
    onFailed: ({ jobId, snapshot }) => console.error(`${jobId} failed: ${snapshot.error}`),
  });
  app.listen(3000, () => console.log('Listening on http://localhost:3000/webhook'));
}
