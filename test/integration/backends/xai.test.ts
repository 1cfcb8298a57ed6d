import { describe, expect, it } from 'vitest';
import { xai } from '../../../src/backends/hosted/xai.js';
import { VideoClient } from '../../../src/client/client.js';
import { type MockFault, mockMedia } from '../../../src/mock-server/index.js';
import { eventually } from '../../support/until.js';
import { errorOf, submits } from '../client/support.js';
import { PNG, PNG_URL, routesOf, setUp } from './hosted-support.js';

const model = 'grok-imagine-video-1.5';
const backend = xai({ model });
const input = { prompt: 'A boat', duration: 5 };

const { startServer, connect } = setUp({
  dialect: 'xai',
  backend,
  token: 'xai-mock',
  behaviour: { manual: true },
});

describe('xai', () => {
  it('generates, is polled to the end, and downloads without its key', async () => {
    const server = await startServer({ manual: false, durationMs: 150 });
    const job = await connect(server).generate({ ...input, image: { url: PNG } });
    expect(job.snapshot).toMatchObject({ status: 'queued', progress: 0 });
    const progress: number[] = [];
    job.on('progress', (snapshot) => progress.push(snapshot.progress));
    const end = await job.completed();
    expect(progress.some((percent) => percent > 1 && percent < 100)).toBe(true);
    expect(end).toMatchObject({ transport: 'polling', raw: { usage: { cost_in_usd_ticks: 2_500_000_000 } } });
    expect(Number(end.expiresAt) - Date.now()).toBeCloseTo(24 * 3_600_000, -5);
    expect(await (await job.download()).bytes()).toEqual(mockMedia());
    const [submit] = server.requests;
    expect(submit).toMatchObject({
      path: '/xai/v1/videos/generations',
      body: { model, ...input, image: { url: PNG_URL } },
    });
    expect(submit?.headers).not.toHaveProperty('idempotency-key');
    const file = server.requests.find(({ origin }) => origin === 'files');
    expect(file?.headers).not.toHaveProperty('authorization');
  });

  it('is where its service is, unless told otherwise', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (request) => {
      asked.push(String(request instanceof Request ? request.url : request));
      return Response.json({ request_id: 'a' });
    };
    await using client = new VideoClient({ backend: xai(), fetch });
    await client.generate({ model, ...input });
    await using proxied = new VideoClient({ baseUrl: 'https://proxy.test/x/v1', backend, fetch });
    await proxied.generate(input);
    expect(asked).toEqual(
      ['https://api.x.ai/v1', 'https://proxy.test/x/v1'].map((base) => `${base}/videos/generations`),
    );
  });

  it('takes a 202 without a body for what it is: it runs, and nothing has failed', async () => {
    const server = await startServer({ style: 'field' });
    const job = await connect(server).generate(input);
    const told: unknown[] = [];
    job.on('warning', (warning) => told.push(warning));
    const ended = job.completed();
    await eventually(() => expect(server.requests.length).toBeGreaterThan(6));
    expect(job.snapshot.status).toBe('processing');
    server.jobs.get(job.id)?.complete();
    expect((await ended).status).toBe('completed');
    expect(told).toEqual([]);
    const answers = server.requests.filter(({ route }) => route === 'status').map(({ status }) => status);
    expect(new Set(answers)).toEqual(new Set([202, 200]));
  });

  it('goes on with a request by its id alone, in another process', async () => {
    const server = await startServer();
    const first = connect(server);
    const { id } = await first.generate(input);
    await first.close();
    server.jobs.get(id)?.complete();
    const second = connect(server);
    expect((await second.subscribe(id).completed()).status).toBe('completed');
    expect(await (await second.download(id)).bytes()).toEqual(mockMedia());
  });

  it('edits a video, and goes on with one, each a job like any other', async () => {
    const server = await startServer({ manual: false, durationMs: 20 });
    const client = connect(server);
    const video = { url: 'https://host.test/a.mp4' };
    const edited = await client.backend.edit({ prompt: 'In snow', video });
    const extended = await client.backend.extend({ prompt: 'It sinks', video, duration: 6 });
    for (const job of [edited, extended]) {
      expect((await job.completed()).status).toBe('completed');
      expect(await (await job.download()).bytes()).toEqual(mockMedia());
    }
    expect(server.requests.filter(({ route }) => route === 'generate')).toMatchObject([
      { path: '/xai/v1/videos/edits', body: { model, prompt: 'In snow', video } },
      { path: '/xai/v1/videos/extensions', body: { model, prompt: 'It sinks', video, duration: 6 } },
    ]);
  });

  it.each(['generate', 'edit', 'extend'] as const)(
    '%s is sent once, where its answer was lost',
    async (name) => {
      const server = await startServer({
        faults: [{ route: 'generate', type: 'reset', at: 'after-handling' }],
      });
      const client = connect(server);
      const video = { url: 'https://host.test/a.mp4' };
      const made =
        name === 'generate' ? client.generate(input) : client.backend[name]({ prompt: 'In snow', video });
      expect(await errorOf(made)).toMatchObject({ code: 'submit-outcome-unknown' });
      expect([server.jobs.size, submits(server)]).toEqual([1, 1]);
    },
  );

  it('cannot cancel, and says so before anything is asked', async () => {
    const server = await startServer();
    const client = connect(server);
    const { id } = await client.generate(input);
    expect(await errorOf(client.cancel(id))).toMatchObject({ name: 'ConfigurationError' });
    expect(routesOf(server)).toEqual(['generate']);
  });
});

describe('a request of xai fails', () => {
  it.each(['documented', 'field'] as const)('with its reason and code, in %s style', async (style) => {
    const failWith = { message: 'It did not work', code: 'generation_failed' };
    const server = await startServer({ manual: false, style, failWith });
    const job = await connect(server).generate(input);
    expect(await errorOf(job.completed())).toMatchObject({
      ...{ name: 'JobFailedError', jobId: job.id, reason: 'It did not work' },
      reasonCode: 'generation_failed',
    });
  });

  it('where moderation withholds the video, whose cost is said', async () => {
    const server = await startServer({ manual: false, failWith: { message: 'no', code: 'content_policy' } });
    const client = connect(server);
    const job = await client.generate(input);
    const error = await errorOf(job.completed());
    expect(error).toMatchObject({ name: 'JobFailedError', reasonCode: 'content_policy' });
    expect(error.message).toContain('charges for it all the same');
    expect(await client.status(job.id)).toMatchObject({
      ...{ status: 'failed', raw: { usage: { cost_in_usd_ticks: expect.any(Number) } } },
    });
  });

  it('where it has expired', async () => {
    const server = await startServer({ manual: false, failWith: { message: 'no', code: 'expired' } });
    const job = await connect(server).generate(input);
    expect(await errorOf(job.completed())).toMatchObject({ reason: 'expired', reasonCode: 'expired' });
  });

  it('where it is done and there is no video, and is not asked for ever', async () => {
    const server = await startServer({
      faults: [{ route: 'status', type: 'without-field', field: 'video' }],
    });
    const job = await connect(server).generate(input);
    server.jobs.get(job.id)?.complete();
    expect(await errorOf(job.completed())).toMatchObject({ reasonCode: 'no_video' });
  });
});

describe('the video of a request', () => {
  const storage_options = { public_url: { expires_after: 7_200 } } as const;

  it('is had by the public URL of its copy, once its own is over', async () => {
    const server = await startServer({ urlLifetimeMs: 0 });
    const client = connect(server);
    const { id } = await client.generate({ ...input, storage_options });
    server.jobs.get(id)?.complete();
    expect(await (await client.download(id)).bytes()).toEqual(mockMedia());
    const files = server.requests.filter(({ origin }) => origin === 'files');
    expect(files.map(({ status }) => status)).toEqual([403, 200]);
    for (const { headers } of files) expect(headers).not.toHaveProperty('authorization');
  });

  it('is had from Files by the key, where the copy has no public URL', async () => {
    const server = await startServer({ urlLifetimeMs: 0 });
    const client = connect(server);
    const { id } = await client.generate({ ...input, storage_options: {} });
    server.jobs.get(id)?.complete();
    expect(await (await client.download(id)).bytes()).toEqual(mockMedia());
    expect(server.requests.at(-1)).toMatchObject({
      ...{ path: `/xai/v1/files/file_${id}/content`, headers: { authorization: 'Bearer xai-mock' } },
    });
  });

  it('is over after a day where no copy was kept, for asking again gives no new URL', async () => {
    const server = await startServer({ urlLifetimeMs: 0 });
    const client = connect(server);
    const { id } = await client.generate(input);
    server.jobs.get(id)?.complete();
    const end = await client.poll(id);
    expect((await client.poll(id)).videoUrl).toBe(end.videoUrl);
    expect(await errorOf(client.download(end))).toMatchObject({ code: 'download-expired', jobId: id });
  });

  it('is one: there is no second output', async () => {
    const server = await startServer();
    const client = connect(server);
    const { id } = await client.generate(input);
    server.jobs.get(id)?.complete();
    expect(await errorOf(client.download(id, { output: 1 }))).toMatchObject({ field: 'output' });
  });
});

describe('xai, refused,', () => {
  const fault = (status: number, body: Record<string, unknown> | string, more: object = {}): MockFault => ({
    ...{ route: 'generate', type: 'status', status, body },
    ...more,
  });

  it.each([
    [
      'its own shape',
      { code: 'invalid-argument', error: 'output.upload_url is required' },
      'invalid-argument',
    ],
    [
      'the shape of OpenAI',
      { error: { message: 'output.upload_url is required', code: 'invalid' } },
      'invalid',
    ],
    ['words alone', { error: 'output.upload_url is required' }, undefined],
  ])('says why in %s, and asks once', async (_, body, serverCode) => {
    const server = await startServer({ faults: [fault(400, body)] });
    const error = await errorOf(connect(server).generate(input));
    expect(error.message).toContain('output.upload_url is required');
    expect(error).toMatchObject({ name: 'ApiError', code: 'bad-request', status: 400 });
    expect((error as { serverCode?: string }).serverCode).toBe(serverCode);
    expect(submits(server)).toBe(1);
  });

  it('says what its decoder does not read, in plain text', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server).generate({ ...input, extra: { seed: 7 } }));
    expect(error.message).toContain('unknown field `seed`');
    expect(error).toMatchObject({ status: 422 });
  });

  it('says that there is no money, or no such model', async () => {
    const server = await startServer({ credits: 5 });
    const client = connect(server);
    expect(await errorOf(client.generate(input))).toMatchObject({ code: 'forbidden', status: 403 });
    const unknown = await errorOf(client.generate({ ...input, model: 'grok-imagine-video-9' }));
    expect(unknown).toMatchObject({ code: 'not-found', status: 404 });
    expect(unknown.message).toContain('grok-imagine-video-9');
    expect(submits(server)).toBe(2);
  });

  it('for its key, says so as any that is refused by a 401', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server, { token: 'xai-wr0ng' }).generate(input));
    expect(error).toMatchObject({ code: 'unauthorized', status: 400, hint: 'Check the auth option.' });
    expect(error.message).toContain('Incorrect API key provided');
    expect(error.message).not.toContain('wr0ng');
    expect(submits(server)).toBe(1);
  });

  it('takes no idempotency key, as it would be ignored', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server).generate(input, { idempotencyKey: 'order-7' }));
    expect(error).toMatchObject({ name: 'InputError', field: 'idempotencyKey' });
    expect(server.requests).toEqual([]);
  });

  it('by a limit, sends the submit again, for nothing was done', async () => {
    const server = await startServer({
      faults: [fault(429, { error: 'slower' }, { retryAfter: 0, times: 1 })],
    });
    await connect(server).generate(input);
    expect([server.jobs.size, submits(server)]).toEqual([1, 2]);
  });

  it.each([400, 404])(
    'with %i on each poll, as a relay does for a bad job, ends with its words',
    async (status) => {
      const body = { code: 'invalid-argument', error: 'A prompt is required.' };
      const server = await startServer({ faults: [{ route: 'status', type: 'status', status, body }] });
      const client = connect(server, { timeouts: { missingMs: 100 } });
      const job = await client.generate({ image: { url: 'https://host.test/a.png' } });
      const error = await errorOf(job.completed());
      expect(error.message).toContain('A prompt is required.');
      expect(error).toMatchObject({ jobId: job.id });
    },
  );

  it('for its key, by a 400, on a poll submits nothing, and says how to go on with the job', async () => {
    const server = await startServer();
    const { id } = await connect(server).generate(input);
    const error = await errorOf(connect(server, { token: 'xai-revoked' }).poll(id));
    expect(error).toMatchObject({ code: 'unauthorized', jobId: id });
    expect(error.message).not.toContain('xai-revoked');
    expect(server.jobs.size).toBe(1);
  });
});

it('diagnose tells whether a key of xAI works, by what is told of the key, which costs nothing', async () => {
  const server = await startServer();
  const good = await connect(server).diagnose();
  expect(routesOf(server)).toEqual(['account']);
  expect(good).toMatchObject({ ok: true, transports: { polling: { state: 'works' } } });
  const bad = await connect(server, { token: 'xai-wr0ng' }).diagnose();
  expect(bad.transports.polling).toMatchObject({
    ...{ state: 'fails', message: expect.stringContaining('refused the credentials') },
  });
  expect(JSON.stringify(bad)).not.toContain('wr0ng');
  expect(server.jobs.size).toBe(0);
});
