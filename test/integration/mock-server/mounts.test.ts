import type { IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setupServer } from 'msw/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { AnyBackend } from '../../../src/backends/backend.js';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { VideoClient } from '../../../src/client/client.js';
import { ConfigurationError, WebhookVerificationError } from '../../../src/errors.js';
import { createMockServer, type MockMount, mockMedia } from '../../../src/mock-server/index.js';
import { createMockHandlers } from '../../../src/mock-server/msw.js';
import type { WebhookSource } from '../../../src/webhooks/source.js';
import { openRouterWebhooks } from '../../../src/webhooks/sources/open-router.js';
import { replicateWebhooks } from '../../../src/webhooks/sources/replicate.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { listen } from '../../support/listen.js';
import { until } from '../../support/until.js';
import { get, post } from './support.js';

const SEEDS: readonly (readonly [MockMount, AnyBackend, object])[] = [
  ['soragateway', soraGateway(), { walletAddress: '0x1', script: 'Hi' }],
  [
    'vidbuilder',
    vidBuilder({ webhookUrl: 'http://127.0.0.1:9/' }),
    { scenes: [{ type: 'text', duration: 4, content: {} }] },
  ],
  ['openaivideos', openAIVideos(), { prompt: 'A cat' }],
];

interface Delivery {
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
}

const SECRET = 'whsec_c2VjcmV0IG9mIGEgdGVzdCwgbG9uZyBlbm91Z2g=';
const model = 'google/veo-3.1';
const hex = { secret: SECRET, scheme: 'hmac-sha256-hex' } as const;

/** What submits a job that tells its webhooks there, the header that they are signed in, and how that is verified. */
const SIGNED: readonly (readonly [
  MockMount,
  (hook: string) => { readonly path: string; readonly body: object },
  string,
  { readonly secret: string; readonly scheme?: 'hmac-sha256-hex' } | { readonly from: WebhookSource },
])[] = [
  [
    'soragateway',
    () => ({ path: '/api/generate?renderVersion=v3', body: { walletAddress: '0x1', script: 'Hi' } }),
    'x-signature',
    hex,
  ],
  [
    'vidbuilder',
    (webhookUrl) => ({
      path: '/api/generate-video-async',
      body: { scenes: [{ type: 'text', duration: 4, content: {} }], webhookUrl },
    }),
    'x-webhook-signature',
    hex,
  ],
  [
    'openaivideos',
    () => ({ path: '/v1/videos', body: { prompt: 'A cat' } }),
    'webhook-signature',
    { secret: SECRET },
  ],
  [
    'openrouter',
    (callback_url) => ({ path: '/api/v1/videos', body: { model, prompt: 'A cat', callback_url } }),
    'x-openrouter-signature',
    { from: openRouterWebhooks({ secret: SECRET }) },
  ],
  [
    'replicate',
    (webhook) => ({
      path: '/v1/predictions',
      body: { version: model, input: { prompt: 'A cat' }, webhook },
    }),
    'webhook-signature',
    { from: replicateWebhooks({ secret: SECRET }) },
  ],
];

describe('a dialect of the mock server, at its own mount', () => {
  it.each(SEEDS)('takes a job from submit to a video: %s', async (mount, backend, input) => {
    await using server = await createMockServer({ durationMs: 60 });
    const baseUrl = server.urlOf(mount);
    await using client = new VideoClient({ baseUrl, backend, polling: { intervalMs: 10 } });
    const job = await client.generate(input as never);
    await job.completed();
    expect(await (await job.download()).bytes()).toEqual(mockMedia());
    expect(baseUrl).toBe(`${server.url}/${mount}`);
    expect(server.requests.every(({ path }) => path === '/' || path.startsWith(`/${mount}/`))).toBe(true);
    expect(new Set(server.requests.map(({ dialect }) => dialect))).toContain(backend.name);
    expect(server.jobs.last?.dialect).toBe(backend.name);
  });

  it('is at the root as well, with the same jobs', async () => {
    await using server = await createMockServer({ manual: true });
    const { body } = await post(server, '/v1/videos', { prompt: 'A cat' });
    expect((await get(server, `/openaivideos/v1/videos/${body.id}`)).body).toEqual(body);
  });

  it('has the routes of no other dialect', async () => {
    await using server = await createMockServer({ manual: true });
    const { id } = server.jobs.create({ dialect: 'openAIVideos' });
    const told = [
      await get(server, `/soragateway/v1/videos/${id}`),
      await get(server, `/openaivideos/api/videos/status/${id}`),
      await get(server, `/vidbuilder/api/status?jobId=${id}&renderVersion=v3`),
      await post(server, `/openaivideos/v1/videos/${id}`, {}),
    ];
    expect(told.map(({ status }) => status)).toEqual([404, 404, 404, 405]);
    // Each in its own words.
    expect(told.map(({ body }) => typeof body.error)).toEqual(['string', 'object', 'string', 'object']);
    expect(told[1]?.headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('asks for credentials in its own words', async () => {
    await using server = await createMockServer({ auth: { type: 'bearer', token: 't' }, manual: true });
    server.jobs.create({ id: 'x' });
    const gateway = await get(server, '/soragateway/api/videos/status/x');
    const openAI = await get(server, '/openaivideos/v1/videos/x');
    expect([gateway.status, openAI.status]).toEqual([401, 401]);
    expect([gateway.body.error, openAI.body.error]).toEqual([
      'Unauthorized',
      expect.objectContaining({ code: 'invalid_api_key' }),
    ]);
    const authorization = 'Bearer t';
    expect((await get(server, '/soragateway/api/videos/status/x', { authorization })).status).toBe(200);
  });

  it('is struck by faults, those of one job too', async () => {
    await using server = await createMockServer({
      manual: true,
      faults: [{ route: 'status', jobId: 'x', type: 'status', status: 503 }],
    });
    for (const id of ['x', 'y']) server.jobs.create({ id, dialect: 'openAIVideos' });
    const statusOf = async (id: string) => (await get(server, `/openaivideos/v1/videos/${id}`)).status;
    expect([await statusOf('x'), await statusOf('y')]).toEqual([503, 200]);
    expect(server.requests).toMatchObject([
      {
        route: 'status',
        dialect: 'openAIVideos',
        jobId: 'x',
        path: '/openaivideos/v1/videos/x',
        status: 503,
      },
      { jobId: 'y', status: 200 },
    ]);
  });

  it('sends webhooks', async () => {
    const heard: string[] = [];
    await using hook = await listen(async (request, response) => {
      for await (const chunk of request) heard.push(String(chunk));
      response.end();
    });
    await using server = await createMockServer({ webhooks: { openAI: { url: hook.url } }, durationMs: 20 });
    const { body } = await post(server, '/openaivideos/v1/videos', { prompt: 'A cat' });
    await until(() => heard.length === 1);
    expect(JSON.parse(heard[0] ?? '')).toMatchObject({ type: 'video.completed', data: { id: body.id } });
  });

  it.each(SIGNED)('signs its webhooks as its provider does: %s', async (mount, submit, header, verifying) => {
    const heard: Delivery[] = [];
    await using hook = await listen(async (request, response) => {
      heard.push({ body: await buffer(request), headers: request.headers });
      response.end();
    });
    const own = { url: hook.url, secret: SECRET };
    const secrets = { openRouter: SECRET, replicate: SECRET };
    const webhooks = { gateway: own, openAI: own, vidBuilder: { secret: SECRET }, secrets };
    await using server = await createMockServer({ durationMs: 20, webhooks });
    const { path, body } = submit(hook.url);
    expect((await post(server, `/${mount}${path}`, body)).body).not.toHaveProperty(
      'error',
      expect.anything(),
    );
    await until(() => heard.length > 0, 'a webhook has come');
    await server.webhooks.settled();
    for (const delivery of heard) {
      const signatures = Object.keys(delivery.headers).filter((name) => name.endsWith('signature'));
      expect(signatures).toEqual([header]);
      await verifyWebhookSignature({ ...delivery, ...verifying });
      const body = Buffer.concat([delivery.body, Buffer.from(' ')]);
      await expect(verifyWebhookSignature({ ...delivery, ...verifying, body })).rejects.toThrow(
        WebhookVerificationError,
      );
    }
  });

  it.each(['/soragateway', '/soragateway/'])('takes WebSockets at %s', async (path) => {
    await using server = await createMockServer({ style: 'field' });
    const socket = new WebSocket(server.url.replace('http', 'ws') + path);
    onTestFinished(() => socket.terminate());
    const frame = await new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
    expect(JSON.parse(String(frame))).toMatchObject({ type: 'connected' });
  });
});

describe('the names of the dialects', () => {
  it('are those of the backends in lower case', async () => {
    await using server = await createMockServer();
    expect(server.dialects).toEqual(expect.arrayContaining(['soragateway', 'vidbuilder', 'openaivideos']));
    for (const name of server.dialects) expect(server.urlOf(name)).toContain(`${server.url}/${name}`);
  });

  it.each([
    ['openaivideo', 'Did you mean "openaivideos"?'],
    ['openAIVideos', 'Did you mean "openaivideos"?'],
    ['__proto__', 'Choose from'],
    ['', 'Choose from'],
  ])('are no others: %j', async (name, hint) => {
    await using server = await createMockServer();
    const handlers = createMockHandlers();
    for (const mock of [server, handlers]) {
      const error = caught(() => mock.urlOf(name as MockMount));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ option: 'dialect', hint: expect.stringContaining(hint) });
    }
  });

  it('are those of the backends, and no others, for a job', async () => {
    await using server = await createMockServer({ manual: true });
    expect(server.jobs.create({ dialect: 'openAIVideos' }).id).toMatch(/^video_/);
    expect(caught(() => server.jobs.create({ dialect: 'openaivideos' as never }))).toMatchObject({
      option: 'job.dialect',
      hint: 'Did you mean "openAIVideos"?',
    });
  });
});

it('handlers for msw have the mounts, below a path of the base URL too', async () => {
  using mock = createMockHandlers({ baseUrl: 'http://api.test/proxy/', durationMs: 20 });
  const msw = setupServer(...mock.handlers);
  msw.listen({ onUnhandledRequest: 'error' });
  onTestFinished(() => msw.close());
  const baseUrl = mock.urlOf('openaivideos');
  expect(baseUrl).toBe('http://api.test/proxy/openaivideos');
  await using client = new VideoClient({ baseUrl, backend: openAIVideos(), polling: { intervalMs: 10 } });
  const job = await client.generate({ prompt: 'A cat' });
  await job.completed();
  expect(await (await job.download()).bytes()).toEqual(mockMedia());
  expect(mock.requests[0]).toMatchObject({ dialect: 'openAIVideos', route: 'generate' });
});

function caught(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
