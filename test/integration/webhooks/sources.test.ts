import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import Replicate from 'replicate';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { VideoClient } from '../../../src/client/client.js';
import { createMockServer, type MockServerOptions } from '../../../src/mock-server/index.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import type { WebhookHandlerOptions } from '../../../src/webhooks/handler-options.js';
import { toNodeHandler } from '../../../src/webhooks/node.js';
import { klingWebhooks } from '../../../src/webhooks/sources/kling.js';
import { openRouterWebhooks } from '../../../src/webhooks/sources/open-router.js';
import { replicateWebhooks } from '../../../src/webhooks/sources/replicate.js';
import { unsignedWebhooks } from '../../../src/webhooks/sources/unsigned.js';
import { listen } from '../../support/listen.js';
import { until } from '../../support/until.js';

const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;

/** Listens, and writes down what it is told. */
async function receiver(options: WebhookHandlerOptions) {
  const told: string[] = [];
  const errors: unknown[] = [];
  const handler = createWebhookHandler({
    onEvent: ({ type, jobId }) => told.push(`${type} ${jobId}`),
    onError: (error) => errors.push(error),
    logger: 'silent',
    // The machine may be busy.
    ackWithinMs: 60_000,
    ...options,
  });
  return { told, errors, ...(await listen(express().post('/', toNodeHandler(handler)))) };
}

async function mock(options: MockServerOptions) {
  const server = await createMockServer({ manual: true, ...options });
  onTestFinished(() => server.close());
  return server;
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

/** The status of the answer to what is written as it is, line by line. */
async function raw(port: number, lines: readonly string[], body: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const answer = text(socket);
  await once(socket, 'connect');
  const head = [
    'POST / HTTP/1.1',
    'Host: x',
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.write([...head, ...lines, '', body].join('\r\n'));
  return (await answer).split(' ', 2)[1] ?? '';
}

const standard = (body: string, id = 'msg_1') => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
  'webhook-signature': new Webhook(secret).sign(id, new Date(), body),
});
const routed = (body: string, key: string) => {
  const at = Math.floor(Date.now() / 1_000);
  return `t=${at},v1=${createHmac('sha256', key).update(`${at},${body}`).digest('hex')}`;
};

describe('a receiver', () => {
  it('takes what OpenRouter sends of a video, once, though it is sent twice', async () => {
    const hook = await receiver({ from: openRouterWebhooks({ secret: ['older', 'shared'] }) });
    const server = await mock({ webhooks: { secrets: { openRouter: 'shared' } } });
    const submitted = await post(
      `${server.urlOf('openrouter')}/videos`,
      JSON.stringify({ model: 'google/veo-3.1', prompt: 'A boat', callback_url: hook.url }),
      { authorization: 'Bearer any' },
    );
    const { id } = (await submitted.json()) as { id: string };
    server.jobs.get(id)?.advance({ status: 'processing' }).complete();
    await until(() => server.webhooks.deliveries.length > 0);
    await server.webhooks.settled();
    const [delivery] = server.webhooks.deliveries;
    expect(delivery).toMatchObject({ status: 200 });
    if (delivery) expect(await server.webhooks.redeliver(delivery)).toMatchObject({ status: 200 });
    expect([hook.told, hook.errors]).toEqual([[`job.completed ${id}`], []]);
  });

  it("takes what Replicate sends, by the secret that Replicate's own client asks for", async () => {
    const server = await mock({ webhooks: { secrets: { replicate: secret } } });
    const client = new Replicate({ auth: 'r8_any', baseUrl: server.urlOf('replicate') });
    const hook = await receiver({
      from: replicateWebhooks({ secret: async () => (await client.webhooks.default.secret.get()).key }),
    });
    const { id } = await client.predictions.create({
      ...{ model: 'google/veo-3.1', input: { prompt: 'A boat' }, webhook: hook.url },
      webhook_events_filter: ['start', 'completed'],
    });
    server.jobs.get(id)?.advance({ status: 'processing' }).fail('NSFW (E005)');
    await server.webhooks.settled();
    expect(server.webhooks.deliveries.map(({ status }) => status)).toEqual([200, 200]);
    expect(hook.told).toEqual([`job.processing ${id}`, `job.failed ${id}`]);
  });

  it('takes what the library of Standard Webhooks has signed for Kling', async () => {
    const hook = await receiver({ from: klingWebhooks({ secret }) });
    const body = '{"id":"1","status":"succeeded","message":"żółw","outputs":[]}';
    expect((await post(hook.url, body, standard(body))).status).toBe(200);
    expect((await post(hook.url, `${body} `, standard(body, 'msg_2'))).status).toBe(401);
    expect(hook.told).toEqual(['job.completed 1']);
  });

  it('takes no header that came twice, whichever of the two is genuine', async () => {
    const body = '{"type":"video.generation.completed","data":{"id":"a","status":"completed"}}';
    const router = await receiver({ from: openRouterWebhooks({ secret: 's' }) });
    const right = `X-OpenRouter-Signature: ${routed(body, 's')}`;
    const wrong = `X-OpenRouter-Signature: ${routed(body, 'other')}`;
    expect(await raw(router.port, [right, wrong], body)).toBe('401');
    expect(await raw(router.port, [wrong, right], body)).toBe('401');
    const kling = await receiver({ from: klingWebhooks({ secret }) });
    const headers = Object.entries(standard(body)).map(([name, value]) => `${name}: ${value}`);
    for (const twice of ['webhook-id: msg_2', 'webhook-timestamp: 1', 'webhook-signature: v1']) {
      const status = await raw(kling.port, [...headers, twice], body);
      // Another signature beside the right one is what a rotation looks like.
      expect([twice, status]).toEqual([twice, twice.startsWith('webhook-signature') ? '200' : '401']);
    }
    expect(await raw(router.port, [right], body)).toBe('200');
    expect([router.told, kling.told]).toEqual([['job.completed a'], ['unknown undefined']]);
  });

  it('answers each of a flood of forgeries, and takes what is genuine in the middle of it', async () => {
    const hook = await receiver({ from: replicateWebhooks({ secret }) });
    const body = '{"id":"a","status":"succeeded","output":"https://replicate.delivery/a.mp4"}';
    const listed = `v1,${'A'.repeat(43)}= `.repeat(200);
    const forged = { ...standard(body, 'msg_2'), 'webhook-signature': listed };
    const flood = Array.from({ length: 200 }, () => post(hook.url, body, forged));
    const genuine = post(hook.url, body, standard(body));
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect((await genuine).status).toBe(200);
    expect(hook.told).toEqual(['job.completed a']);
  });
});

describe('a receiver of what nobody signs', () => {
  it('tells what the server says, whatever the delivery says', async () => {
    const server = await mock({});
    const baseUrl = server.urlOf('openaivideos');
    await using client = new VideoClient({
      baseUrl,
      backend: openAIVideos({ model: 'm' }),
      retry: { attempts: 1 },
      logger: 'silent',
    });
    const hook = await receiver({
      from: unsignedWebhooks({ ask: (jobId, options) => client.status(jobId, options) }),
    });
    const { id } = await client.generate({ prompt: 'A boat' });
    const says = (status: string, jobId = id) => post(hook.url, JSON.stringify({ task_id: jobId, status }));
    expect((await says('completed')).status).toBe(200);
    expect(hook.told).toEqual([`job.queued ${id}`]);
    server.jobs.get(id)?.advance({ status: 'processing' }).complete();
    expect((await says('failed')).status).toBe(200);
    expect((await says('failed')).status).toBe(200);
    expect((await says('completed', 'nobody')).status).toBe(200);
    expect(hook.told).toEqual([`job.queued ${id}`, `job.completed ${id}`, 'unknown nobody']);
    const challenge = await post(hook.url, '{"challenge":"5f3c"}');
    expect([challenge.status, await challenge.text()]).toEqual([200, '{"challenge":"5f3c"}']);
    await server.close();
    expect((await says('completed')).status).toBe(503);
    expect(hook.errors).toMatchObject([{ code: 'network' }]);
  });

  it('asks for no more than 16 jobs at once in a flood, and acts on what is true after it', async () => {
    const calls = { now: 0, most: 0 };
    let isOpen = false;
    const held: (() => void)[] = [];
    await using upstream = await listen(async (request, response) => {
      calls.now += 1;
      calls.most = Math.max(calls.most, calls.now);
      if (!isOpen) await new Promise<void>((resolve) => held.push(resolve));
      calls.now -= 1;
      const id = request.url?.slice(1);
      response.writeHead(id === 'real' ? 200 : 404).end(JSON.stringify({ id, status: 'completed' }));
    });
    const hook = await receiver({
      from: unsignedWebhooks({
        async ask(id, { signal }) {
          const answer = await fetch(`${upstream.url}/${id}`, { ...(signal && { signal }) });
          if (answer.status === 404) return undefined;
          const told = (await answer.json()) as { id: string; status: 'completed' };
          return { ...told, progress: 100, updatedAt: new Date(), transport: 'polling', raw: told };
        },
      }),
    });
    const flood = Array.from({ length: 120 }, (_, i) => post(hook.url, `{"id":"forged-${i}"}`));
    await until(() => held.length === 16);
    const statuses: number[] = [];
    for (const answer of flood) void answer.then(({ status }) => statuses.push(status));
    await until(() => statuses.length === 104);
    expect(new Set(statuses)).toEqual(new Set([503]));
    isOpen = true;
    for (const release of held) release();
    await Promise.all(flood);
    expect(statuses.filter((status) => status === 200)).toHaveLength(16);
    expect((await post(hook.url, '{"id":"real"}')).status).toBe(200);
    expect(hook.told.at(-1)).toBe('job.completed real');
    expect(calls.most).toBe(16);
    expect(hook.errors).toEqual([]);
  });

  it('answers in time where the server hangs, hangs up there, and has room for the next', async () => {
    let hungUp = 0;
    let isHanging = true;
    await using upstream = await listen((_request, response) => {
      if (!isHanging) return response.end();
      return response.on('close', () => {
        hungUp += 1;
      });
    });
    const hook = await receiver({
      from: unsignedWebhooks({
        async ask(_, { signal }) {
          await fetch(upstream.url, { ...(signal && { signal }) });
          return undefined;
        },
      }),
      ackWithinMs: 300,
    });
    const hanging = await Promise.all(Array.from({ length: 16 }, (_, i) => post(hook.url, `{"id":"${i}"}`)));
    expect(hanging.map(({ status }) => status)).toEqual(Array(16).fill(503));
    await until(() => hungUp === 16);
    isHanging = false;
    await until(async () => (await post(hook.url, '{"id":"a"}')).status === 200);
    expect(hook.told).toEqual(['unknown a']);
  });
});
