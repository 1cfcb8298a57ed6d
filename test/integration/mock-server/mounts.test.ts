import { setupServer } from 'msw/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { AnyBackend } from '../../../src/backends/backend.js';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { VideoClient } from '../../../src/client/client.js';
import { ConfigurationError } from '../../../src/errors.js';
import { createMockServer, type MockMount, mockMedia } from '../../../src/mock-server/index.js';
import { createMockHandlers } from '../../../src/mock-server/msw.js';
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
