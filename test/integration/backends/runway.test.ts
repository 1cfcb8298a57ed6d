import { afterEach, describe, expect, it, vi } from 'vitest';
import { runway } from '../../../src/backends/hosted/runway.js';
import { VideoClient } from '../../../src/client/client.js';
import { type MockFault, mockMedia } from '../../../src/mock-server/index.js';
import { eventually, until } from '../../support/until.js';
import { errorOf, submits } from '../client/support.js';
import { PNG, routesOf, setUp } from './hosted-support.js';

const input = { model: 'gen4.5', promptText: 'A boat', ratio: '1280:720', duration: 5 };

const { startServer, connect } = setUp({
  dialect: 'runway',
  backend: runway(),
  token: 'key_mock',
  behaviour: { manual: true },
});

describe('runway', () => {
  it('generates, is polled to the end, and downloads without its key', async () => {
    const server = await startServer({ manual: false, durationMs: 150 });
    const client = connect(server);
    const job = await client.generate({ ...input, promptImage: PNG });
    expect(job.snapshot).toMatchObject({ status: 'queued', progress: 0 });
    const progress: number[] = [];
    job.on('progress', (snapshot) => progress.push(snapshot.progress));
    const end = await job.completed();
    expect(progress.some((percent) => percent > 1 && percent < 100)).toBe(true);
    expect(end).toMatchObject({ transport: 'polling', raw: { cost: { credits: 60 } } });
    expect(end.outputs).toHaveLength(1);
    const leftMs = Number(end.expiresAt) - Date.now();
    expect(leftMs).toBeCloseTo(24 * 3_600_000, -5);
    expect(await (await job.download()).bytes()).toEqual(mockMedia());
    const [submit] = server.requests;
    expect(submit).toMatchObject({
      path: '/runway/v1/image_to_video',
      body: { ...input, promptImage: 'data:image/png;base64,iVBORw0KGgo=' },
    });
    for (const { origin, headers } of server.requests) {
      expect(headers['x-runway-version']).toBe(origin === 'main' ? '2024-11-06' : undefined);
      expect(headers.authorization).toBe(origin === 'main' ? 'Bearer key_mock' : undefined);
      expect(headers['idempotency-key']).toBeUndefined();
    }
  });

  it('is where its service is, unless told otherwise', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (request) => {
      asked.push(String(request instanceof Request ? request.url : request));
      return Response.json({ id: 'a', estimatedCost: { credits: 60 } });
    };
    await using client = new VideoClient({ backend: runway(), fetch });
    await client.generate(input);
    const gateway = 'https://proxy.test/runway';
    await using proxied = new VideoClient({ baseUrl: gateway, backend: runway(), fetch });
    await proxied.generate({ ...input, task: 'video_to_video' });
    expect(asked).toEqual(['https://api.dev.runwayml.com/v1/text_to_video', `${gateway}/v1/video_to_video`]);
  });

  it('goes on with a task by its id alone, in another process', async () => {
    const server = await startServer();
    const first = connect(server);
    const { id } = await first.generate(input);
    await first.close();
    server.jobs.get(id)?.complete();
    const second = connect(server);
    expect((await second.subscribe(id).completed()).status).toBe('completed');
    expect(await (await second.download(id)).bytes()).toEqual(mockMedia());
  });

  it('waits for a task that is THROTTLED as for any that is queued, and warns of nothing', async () => {
    const server = await startServer();
    const job = await connect(server).generate(input);
    const told: unknown[] = [];
    job.on('warning', (warning) => told.push(warning));
    const seen: string[] = [];
    job.on('status', ({ status }) => seen.push(status));
    server.jobs.get(job.id)?.advance({ word: 'THROTTLED' });
    const ended = job.completed();
    await eventually(() => expect(server.requests.length).toBeGreaterThan(5));
    expect(job.snapshot.status).toBe('queued');
    server.jobs.get(job.id)?.advance({ status: 'processing', progress: 50 });
    await until(() => job.snapshot.progress === 50);
    server.jobs.get(job.id)?.complete();
    expect((await ended).status).toBe('completed');
    expect([told, seen]).toEqual([[], ['processing', 'completed']]);
  });

  it('downloads each output', async () => {
    const server = await startServer({ outputs: 2, manual: false, durationMs: 20 });
    const client = connect(server);
    const job = await client.generate(input);
    const end = await job.completed();
    expect(end.outputs).toHaveLength(2);
    expect(await (await client.download(end, { output: 1 })).bytes()).toEqual(mockMedia('reels'));
    expect(await (await client.download(job.id, { output: 1 })).bytes()).toEqual(mockMedia('reels'));
    expect(await errorOf(client.download(end, { output: 2 }))).toMatchObject({ field: 'output' });
  });

  it('has a URL that is over renewed by asking for the task again', async () => {
    const server = await startServer();
    const client = connect(server);
    const { id } = await client.generate(input);
    server.jobs.get(id)?.complete();
    const end = await client.poll(id);
    server.faults.add({ route: 'files', type: 'expired', times: 1 });
    expect(await (await client.download(end)).bytes()).toEqual(mockMedia());
    const [over, fresh] = server.requests.filter(({ origin }) => origin === 'files');
    expect(end.videoUrl).toContain(over?.query._jwt);
    expect(fresh?.query._jwt).not.toBe(over?.query._jwt);
    expect(routesOf(server).slice(-3)).toEqual(['files', 'status', 'files']);
  });

  it.each(['SAFETY.INPUT.TEXT', 'INTERNAL.BAD_OUTPUT.CODE01', 'ASSET.INVALID'])(
    'tells a failure with the code %s, and submits nothing anew',
    async (code) => {
      const server = await startServer({ manual: false, failWith: { message: 'It did not work', code } });
      const job = await connect(server).generate(input);
      expect(await errorOf(job.completed())).toMatchObject({
        ...{ name: 'JobFailedError', jobId: job.id, reason: 'It did not work', reasonCode: code },
      });
      expect(submits(server)).toBe(1);
    },
  );
});

describe('a task of runway, cancelled,', () => {
  it.each(['queued', 'processing'] as const)(
    'is unknown from then on, and failed: one that was %s',
    async (status) => {
      const server = await startServer();
      const client = connect(server);
      const job = await client.generate(input);
      server.jobs.get(job.id)?.advance({ status });
      const ended = errorOf(job.completed());
      expect(await client.cancel(job.id)).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
      expect(await ended).toMatchObject({ name: 'JobFailedError', reasonCode: 'cancelled' });
      expect(await client.status(job.id)).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
      expect(server.jobs.size).toBe(0);
    },
  );

  it('is left alone where it has ended, for the same call would delete its video', async () => {
    const server = await startServer();
    const client = connect(server);
    const { id } = await client.generate(input);
    server.jobs.get(id)?.complete();
    expect((await client.cancel(id)).status).toBe('completed');
    expect(routesOf(server)).not.toContain('cancel');
    expect(await (await client.download(id)).bytes()).toEqual(mockMedia());
  });

  it('is left alone, too, where it has failed, and its reason can still be asked for', async () => {
    const server = await startServer();
    const client = connect(server);
    const { id } = await client.generate(input);
    server.jobs.get(id)?.fail('It was flagged', 'SAFETY.INPUT.TEXT');
    expect(await client.cancel(id)).toMatchObject({ status: 'failed', errorCode: 'SAFETY.INPUT.TEXT' });
    expect(routesOf(server)).not.toContain('cancel');
    expect(server.jobs.has(id)).toBe(true);
  });

  it('keeps its video where it ends between a call that failed and the next', async () => {
    const server = await startServer({
      faults: [{ route: 'cancel', type: 'status', status: 503, times: 1 }],
    });
    const client = connect(server, { retry: { minDelayMs: 50, maxDelayMs: 50 } });
    const { id } = await client.generate(input);
    const cancelling = client.cancel(id);
    await until(() => routesOf(server).includes('cancel'));
    server.jobs.get(id)?.complete();
    expect((await cancelling).status).toBe('completed');
    expect(await (await client.download(id)).bytes()).toEqual(mockMedia());
  });

  it('is cancelled where the answer to the call was lost, and the task is there no longer', async () => {
    const server = await startServer({
      faults: [{ route: 'cancel', type: 'reset', at: 'after-handling', times: 1 }],
    });
    const client = connect(server);
    const { id } = await client.generate(input);
    expect(await client.cancel(id)).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
    expect(routesOf(server).filter((route) => route === 'cancel')).toHaveLength(1);
  });

  it('that somebody else has deleted is not taken for one that we cancelled', async () => {
    const server = await startServer();
    const client = connect(server);
    const { id } = await client.generate(input);
    server.jobs.delete(id);
    expect(await errorOf(client.status(id))).toMatchObject({ code: 'not-found', status: 404 });
  });

  it('is what an abort of the submit means, where that was asked for', async () => {
    const server = await startServer();
    const abort = new AbortController();
    const { id } = await connect(server).generate(input, { signal: abort.signal, onAbort: 'cancel' });
    abort.abort();
    await until(() => !server.jobs.has(id));
  });
});

describe('runway, refused,', () => {
  const fault = (status: number, body: Record<string, unknown>, more: object = {}): MockFault => ({
    ...{ route: 'generate', type: 'status', status, body },
    ...more,
  });

  it('says what of the input is wrong, in the words of the server, and asks once', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server).generate({ ...input, duration: 11, ratio: '960:960' }));
    expect(error.message).toMatch(/Validation of body failed: .*ratio: .*duration: /);
    expect(error).toMatchObject({
      name: 'ApiError',
      code: 'bad-request',
      status: 400,
      hint: expect.stringContaining('https://docs.dev'),
    });
    expect(submits(server)).toBe(1);
  });

  it('says that there is no money', async () => {
    const server = await startServer({ credits: 5 });
    const error = await errorOf(connect(server).generate(input));
    expect(error.message).toContain('enough credits');
    expect(submits(server)).toBe(1);
  });

  it('for the day is told so after some tries, in its words', async () => {
    const server = await startServer({
      faults: [fault(429, { error: 'You have reached your daily limit.' })],
    });
    const error = await errorOf(connect(server).generate(input));
    expect(error).toMatchObject({
      code: 'rate-limited',
      serverMessage: 'You have reached your daily limit.',
    });
    expect(server.jobs.size).toBe(0);
  });

  it('waits as long as retry-after-ms says', async () => {
    const headers = { 'retry-after-ms': '120' };
    const server = await startServer({ faults: [fault(429, { error: 'slower' }, { headers, times: 1 })] });
    const before = performance.now();
    await connect(server, { retry: { minDelayMs: 1, maxDelayMs: 2_000 } }).generate(input);
    expect(performance.now() - before).toBeGreaterThanOrEqual(115);
    expect(submits(server)).toBe(2);
  });

  it.each([500, 502, 503, 504])(
    'with %i leaves open whether there is a task, and pays for no second',
    async (status) => {
      const server = await startServer({ faults: [fault(status, {}, { carriedOut: true })] });
      const error = await errorOf(connect(server).generate(input));
      expect(error).toMatchObject({ code: 'submit-outcome-unknown', status });
      expect([server.jobs.size, submits(server)]).toEqual([1, 1]);
    },
  );

  it('takes no idempotency key, as it would be ignored', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server).generate(input, { idempotencyKey: 'order-7' }));
    expect(error).toMatchObject({ name: 'InputError', field: 'idempotencyKey' });
    expect(server.requests).toEqual([]);
  });

  it('for its version, says so', async () => {
    const server = await startServer();
    const client = connect(server, { backend: runway({ version: '2020-01-01' }) });
    const error = await errorOf(client.generate(input));
    expect(error.message).toContain('2020-01-01 is not a valid X-Runway-Version');
  });

  it('on status calls by 502, 503 and 504, goes on asking', async () => {
    const server = await startServer();
    const job = await connect(server).generate(input);
    for (const status of [502, 503, 504])
      server.faults.add({ route: 'status', type: 'status', status, times: 1 });
    server.jobs.get(job.id)?.complete();
    expect((await job.completed()).status).toBe('completed');
    expect(submits(server)).toBe(1);
  });

  it('on a poll with 401 submits nothing, and says how to go on with the job', async () => {
    const server = await startServer();
    const { id } = await connect(server).generate(input);
    const error = await errorOf(connect(server, { token: 'key_revoked' }).poll(id));
    expect(error).toMatchObject({ code: 'unauthorized', jobId: id });
    expect(error.message).not.toContain('key_revoked');
    expect(server.jobs.size).toBe(1);
  });
});

describe('whether a key of Runway works', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('is told by the organization, which costs nothing', async () => {
    const server = await startServer({ credits: 500 });
    expect(await connect(server).backend.organization()).toMatchObject({ creditBalance: 500 });
    const wrong = connect(server, { token: 'key_wr0ng' }).backend.organization();
    expect(await errorOf(wrong)).toMatchObject({ code: 'unauthorized', status: 401 });
  });

  it('is told by diagnose, by way of the organization', async () => {
    const server = await startServer();
    const good = await connect(server).diagnose();
    expect(good).toMatchObject({ ok: true, transport: 'polling' });
    expect(routesOf(server)).toEqual(['account']);
    const bad = await connect(server, { token: 'key_wr0ng' }).diagnose();
    expect(bad.transports.polling).toMatchObject({
      ...{ state: 'fails', message: expect.stringContaining('refused the credentials') },
    });
    expect(JSON.stringify(bad)).not.toContain('wr0ng');
    expect(server.jobs.size).toBe(0);
  });

  it('cannot be told in a page, which Runway lets read nothing', async () => {
    const page = { baseURI: 'https://page.test/', addEventListener() {}, removeEventListener() {} };
    vi.stubGlobal('document', page);
    // As a browser: no answer without CORS, but one that says nothing where none is wanted.
    const fetch: typeof globalThis.fetch = async (_request, init) => {
      if (init?.mode === 'no-cors') return new Response();
      throw new TypeError('Failed to fetch');
    };
    vi.stubGlobal('fetch', fetch);
    await using client = new VideoClient({ backend: runway(), transports: ['polling'] });
    const { ok, transports } = await client.diagnose();
    expect(ok).toBe(false);
    expect(transports.polling).toMatchObject({ hint: 'Call it through a proxy of your own.' });
  });
});
