import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { type VerifyOptions, verifyWebhookSignature } from 'reelwire';
import {
  createWebhookHandler,
  recentDeliveries,
  unwrapWebhook,
  type WebhookHandler,
  type WebhookHandlerOptions,
} from 'reelwire/webhooks';
import { toNodeHandler } from 'reelwire/webhooks/node';
import { createWebhookFactory } from 'reelwire/webhooks/testing';
import { onTestFinished } from 'vitest';
import { run } from '../cli/support.js';
import { connect, startServer } from '../client/support.js';
import { rejection, type Situations, shownAs, words } from './situations.js';

const RAW_SECRET = 'the secret of both sides';
const STANDARD_SECRET = 'whsec_dGhpcyBpcyBhIHNlY3JldCBvZiBhIHRlc3Q=';

const gateway = createWebhookFactory({ secret: RAW_SECRET });
const openAI = createWebhookFactory({ secret: STANDARD_SECRET });

function receiver(options: WebhookHandlerOptions = {}): WebhookHandler {
  return createWebhookHandler({ secret: STANDARD_SECRET, onError: () => {}, ...options });
}

/** Where the receiver listens. */
async function listen(listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`);
}

/** What the sender is told, as its dashboard shows it. */
async function told(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  return `HTTP ${response.status} ${await response.text()}`;
}

/** What `reelwire webhook send` prints. */
async function send(url: URL, ...flags: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await run(
    ['webhook', 'send', '--url', url.href, '--job-id', 'job-1', ...flags],
    {
      env: { REELWIRE_WEBHOOK_SECRET: STANDARD_SECRET },
    },
  );
  const lines = `${stderr}${stdout}`
    .replace(/\d+ ms/, '3 ms')
    .trim()
    .split('\n');
  return shownAs(
    'localhost:3000',
    url.host,
    lines.map((line) => line.trim()),
  );
}

/** What a log of the deliveries has of these. */
async function written(
  deliveries: readonly Request[],
  options: WebhookHandlerOptions = {},
): Promise<string[]> {
  const log = recentDeliveries();
  const handler = receiver({ ...options, deliveries: log });
  for (const delivery of deliveries) await handler(delivery);
  return log
    .list()
    .map(({ outcome, status, reason, type }) => JSON.stringify({ outcome, status, reason, type }));
}

async function refusal(delivery: Request, options: Partial<VerifyOptions> = {}): Promise<string[]> {
  return words(
    await rejection(verifyWebhookSignature({ body: delivery, secret: STANDARD_SECRET, ...options })),
  );
}

/** Each line of the lists about webhooks, and what the library says in its situation. */
export const webhookSituations: Situations = {
  async 'Check that `WEBHOOK_URL` points to your public endpoint'() {
    const handler = toNodeHandler(receiver());
    const url = await listen((request, response) => {
      if (request.url === '/webhook') void handler(request, response);
      else response.writeHead(404).end('not found');
    });
    return send(new URL('/webhooks', url));
  },

  async 'Verify endpoint is accessible from the internet (not localhost)'() {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return send(new URL(`http://127.0.0.1:${port}/webhook`));
  },

  async 'Check network firewall/security groups allow inbound'() {
    const swallowed = await listen(() => {});
    const fenced = receiver({ allowedAddresses: ['203.0.113.0/24'], addressOf: () => '198.51.100.7' });
    return [
      ...(await send(swallowed, '--timeout-seconds', '1')),
      await told(fenced(await openAI.completed('job-1'))),
    ];
  },

  async '`jobId` = your internal job ID'() {
    const delivery = await gateway.completed('job-1', { fields: { soraJobId: 'video_yyy' } });
    const { type, jobId } = await unwrapWebhook(delivery, { secret: RAW_SECRET });
    return [`${type} ${jobId}`];
  },

  async "`soraJobId` = OpenAI's Sora job ID"() {
    const server = await startServer();
    const error = await rejection(connect(server).status('video_yyy'));
    return shownAs('localhost:3001', new URL(server.url).host, words(error));
  },

  async 'Make sure `WEBHOOK_SECRET` on server matches client'() {
    return [
      ...(await refusal(await gateway.completed('job-1'), { secret: 'another' })),
      ...words(await rejection(async () => receiver({ secret: '' }))),
    ];
  },

  async "Verify you're signing the request body (not headers)"() {
    const unsigned = new Request('http://localhost/webhook', { method: 'POST', body: '{}' });
    return refusal(unsigned, { secret: RAW_SECRET });
  },

  async 'Check OpenAI Dashboard'() {
    const handler = receiver();
    const delivery = await openAI.completed('job-1');
    return [await told(handler(await openAI.tampered(delivery))), await told(handler(delivery))];
  },

  async 'Check Server Logs'() {
    const delivery = await openAI.completed('job-1');
    return written([await openAI.tampered(delivery), delivery]);
  },

  async 'Test with Sample Data'() {
    return send(await listen(toNodeHandler(receiver())));
  },

  async 'Verify URL is Public'() {
    return [await told(fetch(await listen(toNodeHandler(receiver()))))];
  },

  async 'Webhook endpoint must respond with `2xx` status code'() {
    const handler = receiver({ ackWithinMs: 50, onEvent: () => new Promise(() => {}) });
    return [await told(handler(await openAI.completed('job-1')))];
  },

  async 'Always return `200` even on processing errors'() {
    const handler = receiver({ onCompleted: () => Promise.reject(new Error('the database is away')) });
    return [await told(handler(await openAI.completed('job-1')))];
  },

  async 'OpenAI retries with exponential backoff for 72 hours'() {
    const handler = receiver({ ackWithinMs: 50, onEvent: () => new Promise(() => {}) });
    const [first, again] = await openAI.duplicate(await openAI.completed('job-1'));
    if (first === undefined || again === undefined) throw new Error('there are not two deliveries');
    await handler(first);
    return [await told(handler(again))];
  },

  async 'Check `webhook-id` header for deduplication'() {
    const completed = await openAI.completed('job-1');
    return written([...(await openAI.duplicate(completed)), await openAI.processing('job-1')]);
  },

  async 'Ensure Secret is Correct'() {
    return [
      ...(await refusal(await openAI.completed('job-1'), { secret: 'whsec_YW5vdGhlciBzZWNyZXQ=' })),
      ...(await refusal(await openAI.completed('job-1'), { secret: 'whsec_…' })),
    ];
  },

  async 'Must pass raw request body to `unwrap()`'() {
    const delivery = await openAI.completed('job-1');
    const parsed: Record<string, unknown> = await delivery.clone().json();
    const body = parsed as unknown as string;
    return words(
      await rejection(unwrapWebhook({ body, headers: delivery.headers }, { secret: STANDARD_SECRET })),
    );
  },

  async "Don't parse JSON before verification"() {
    const app = express();
    app.use(express.json());
    app.post('/webhook', toNodeHandler(receiver()));
    const { headers, ...delivery } = await parts(await openAI.completed('job-1'));
    return [await told(fetch(await listen(app), { method: 'POST', headers, body: delivery.body }))];
  },

  async 'Signature includes exact body bytes'() {
    const { headers, body } = await parts(await gateway.completed('job-1'));
    const anew = JSON.stringify(JSON.parse(body), null, 2);
    return words(await rejection(verifyWebhookSignature({ body: anew, headers, secret: RAW_SECRET })));
  },

  async "Use Standard Webhooks Library (if SDK doesn't work)"() {
    const delivery = await openAI.completed('job-1');
    return [
      ...(await refusal(await gateway.completed('job-1'))),
      ...(await refusal(await openAI.stale(delivery, 600))),
    ];
  },
};

async function parts(delivery: Request): Promise<{ readonly headers: Headers; readonly body: string }> {
  return { headers: delivery.headers, body: await delivery.text() };
}
