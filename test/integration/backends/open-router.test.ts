import { createServer } from 'node:http';
import { LLMock } from '@copilotkit/aimock';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openRouter } from '../../../src/backends/hosted/open-router.js';
import { VideoClient } from '../../../src/client/client.js';
import { createMockServer, type MockServerOptions, mockMedia } from '../../../src/mock-server/index.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { toNodeHandler } from '../../../src/webhooks/node.js';
import { openRouterWebhooks } from '../../../src/webhooks/sources/open-router.js';
import { listen } from '../../support/listen.js';
import { errorOf } from '../client/support.js';

const model = 'google/veo-3.1';
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

async function startServer(options: MockServerOptions = {}) {
  const server = await createMockServer({ auth: { type: 'bearer', token: 'sk-or-1' }, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** A client that is impatient, and ends with the test. */
function connect(baseUrl: string, token = 'sk-or-1') {
  const client = new VideoClient({
    baseUrl,
    backend: openRouter({ model }),
    auth: { type: 'bearer', token },
    polling: { intervalMs: 20 },
    retry: { minDelayMs: 1, maxDelayMs: 50 },
    logger: 'silent',
  });
  onTestFinished(() => client.close());
  return client;
}

describe('openRouter', () => {
  it('generates, is polled to the end, and downloads', async () => {
    const server = await startServer({ durationMs: 100 });
    const client = connect(server.urlOf('openrouter'));
    const frame_images = [{ type: 'image_url', image_url: { url: PNG }, frame_type: 'first_frame' }] as const;
    const job = await client.generate({ prompt: 'A cat', duration: 8, resolution: '720p', frame_images });
    expect(job.snapshot).toMatchObject({ status: 'queued', indeterminate: true });
    const words: string[] = [];
    job.on('status', ({ status }) => words.push(status));
    const end = await job.completed();
    expect(words.at(-1)).toBe('completed');
    expect(end).toMatchObject({ transport: 'polling', raw: { usage: { cost: 3.2 } } });
    expect(end.outputs).toHaveLength(1);
    expect(await (await job.download()).bytes()).toEqual(mockMedia());
    const [submit] = server.requests;
    expect(submit?.body).toEqual({
      ...{ model, prompt: 'A cat', duration: 8, resolution: '720p' },
      frame_images: [{ ...frame_images[0], image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }],
    });
    expect(submit?.headers).not.toHaveProperty('idempotency-key');
    expect(new Set(server.requests.map(({ route }) => route))).toEqual(
      new Set(['generate', 'status', 'download']),
    );
  });

  it('is where its service is, unless told otherwise', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      asked.push(String(input instanceof Request ? input.url : input));
      return Response.json({ id: 'gen-vid-1', status: 'pending' }, { status: 202 });
    };
    await using client = new VideoClient({ backend: openRouter(), fetch });
    await client.generate({ model, prompt: 'A cat' });
    expect(asked).toEqual(['https://openrouter.ai/api/v1/videos']);
  });

  it('goes on with a job by its id alone, in another process', async () => {
    const server = await startServer({ manual: true });
    const first = connect(server.urlOf('openrouter'));
    const { id } = await first.generate({ prompt: 'A cat' });
    await first.close();
    server.jobs.get(id)?.complete();
    const second = connect(server.urlOf('openrouter'));
    expect((await second.subscribe(id).completed()).status).toBe('completed');
    expect(await (await second.download(id)).bytes()).toEqual(mockMedia());
  });

  it('downloads each output', async () => {
    const server = await startServer({ outputs: 2, durationMs: 20 });
    const client = connect(server.urlOf('openrouter'));
    const job = await client.generate({ prompt: 'A cat' });
    const end = await job.completed();
    expect(await (await client.download(end, { output: 1 })).bytes()).toEqual(mockMedia('reels'));
    expect(await (await client.download(job.id, { output: 1 })).bytes()).toEqual(mockMedia('reels'));
    expect(await errorOf(client.download(end, { output: 2 }))).toMatchObject({ field: 'output' });
  });

  it.each([
    ['expired', 'no machine was free', { reason: 'no machine was free', reasonCode: 'expired' }],
    [undefined, 'refused by the filter', { reason: 'refused by the filter' }],
    ['cancelled', '', { reason: 'cancelled', reasonCode: 'cancelled' }],
  ])('tells a failure, whether its word is %s or none of its own', async (code, reason, wanted) => {
    const server = await startServer({ manual: true });
    const job = server.jobs.create({ dialect: 'openRouter' }).fail(reason, code);
    const error = await errorOf(connect(server.urlOf('openrouter')).poll(job.id));
    expect(error).toMatchObject({ name: 'JobFailedError', jobId: job.id, ...wanted });
  });

  it('lists the models', async () => {
    const server = await startServer();
    const models = await connect(server.urlOf('openrouter')).backend.models();
    expect(models.find(({ id }) => id === model)).toMatchObject({
      supported_durations: [4, 6, 8],
      allowed_passthrough_parameters: expect.arrayContaining(['negativePrompt']),
    });
  });
});

describe('openRouter, refused,', () => {
  it('says that there is no money, and sends the submit no second time', async () => {
    const server = await startServer({ credits: 5 });
    const error = await errorOf(connect(server.urlOf('openrouter')).generate({ prompt: 'A cat' }));
    expect(error).toMatchObject({ code: 'payment-required', status: 402, retryable: false });
    expect(error.message).toContain('Insufficient credits');
    expect(server.requests).toHaveLength(1);
  });

  it('says what of the input is wrong, in the words of the server', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server.urlOf('openrouter')).generate({ duration: 5 }));
    expect(error).toMatchObject({ code: 'bad-request' });
    expect(error.message).toContain('duration 5 is not supported by google/veo-3.1');
  });

  it('waits out a limit that it is told, and submits then', async () => {
    const body = { error: { code: 429, message: 'Rate limit exceeded' } };
    const headers = { 'retry-after-ms': '30' };
    const server = await startServer({
      manual: true,
      faults: [{ route: 'generate', type: 'status', status: 429, body, headers, times: 1 }],
    });
    await connect(server.urlOf('openrouter')).generate({ prompt: 'A cat' });
    expect(server.requests.map(({ status }) => status)).toEqual([429, 202]);
  });

  it('waits for no limit that is one of money', async () => {
    const body = { error: { code: 402, message: 'This key has no credits left' } };
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 429, body }],
    });
    const error = await errorOf(connect(server.urlOf('openrouter')).generate({ prompt: 'A cat' }));
    expect(error).toMatchObject({ code: 'rate-limited', retryable: false });
    expect(server.requests).toHaveLength(1);
  });

  it.each([500, 502, 503, 524, 529])(
    'with %i leaves open whether there is a job, and pays for no second',
    async (status) => {
      const server = await startServer({
        faults: [{ route: 'generate', type: 'status', status, carriedOut: true }],
      });
      const error = await errorOf(connect(server.urlOf('openrouter')).generate({ prompt: 'A cat' }));
      expect(error).toMatchObject({ code: 'submit-outcome-unknown', status });
      expect(server.jobs.size).toBe(1);
    },
  );

  it('takes no idempotency key, as it would be ignored', async () => {
    const server = await startServer();
    const client = connect(server.urlOf('openrouter'));
    const error = await errorOf(client.generate({ prompt: 'A cat' }, { idempotencyKey: 'order-7' }));
    expect(error).toMatchObject({ name: 'InputError', field: 'idempotencyKey' });
    expect(server.requests).toEqual([]);
  });

  it('on a poll with 401 submits nothing, and says how to go on with the job', async () => {
    const server = await startServer({ manual: true });
    const { id } = await connect(server.urlOf('openrouter')).generate({ prompt: 'A cat' });
    const error = await errorOf(connect(server.urlOf('openrouter'), 'revoked').poll(id));
    expect(error).toMatchObject({ code: 'unauthorized', jobId: id });
    expect(server.jobs.size).toBe(1);
    expect(error.message).not.toContain('revoked');
  });

  it('says that a video is gone', async () => {
    const server = await startServer({ manual: true });
    const job = server.jobs.create({ dialect: 'openRouter', urlLifetimeMs: 0 }).complete();
    const error = await errorOf(connect(server.urlOf('openrouter')).download(job.id));
    expect(error).toMatchObject({ code: 'download-expired', jobId: job.id });
  });

  it('cannot cancel, and says so without a call', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server.urlOf('openrouter'));
    const { id } = await client.generate({ prompt: 'A cat' });
    expect((await errorOf(client.cancel(id))).message).toMatch(/cannot cancel/);
    expect(server.requests.map(({ route }) => route)).toEqual(['generate']);
  });
});

describe('the webhooks of openRouter', () => {
  it.each([
    ['completed', undefined],
    ['expired', 'expired'],
  ])('end the wait for a job that has %s', async (_, code) => {
    const secret = 'shared secret';
    const server = await startServer({
      manual: true,
      webhooks: { secrets: { openRouter: secret } },
    });
    const handler = createWebhookHandler({
      from: openRouterWebhooks({ secret }),
      onEvent: (event) => client.ingest(event),
    });
    await using hook = await listen(createServer(toNodeHandler(handler)));
    await using client = new VideoClient({
      baseUrl: server.urlOf('openrouter'),
      backend: openRouter({ model, callbackUrl: () => `${hook.url}/hook` }),
      auth: { type: 'bearer', token: 'sk-or-1' },
      // Asked once at the beginning, and not again for an hour.
      polling: { intervalMs: 3_600_000 },
    });
    const { id } = await client.generate({ prompt: 'A cat' });
    const job = client.subscribe(id);
    const first = new Promise((resolve) => job.once('update', resolve));
    const end = job.completed().catch((error: unknown) => error);
    await first;
    if (code === undefined) server.jobs.get(id)?.complete();
    else server.jobs.get(id)?.fail('no machine was free', code);
    await server.webhooks.settled();
    expect(server.webhooks.deliveries.map((delivery) => delivery.status)).toEqual([200]);
    expect(await end).toMatchObject(
      code === undefined
        ? { status: 'completed', transport: 'webhook', outputs: [{ url: expect.stringContaining(id) }] }
        : { name: 'JobFailedError', reason: 'no machine was free', reasonCode: 'expired' },
    );
  });
});

describe('diagnose, of openRouter,', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('says whether the key works, and pays for nothing', async () => {
    const server = await startServer();
    const baseUrl = server.urlOf('openrouter');
    const good = await connect(baseUrl).diagnose();
    expect(good).toMatchObject({ ok: true, transport: 'polling' });
    expect(good.transports).toMatchObject({
      websocket: { state: 'unsupported' },
      sse: { state: 'unsupported' },
      polling: { state: 'works', message: expect.stringContaining('404') },
    });
    const bad = await connect(baseUrl, 'sk-or-wr0ng').diagnose();
    expect(bad.ok).toBe(false);
    expect(bad.transports.polling).toMatchObject({
      state: 'fails',
      message: expect.stringContaining('refused the credentials'),
    });
    expect(JSON.stringify(bad)).not.toContain('wr0ng');
    expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(server.jobs.size).toBe(0);
  });

  it('tells a page that is kept from it to call through a proxy', async () => {
    const page = { baseURI: 'https://page.test/', addEventListener() {}, removeEventListener() {} };
    vi.stubGlobal('document', page);
    // As a browser: no answer without CORS, but one that says nothing where none is wanted.
    const fetch: typeof globalThis.fetch = async (_input, init) => {
      if (init?.mode === 'no-cors') return new Response();
      throw new TypeError('Failed to fetch');
    };
    vi.stubGlobal('fetch', fetch);
    await using client = new VideoClient({ backend: openRouter({ model }), transports: ['polling'] });
    const { ok, transports } = await client.diagnose();
    expect(ok).toBe(false);
    expect(transports.polling).toMatchObject({
      state: 'fails',
      message: expect.stringContaining('CORS'),
      hint: 'Call it through a proxy of your own.',
    });
  });
});

/**
 * Where this server of others differs from OpenRouter, by its OpenAPI document: a submit is answered 200, not 202; a
 * prompt is demanded; a job's id is a UUID; status answers have no `polling_url`, which the official client demands; each
 * `index` has the first file; and a file is 24 bytes where none is given.
 */
describe('openRouter, at the server that CopilotKit tests with,', () => {
  async function startAimock() {
    const mock = new LLMock({ openRouterVideo: { pollsBeforeInProgress: 1, pollsBeforeCompleted: 3 } });
    const b64 = Buffer.from(mockMedia()).toString('base64');
    mock.onVideo('A cat', { video: { id: 'v', status: 'completed', b64, cost: 0.5 } });
    mock.onVideo('A fight', { video: { id: 'v', status: 'failed', error: 'flagged by moderation' } });
    await mock.start();
    onTestFinished(() => mock.stop());
    return connect(`${mock.url}/api/v1`);
  }

  it('generates, is polled to the end, and downloads', async () => {
    const client = await startAimock();
    const job = await client.generate({ prompt: 'A cat' });
    const words = [job.snapshot.status];
    job.on('status', ({ status }) => words.push(status));
    expect(await job.completed()).toMatchObject({ raw: { usage: { cost: 0.5 } } });
    expect(words).toEqual(['queued', 'processing', 'completed']);
    expect(await (await job.download()).bytes()).toEqual(mockMedia());
  });

  it('tells a failure, a refusal and a job that is not there', async () => {
    const client = await startAimock();
    const job = await client.generate({ prompt: 'A fight' });
    expect(await errorOf(job.completed())).toMatchObject({ reason: 'flagged by moderation' });
    expect(await errorOf(client.generate({}))).toMatchObject({
      code: 'bad-request',
      serverMessage: "Missing required parameter: 'prompt'",
    });
    expect(await errorOf(client.status('none'))).toMatchObject({ code: 'not-found', jobId: 'none' });
  });

  it('lists models', async () => {
    const client = await startAimock();
    expect(await client.backend.models()).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: expect.any(String) })]),
    );
  });
});
