import { describe, expect, it } from 'vitest';
import type { AnyBackend } from '../../../src/backends/backend.js';
import { fal } from '../../../src/backends/hosted/fal.js';
import { openRouter } from '../../../src/backends/hosted/open-router.js';
import { replicate } from '../../../src/backends/hosted/replicate.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import type { VideoClient } from '../../../src/client/client.js';
import type { WebhookEvent } from '../../../src/core/model.js';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import type { WebhookHandlerOptions } from '../../../src/webhooks/handler-options.js';
import { toNodeHandler } from '../../../src/webhooks/node.js';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { openRouterWebhooks } from '../../../src/webhooks/sources/open-router.js';
import { replicateWebhooks } from '../../../src/webhooks/sources/replicate.js';
import { unsignedWebhooks } from '../../../src/webhooks/sources/unsigned.js';
import { listen } from '../../support/listen.js';
import { all, connect, errorOf, ignoring, recordsOf, startServer, storeWith } from './support.js';

const secret = `whsec_${btoa('a key that nobody knows')}`;
const scenes = [{ type: 'text', duration: 4, content: {} }];
const key = 'order-7';

/** Each provider that is told a URL with each submit, and how its deliveries are believed. */
const PROVIDERS: readonly {
  readonly name: 'vidbuilder' | 'replicate' | 'openrouter' | 'fal';
  backend(url: (context: { readonly token?: string | undefined }) => string): AnyBackend;
  readonly input: unknown;
  receiver(client: () => VideoClient<AnyBackend>): WebhookHandlerOptions;
}[] = [
  {
    name: 'vidbuilder',
    backend: (webhookUrl) => vidBuilder({ webhookUrl }),
    input: { scenes },
    receiver: () => ({ secret, scheme: 'hmac-sha256-hex' }),
  },
  {
    name: 'replicate',
    backend: (webhook) => replicate({ model: 'google/veo-3.1', webhook }),
    input: { input: { prompt: 'A cat' } },
    receiver: () => ({ from: replicateWebhooks({ secret }) }),
  },
  {
    name: 'openrouter',
    backend: (callbackUrl) => openRouter({ model: 'google/veo-3.1', callbackUrl }),
    input: { prompt: 'A cat' },
    receiver: () => ({ from: openRouterWebhooks({ secret }) }),
  },
  {
    name: 'fal',
    backend: (webhookUrl) => fal({ model: 'fal-ai/veo3.1/image-to-video', webhookUrl }),
    input: { input: { prompt: 'A boat', image_url: 'https://host.test/a.png', duration: '8s' } },
    receiver: (client) => ({
      from: unsignedWebhooks({
        ask: (jobId) => client().status(jobId),
        idOf: (body) => (body as { request_id: string }).request_id,
      }),
    }),
  },
];

describe.each(PROVIDERS)('the token in the callback URL of $name', ({ name, backend, input, receiver }) => {
  it('gives a submit whose answer was lost its job again, and its end', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 503, carriedOut: true, times: 1 }],
      webhooks: { vidBuilder: { secret }, secrets: { replicate: secret, openRouter: secret } },
    });
    const { store } = storeWith();
    let url = '';
    const connectHere = () =>
      connect(
        { url: server.urlOf(name) },
        {
          backend: backend(({ token }) => `${url}/hook?key=${token}`),
          auth: { type: 'bearer', token: 'id:secret' },
          jobs: jobsOver(store),
          // Nothing but the webhook may tell the end.
          polling: { intervalMs: 600_000 },
        },
      ) as unknown as VideoClient<AnyBackend>;
    const before = connectHere();
    let client = before;
    const handler = createWebhookHandler({
      ...receiver(() => client),
      client: { ingest: (...event) => client.ingest(...event) },
    });
    url = (await listen(toNodeHandler(handler))).url;
    expect(await errorOf(before.generate(input as never, { key }))).toMatchObject({
      code: 'submit-outcome-unknown',
      key,
    });
    await before.close();

    client = connectHere();
    expect((await all(client.resume()))[0]?.error).toMatchObject({ code: 'submit-outcome-unknown' });
    const [made] = [...server.jobs];
    made?.complete();
    await server.webhooks.settled();
    expect(server.webhooks.deliveries.at(-1)).toMatchObject({ status: 200 });
    expect(await recordsOf(store)).toMatchObject([
      { state: 'completed', jobId: expect.stringContaining(made?.id.split('/').at(-1) ?? '?') },
    ]);
    const again = await client.generate(input as never, { key });
    expect((await again.completed()).status).toBe('completed');
    expect(server.requests.filter(({ route }) => route === 'generate')).toHaveLength(1);
  });
});

describe('a delivery', () => {
  const event = (jobId: string, status: 'completed' | 'processing' = 'completed'): WebhookEvent =>
    ({
      ...{ id: `msg-${jobId}-${status}`, type: `job.${status}`, jobId, timestamp: new Date(), raw: {} },
      snapshot: { id: jobId, status, progress: 100, transport: 'webhook', updatedAt: new Date(), raw: {} },
    }) as WebhookEvent;

  const other = { key: 'order-8', state: 'submitted', jobId: 'job-8', idempotencyKey: 'idem-8' } as const;

  async function unknownSubmit() {
    const server = await startServer({ faults: [{ route: 'generate', type: 'status', status: 503 }] });
    const { store } = storeWith();
    const warnings: string[] = [];
    const logger = { ...console, warn: (line: string) => void warnings.push(line) };
    const client = connect(server, { backend: ignoring(), jobs: jobsOver(store), logger });
    const input = { walletAddress: '0x123', script: 'Explain' };
    await errorOf(client.generate(input, { key }));
    const [record] = await recordsOf(store);
    return { client, store, warnings, token: record?.idempotencyKey ?? '' };
  }

  it('binds its job once: the next one with the same token changes nothing, and is warned of', async () => {
    const { client, store, token, warnings } = await unknownSubmit();
    await client.ingest(event('job-1', 'processing'), { token });
    await client.ingest(event('job-2'), { token });
    expect(await recordsOf(store)).toMatchObject([{ key, state: 'submitted', jobId: 'job-1' }]);
    expect(warnings).toEqual([expect.stringContaining('the token of job "job-1"')]);
    await client.ingest(event('job-1'), { token });
    expect(await recordsOf(store)).toMatchObject([{ key, state: 'completed', jobId: 'job-1' }]);
    expect(warnings).toHaveLength(1);
  });

  it('of a job that another key has binds nothing', async () => {
    const { client, store, token, warnings } = await unknownSubmit();
    const [own] = await recordsOf(store);
    await store.add({ ...(own as JobRecord), ...other });
    await client.ingest(event('job-8', 'processing'), { token });
    expect((await recordsOf(store))[0]).toMatchObject({ key, state: 'submitting' });
    expect(warnings).toEqual([expect.stringContaining('the token of another submit')]);
  });

  it('binds its job where another server has given the same id, and no second key to it', async () => {
    const { client, store, token, warnings } = await unknownSubmit();
    const [own] = await recordsOf(store);
    await store.add({ ...(own as JobRecord), ...other, baseUrl: 'https://host' });
    await store.add({ ...(own as JobRecord), key: 'order-9', idempotencyKey: 'idem-9' });
    await client.ingest(event('job-8', 'processing'), { token });
    expect((await recordsOf(store))[0]).toMatchObject({ key, state: 'submitted', jobId: 'job-8' });
    expect(warnings).toEqual([]);
    expect((await errorOf(client.adopt('order-9', 'job-8'))).message).toContain('key "order-7" has it');
  });

  it('of an id by which its job cannot be asked for binds nothing, and is warned of', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'status', status: 503 }] });
    const { store } = storeWith();
    const warnings: string[] = [];
    const logger = { ...console, warn: (line: string) => void warnings.push(line) };
    const backend = fal({ webhookUrl: ({ token }) => `https://me.test/hook?key=${token}` });
    const client = connect({ url: server.urlOf('fal') }, { backend, jobs: jobsOver(store), logger });
    await errorOf(client.generate({ model: 'fal-ai/veo3.1', input: { prompt: 'A cat' } }, { key }));
    const token = (await recordsOf(store))[0]?.idempotencyKey;
    await client.ingest(event('b2f1-7'), { token });
    expect(await recordsOf(store)).toMatchObject([{ key, state: 'submitting' }]);
    expect(warnings).toEqual([expect.stringMatching(/b2f1-7.*order-7.*no whole id/)]);
  });

  it.each(['nobody’s', 'order-7', ''])('with the token %j binds nothing', async (token) => {
    const { client, store } = await unknownSubmit();
    await client.ingest(event('job-1'), { token });
    expect(await recordsOf(store)).toMatchObject([{ state: 'submitting' }]);
  });

  it('is warned of once a minute, however many come', async () => {
    const { client, warnings } = await unknownSubmit();
    for (let index = 0; index < 20; index++)
      await client.ingest(event(`job-${index}`), { token: `wrong-${index}` });
    expect(warnings).toEqual([expect.stringContaining('a token of no submit')]);
  });

  it('while the POST is under way binds the job, which is then the answer to a submit that failed', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'stall' }] });
    const { store } = storeWith();
    const client = connect(server, {
      backend: ignoring(),
      jobs: jobsOver(store),
      timeouts: { requestMs: 500 },
    });
    const submitting = client.generate({ walletAddress: '0x123', script: 'Explain' }, { key });
    await expect.poll(() => recordsOf(store)).toHaveLength(1);
    const [record] = await recordsOf(store);
    await client.ingest(event('job-1', 'processing'), { token: record?.idempotencyKey });
    expect((await submitting).id).toBe('job-1');
  });
});

describe('a receiver with a client', () => {
  const body = JSON.stringify({ jobId: 'job-1', status: 'completed', videoUrl: 'https://host/v.mp4' });

  async function deliver(options: Omit<WebhookHandlerOptions, 'secret'>, path = '') {
    const headers = await signWebhook({ body, secret });
    const request = new Request(`https://receiver/hook${path}`, {
      ...{ method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' } },
    });
    return createWebhookHandler({ secret, logger: 'silent', onError: () => {}, ...options })(request);
  }

  it('hands it each event before any function, with the key of the query', async () => {
    const told: unknown[] = [];
    const client = { ingest: (...args: unknown[]) => void told.push(args) };
    const response = await deliver({ client, onEvent: () => void told.push('onEvent') }, '?key=idem-1');
    expect(response.status).toBe(200);
    expect(told).toEqual([[expect.objectContaining({ jobId: 'job-1' }), { token: 'idem-1' }], 'onEvent']);
  });

  it('takes the token from where keyOf says', async () => {
    const told: unknown[] = [];
    const client = { ingest: (_: unknown, options: unknown) => void told.push(options) };
    await deliver(
      { client, keyOf: (request) => new URL(request.url).pathname.split('/').at(-1) },
      '/idem-2?key=no',
    );
    await deliver({ client, keyOf: () => undefined }, '?key=no');
    expect(told).toEqual([{ token: 'idem-2' }, { token: undefined }]);
  });

  it.each([
    ['the client rejects', { client: { ingest: () => Promise.reject(new Error('store down')) } }],
    [
      'keyOf throws',
      {
        client: { ingest() {} },
        keyOf: () => {
          throw new Error('mistake');
        },
      },
    ],
  ])('answers 500 where %s, so that the sender comes again', async (_, options) => {
    let isTold = false;
    const response = await deliver({
      ...options,
      onEvent: () => {
        isTold = true;
      },
    });
    expect([response.status, isTold]).toEqual([500, false]);
  });

  it.each([
    [{ client: {} }, 'client'],
    [{ client: { ingest() {} }, keyOf: 'key' }, 'keyOf'],
    [{ keyOf: () => 'key' }, 'keyOf'],
  ])('refuses %j', (options, option) => {
    expect(() => createWebhookHandler({ secret, ...(options as object) })).toThrow(
      expect.objectContaining({ code: 'configuration', option }),
    );
  });
});

it('the token is given to an operation that submits, too', async () => {
  const server = await startServer();
  const { store } = storeWith();
  const tokens: (string | undefined)[] = [];
  const own = ignoring();
  const backend = {
    ...own,
    operations: {
      again: {
        submits: true as const,
        request(
          args: { walletAddress: string; script: string },
          context?: { readonly token?: string | undefined },
        ) {
          tokens.push(context?.token);
          return own.generate(args);
        },
        parse: (response: Parameters<typeof own.parseGenerate>[0]) => own.parseGenerate(response),
      },
    },
  };
  const client = connect(server, { backend, jobs: jobsOver(store) });
  await client.backend.again({ walletAddress: '0x123', script: 'A cat' }, { key });
  const [record] = await recordsOf(store);
  expect(tokens).toEqual([record?.idempotencyKey]);
});
