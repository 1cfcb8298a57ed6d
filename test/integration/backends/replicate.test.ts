import { afterEach, describe, expect, it, vi } from 'vitest';
import { replicate } from '../../../src/backends/hosted/replicate.js';
import { VideoClient } from '../../../src/client/client.js';
import { type MockFault, mockMedia } from '../../../src/mock-server/index.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { toNodeHandler } from '../../../src/webhooks/node.js';
import { replicateWebhooks } from '../../../src/webhooks/sources/replicate.js';
import { listen } from '../../support/listen.js';
import { eventually, until } from '../../support/until.js';
import { errorOf } from '../client/support.js';
import { PNG, setUp } from './hosted-support.js';

const model = 'google/veo-3.1';
const input = { prompt: 'A boat', duration: 4 };

const { startServer, connect } = setUp({
  dialect: 'replicate',
  backend: replicate({ model }),
  token: 'r8_mock',
});

describe('replicate', () => {
  it('generates, is polled to the end, and downloads without its token', async () => {
    const server = await startServer({ durationMs: 100 });
    const client = connect(server);
    const job = await client.generate({ input: { ...input, image: PNG } });
    expect(job.snapshot).toMatchObject({ status: 'queued', indeterminate: true });
    const words: string[] = [];
    job.on('status', ({ status }) => words.push(status));
    const end = await job.completed();
    expect(words.at(-1)).toBe('completed');
    expect(end).toMatchObject({ transport: 'polling', raw: { model, metrics: expect.any(Object) } });
    expect(end.outputs).toHaveLength(1);
    const { completed_at } = end.raw as { completed_at: string };
    expect(end.expiresAt?.getTime()).toBe(Date.parse(completed_at) + 3_600_000);
    expect(await (await job.download()).bytes()).toEqual(mockMedia());
    const [submit] = server.requests;
    expect(submit?.body).toEqual({
      version: model,
      input: { ...input, image: 'data:image/png;base64,iVBORw0KGgo=' },
    });
    expect(submit?.headers).not.toHaveProperty('idempotency-key');
    const file = server.requests.find(({ origin }) => origin === 'files');
    expect(file?.headers).not.toHaveProperty('authorization');
  });

  it('is where its service is, unless told otherwise', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (request) => {
      asked.push(String(request instanceof Request ? request.url : request));
      return Response.json({ id: 'a', status: 'starting' }, { status: 201 });
    };
    await using client = new VideoClient({ backend: replicate(), fetch });
    await client.generate({ model, input });
    const gateway = 'https://gateway.ai.cloudflare.com/v1/a/b/replicate';
    await using proxied = new VideoClient({ baseUrl: gateway, backend: replicate({ model }), fetch });
    await proxied.generate({ input });
    expect(asked).toEqual(['https://api.replicate.com/v1/predictions', `${gateway}/predictions`]);
  });

  it('goes on with a prediction by its id alone, in another process', async () => {
    const server = await startServer({ manual: true });
    const first = connect(server);
    const { id } = await first.generate({ input });
    await first.close();
    server.jobs.get(id)?.complete();
    const second = connect(server);
    expect((await second.subscribe(id).completed()).status).toBe('completed');
    expect(await (await second.download(id)).bytes()).toEqual(mockMedia());
  });

  it('downloads each output', async () => {
    const server = await startServer({ outputs: 2, durationMs: 20 });
    const client = connect(server);
    const job = await client.generate({ model: `someone/film:${'9f3c'.repeat(16)}`, input });
    const end = await job.completed();
    expect(await (await client.download(end, { output: 1 })).bytes()).toEqual(mockMedia('reels'));
    expect(await (await client.download(job.id, { output: 1 })).bytes()).toEqual(mockMedia('reels'));
    expect(await errorOf(client.download(end, { output: 2 }))).toMatchObject({ field: 'output' });
  });

  it('tells a failure, with its code', async () => {
    const server = await startServer({ failWith: { message: 'Flagged as sensitive', code: 'E005' } });
    const job = await connect(server).generate({ input });
    expect(await errorOf(job.completed())).toMatchObject({
      ...{ name: 'JobFailedError', jobId: job.id, reasonCode: 'E005' },
      reason: 'Flagged as sensitive (E005)',
    });
  });

  it('finds a submit whose answer was lost in the list', async () => {
    const server = await startServer({
      manual: true,
      faults: [{ route: 'generate', type: 'reset', at: 'after-handling', times: 1 }],
    });
    const client = connect(server);
    const created_after = new Date();
    expect(await errorOf(client.generate({ input }))).toMatchObject({ code: 'submit-outcome-unknown' });
    const { jobs, next } = await client.backend.list({ created_after });
    expect(jobs).toMatchObject([{ status: 'queued', raw: { model, input } }]);
    expect(next).toBeUndefined();
    const [lost] = jobs;
    server.jobs.get(lost?.jobId ?? '')?.complete();
    expect((await client.poll(lost?.jobId ?? '')).status).toBe('completed');
  });

  it('lists page by page', async () => {
    const server = await startServer({ manual: true });
    for (let count = 0; count < 150; count++) server.jobs.create({ dialect: 'replicate' });
    const { list } = connect(server).backend;
    const created_after = new Date(Date.now() - 600_000);
    const first = await list({ created_after });
    const second = await list({ cursor: first.next });
    expect([first.jobs.length, second.jobs.length, second.next]).toEqual([100, 50, undefined]);
    expect(new Set([...first.jobs, ...second.jobs].map(({ jobId }) => jobId)).size).toBe(150);
    expect(server.requests.at(-1)?.query).toHaveProperty('created_after');
  });
});

describe('the webhooks of replicate', () => {
  it('end a job before it is asked for, by the mock server’s deliveries and the receiver of this package', async () => {
    const secret = `whsec_${btoa('a key of the Replicate webhooks')}`;
    const server = await startServer({ manual: true, webhooks: { secrets: { replicate: secret } } });
    // Nothing but the webhook can tell of the end in time.
    const client = connect(server, { polling: { intervalMs: 600_000 } });
    const events: string[] = [];
    const handle = createWebhookHandler({
      from: replicateWebhooks({ secret }),
      onEvent(event) {
        events.push(event.type);
        client.ingest(event);
      },
    });
    await using hook = await listen(toNodeHandler(handle));
    const job = await client.generate({ input, webhook: hook.url });
    const ended = job.completed();
    await eventually(() => expect(server.requests.map(({ route }) => route)).toContain('status'));
    server.jobs.get(job.id)?.advance({ status: 'processing' }).complete();
    const end = await ended;
    expect(end).toMatchObject({ transport: 'webhook', outputs: [{ url: expect.stringMatching(/^http/) }] });
    expect(end.expiresAt?.getTime()).toBeGreaterThan(Date.now());
    expect(await (await job.download()).bytes()).toEqual(mockMedia());
    await server.webhooks.settled();
    expect(events).toEqual(['job.processing', 'job.completed']);
  });
});

describe('a prediction of replicate, cancelled,', () => {
  it.each([
    ['queued', 'aborted'],
    ['processing', 'canceled'],
  ] as const)('has ended, where it was %s', async (status, word) => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const job = await client.generate({ input });
    server.jobs.get(job.id)?.advance({ status });
    const ended = errorOf(job.completed());
    expect(await client.cancel(job.id)).toMatchObject({ status: 'failed', errorCode: word });
    expect(await ended).toMatchObject({ name: 'JobFailedError', reason: word, reasonCode: word });
  });

  it('is left alone where it has ended before', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const { id } = await client.generate({ input });
    server.jobs.get(id)?.complete();
    expect((await client.cancel(id)).status).toBe('completed');
    expect(server.requests.map(({ route }) => route)).not.toContain('cancel');
    expect(await (await client.download(id)).bytes()).toEqual(mockMedia());
  });

  it('is what an abort of the submit means, where that was asked for', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const abort = new AbortController();
    const { id } = await client.generate({ input }, { signal: abort.signal, onAbort: 'cancel' });
    abort.abort();
    await until(() => server.jobs.get(id)?.ended === true);
    expect(server.jobs.get(id)?.word).toBe('aborted');
  });
});

describe('the file of a prediction', () => {
  it('is gone at once, without a wait, where Replicate has removed the data', async () => {
    const server = await startServer({ manual: true });
    const { id } = server.jobs.create({ dialect: 'replicate', urlLifetimeMs: 0 }).complete();
    const client = connect(server);
    const end = await client.poll(id);
    expect(end).toMatchObject({ status: 'completed', gone: expect.stringContaining('data_removed') });
    for (const what of [id, end])
      expect(await errorOf(client.download(what))).toMatchObject({
        ...{ code: 'download-expired', jobId: id, message: expect.stringContaining('data_removed') },
      });
  });

  it('is gone, too, where its URL was had before', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const { id } = await client.generate({ input });
    const job = server.jobs.get(id)?.complete();
    const end = await client.poll(id);
    expect(end.videoUrl).toMatch(/^http/);
    // An hour later.
    if (job !== undefined) job.completedAt = new Date(Date.now() - 3_600_000);
    server.faults.add({ route: 'files', type: 'expired' });
    expect(await errorOf(client.download(end))).toMatchObject({
      ...{ code: 'download-expired', jobId: id, message: expect.stringContaining('data_removed') },
    });
  });
});

describe('replicate, refused,', () => {
  const fault = (status: number, body: Record<string, unknown>, more: object = {}): MockFault => ({
    ...{ route: 'generate', type: 'status', status, body },
    ...more,
  });

  it('says that there is no money, and sends the submit no second time', async () => {
    const server = await startServer({ credits: 5 });
    const error = await errorOf(connect(server).generate({ input }));
    expect(error).toMatchObject({ code: 'payment-required', status: 402 });
    expect(error.message).toContain('insufficient credit');
    expect(server.requests).toHaveLength(1);
  });

  it('waits out a limit, and submits then', async () => {
    const detail = 'Request was throttled. Your rate limit resets in ~1s.';
    const server = await startServer({ manual: true, faults: [fault(429, { detail }, { times: 1 })] });
    await connect(server, { retry: { maxDelayMs: 2_000 } }).generate({ input });
    expect(server.requests.map(({ status }) => status)).toEqual([429, 201]);
    expect(server.jobs.size).toBe(1);
  });

  it('has the time that the words of a limit tell', async () => {
    const detail = 'Request was throttled. Your rate limit resets in ~30s.';
    const server = await startServer({ faults: [fault(429, { detail })] });
    expect(await errorOf(connect(server).generate({ input }))).toMatchObject({
      ...{ code: 'rate-limited', retryAfterMs: 30_000, serverMessage: detail },
    });
  });

  it('says what of the input is wrong, in the words of the server', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server).generate({ input: { duration: 5 } }));
    expect(error.message).toContain('prompt is required');
    expect(error.message).toContain('input.duration');
    expect(error).toMatchObject({ status: 422 });
  });

  it('says that a model needs its version', async () => {
    const server = await startServer({
      faults: [fault(422, { title: 'Invalid version or not permitted', detail: 'x', status: 422 })],
    });
    expect(await errorOf(connect(server).generate({ model: 'someone/film', input }))).toMatchObject({
      hint: expect.stringContaining('owner/name:VERSION'),
    });
  });

  it.each([500, 502, 503])(
    'with %i leaves open whether there is a job, and pays for no second',
    async (status) => {
      const server = await startServer({ manual: true, faults: [fault(status, {}, { carriedOut: true })] });
      const error = await errorOf(connect(server).generate({ input }));
      expect(error).toMatchObject({ code: 'submit-outcome-unknown', status });
      expect(server.jobs.size).toBe(1);
    },
  );

  it('takes no idempotency key, as it would be ignored', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server).generate({ input }, { idempotencyKey: 'order-7' }));
    expect(error).toMatchObject({ name: 'InputError', field: 'idempotencyKey' });
    expect(server.requests).toEqual([]);
  });

  it('just after a submit, with 404, is asked again', async () => {
    const server = await startServer({
      manual: true,
      faults: [{ route: 'status', type: 'status', status: 404, times: 2 }],
    });
    const job = await connect(server).generate({ input });
    const ended = job.completed();
    await eventually(() => expect(server.requests.length).toBeGreaterThan(3));
    server.jobs.get(job.id)?.complete();
    expect((await ended).status).toBe('completed');
  });

  it('on a poll with 401 submits nothing, and says how to go on with the job', async () => {
    const server = await startServer({ manual: true });
    const { id } = await connect(server).generate({ input });
    const error = await errorOf(connect(server, { token: 'r8_revoked' }).poll(id));
    expect(error).toMatchObject({ code: 'unauthorized', jobId: id });
    expect(error.message).not.toContain('r8_revoked');
    expect(server.jobs.size).toBe(1);
  });
});

describe('whether a token of Replicate works', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('is told by the account, which costs nothing', async () => {
    const server = await startServer();
    expect(await connect(server).backend.account()).toMatchObject({ username: 'mock', type: 'user' });
    expect(await errorOf(connect(server, { token: 'r8_wr0ng' }).backend.account())).toMatchObject({
      ...{ code: 'unauthorized', status: 401 },
    });
  });

  it('is told by diagnose, by way of the account', async () => {
    const server = await startServer();
    const good = await connect(server).diagnose();
    expect(good).toMatchObject({ ok: true, transport: 'polling' });
    expect(good.transports).toMatchObject({
      websocket: { state: 'unsupported' },
      sse: { state: 'unsupported' },
      polling: { state: 'works', message: 'The server answers, and takes the credentials (HTTP 200).' },
    });
    expect(server.requests.map(({ route }) => route)).toEqual(['account']);
    const bad = await connect(server, { token: 'r8_wr0ng' }).diagnose();
    expect(bad.ok).toBe(false);
    expect(bad.transports.polling).toMatchObject({
      state: 'fails',
      message: expect.stringContaining('refused the credentials'),
    });
    expect(JSON.stringify(bad)).not.toContain('wr0ng');
    expect(server.jobs.size).toBe(0);
  });

  it.each([403, 404])('is told by a status call where a proxy answers %i for the account', async (status) => {
    const server = await startServer({ faults: [{ route: 'account', type: 'status', status }] });
    const { ok, transports } = await connect(server).diagnose();
    expect(ok).toBe(true);
    expect(transports.polling.message).toContain('404');
    expect(server.requests.map(({ route }) => route)).toEqual(['account', 'status', undefined]);
  });

  it('cannot be told in a page, which Replicate lets read nothing', async () => {
    const page = { baseURI: 'https://page.test/', addEventListener() {}, removeEventListener() {} };
    vi.stubGlobal('document', page);
    // As a browser: no answer without CORS, but one that says nothing where none is wanted.
    const fetch: typeof globalThis.fetch = async (_request, init) => {
      if (init?.mode === 'no-cors') return new Response();
      throw new TypeError('Failed to fetch');
    };
    vi.stubGlobal('fetch', fetch);
    await using client = new VideoClient({ backend: replicate({ model }), transports: ['polling'] });
    const { ok, transports } = await client.diagnose();
    expect(ok).toBe(false);
    expect(transports.polling).toMatchObject({
      ...{ state: 'fails', message: expect.stringContaining('CORS') },
      hint: 'Call it through a proxy of your own.',
    });
  });
});
