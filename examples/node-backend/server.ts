/**
 * A backend that makes a video and waits for it: the webhook tells the end, and polling, once a minute, is there for
 * the case that none comes. Whichever is first ends the wait, and it is told once.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pathToFileURL } from 'node:url';
import { isVideoError, type VidBuilderVideo, VideoClient, vidBuilder } from 'reelwire';
import { createWebhookHandler, type WebhookStore } from 'reelwire/webhooks';
import { toNodeHandler } from 'reelwire/webhooks/node';

export interface BackendOptions {
  /** Of the server that makes the videos. */
  readonly baseUrl: string;
  /** Where that server reaches `/webhook` of this one. */
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  /** In several processes: `redisStore(client)`. */
  readonly store?: WebhookStore;
}

export function createBackend(options: BackendOptions): Server {
  const client = new VideoClient({
    baseUrl: options.baseUrl,
    backend: vidBuilder({ webhookUrl: options.webhookUrl }),
    polling: { intervalMs: 60_000 },
  });
  const receive = toNodeHandler(
    createWebhookHandler({
      secret: options.webhookSecret,
      store: options.store,
      onEvent: (event) => client.ingest(event),
    }),
  );

  async function makeVideo(response: ServerResponse): Promise<void> {
    try {
      const job = await client.generate(greeting);
      const { id, videoUrl } = await job.completed();
      answer(response, 200, { jobId: id, videoUrl });
    } catch (error) {
      // The job's id is in every error after the submit: with it the wait can go on, in another process too.
      const { message, hint, jobId } = isVideoError(error) ? error : { message: 'internal error' };
      answer(response, 502, { error: message, hint, jobId });
    }
  }

  const server = createServer((request: IncomingMessage, response) => {
    if (request.url === '/webhook') void receive(request, response);
    else if (request.url === '/videos' && request.method === 'POST') void makeVideo(response);
    else answer(response, 404, { error: 'not found' });
  });
  server.on('close', () => client.close());
  return server;
}

const greeting: VidBuilderVideo = {
  theme: 'corporate',
  scenes: [{ type: 'hero-title', duration: 4, content: { title: 'Welcome', subtitle: 'Made by a backend' } }],
};

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { BASE_URL = '', WEBHOOK_URL = '', WEBHOOK_SECRET = '' } = process.env;
  createBackend({ baseUrl: BASE_URL, webhookUrl: WEBHOOK_URL, webhookSecret: WEBHOOK_SECRET }).listen(3000);
}
