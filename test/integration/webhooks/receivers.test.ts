import { getRequestListener } from '@hono/node-server';
import { describe, expect, it, vi } from 'vitest';
import { createApp as createExpress } from '../../../examples/receivers/express.js';
import { createApp as createFastify } from '../../../examples/receivers/fastify.js';
import { createApp as createHono } from '../../../examples/receivers/hono.js';
import { POST } from '../../../examples/receivers/next/route.js';
import { createApp as createNodeHttp } from '../../../examples/receivers/node-http.js';
import type { WebhookHandlerOptions } from '../../../src/webhooks/handler-options.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';
import { type Listening, listen } from '../../support/listen.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const examples: Record<string, (options: WebhookHandlerOptions) => Promise<Listening>> = {
  'Express 5': (options) => listen(createExpress(options)),
  Fastify: async (options) => {
    const app = createFastify(options);
    await app.ready();
    return listen(app.server);
  },
  Hono: (options) => listen(getRequestListener(createHono(options).fetch)),
  'plain node:http': (options) => listen(createNodeHttp(options)),
};

describe.each(Object.entries(examples))('the example for %s', (_, start) => {
  async function receiver() {
    const completed: string[] = [];
    const app = await start({
      secret,
      onCompleted: ({ jobId }) => void completed.push(jobId),
      onError: () => {},
    });
    const send = createWebhookFactory({ secret, url: `${app.url}/webhook` });
    return { app, send, completed, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
  }

  it('receives a delivery and acts on its repetitions once', async () => {
    await using receiving = await receiver();
    const { send, completed } = receiving;
    const statuses = [];
    for (const request of await send.duplicate(await send.completed('żółw-🐢'), 3)) {
      const answer = await fetch(request);
      statuses.push(answer.status);
      expect(await answer.json()).toEqual({ received: true });
    }
    expect(statuses).toEqual([200, 200, 200]);
    expect(completed).toEqual(['żółw-🐢']);
  });

  it('refuses what is tampered with, stale, too large, or no POST of JSON', async () => {
    await using receiving = await receiver();
    const { app, send, completed } = receiving;
    const request = await send.completed('job');
    const tampered = await fetch(await send.tampered(request));
    expect([tampered.status, await tampered.json()]).toEqual([
      401,
      { received: false, error: 'bad-signature' },
    ]);
    expect(await (await fetch(await send.stale(request))).json()).toMatchObject({ error: 'stale' });
    const large = await fetch(await send.signed(`"${'x'.repeat(1_100_000)}"`));
    expect(large.status).toBe(413);
    expect(
      (await fetch(`${app.url}/webhook`, { method: 'POST', body: new URLSearchParams({ a: 'b' }) })).status,
    ).toBe(415);
    expect((await fetch(`${app.url}/webhook`)).status).toBeGreaterThanOrEqual(404);
    expect(completed).toEqual([]);
    expect((await fetch(request)).status).toBe(200);
  });
});

it('the example for Express lists the recent deliveries as JSON', async () => {
  await using app = await listen(createExpress({ secret }));
  const send = createWebhookFactory({ secret, url: `${app.url}/webhook` });
  await fetch(await send.completed('job'));
  await fetch(await send.tampered(await send.failed('job')));
  const listed = await (await fetch(`${app.url}/webhook/events`)).json();
  expect(listed).toMatchObject([
    { outcome: 'handled', status: 200, type: 'job.completed', jobId: 'job' },
    { outcome: 'refused', status: 401, reason: 'bad-signature' },
  ]);
});

it('the example for Next is loaded without a secret, and receives with one', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.stubEnv('WEBHOOK_SECRET', secret);
  try {
    const send = createWebhookFactory({ secret, url: 'https://example.com/webhook' });
    const request = await send.completed('job');
    expect((await POST(await send.tampered(request))).status).toBe(401);
    expect((await POST(request)).status).toBe(200);
    expect(log).toHaveBeenCalledOnce();
  } finally {
    vi.unstubAllEnvs();
    log.mockRestore();
  }
});
