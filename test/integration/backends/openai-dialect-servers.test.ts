import { describe, expect, it, onTestFinished } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { VideoClient } from '../../../src/client/client.js';
import { errorOf } from '../client/support.js';
import { json, serve } from '../http/support.js';
import { callsOf, film, routes, textOf } from '../port/support.js';

type Answers = Parameters<typeof routes>[0];
type Answer = Extract<Answers[string], (...args: never) => unknown>;

const refuse =
  (status: number, body: object): Answer =>
  (response) =>
    json(response, status, body);

async function start(answers: Answers, base = '') {
  const server = await routes(answers);
  const client = new VideoClient({
    ...{ baseUrl: server.url + base, backend: openAIVideos(), logger: 'silent' },
    polling: { intervalMs: 20 },
    timeouts: { missingMs: 300, notReadyMs: 300, jobMs: 8_000 },
    retry: { minDelayMs: 1, maxDelayMs: 20 },
  });
  onTestFinished(() => client.close());
  return { server, client };
}

const job = { id: 'v1', object: 'video', status: 'queued', progress: 0 };
const done = { ...job, status: 'completed', progress: 100 };
const statusOf = (...answers: object[]) => ({ 'GET /v1/videos/v1': answers });

describe('vLLM-Omni', () => {
  it('A1: is sent a form, which is all that it reads', async () => {
    const server = await serve((seen, response) =>
      seen.headers['content-type']?.startsWith('multipart/form-data') === true
        ? json(response, 200, job)
        : json(response, 400, { error: { message: '1 validation error', code: 400 } }),
    );
    const client = new VideoClient({ baseUrl: server.url, backend: openAIVideos() });
    onTestFinished(() => client.close());
    expect((await client.generate({ prompt: 'A cat' })).id).toBe('v1');
  });

  const failed = { ...job, status: 'failed', error: { code: 500, message: 'CUDA out of memory' } };

  it.each([500, 400, 404])('A2, A3: tells a failed job by %i with the job as its body', async (status) => {
    const { client } = await start({ 'GET /v1/videos/v1': refuse(status, failed) });
    expect(await errorOf(client.subscribe('v1').completed())).toMatchObject({
      ...{ name: 'JobFailedError', reason: 'CUDA out of memory', reasonCode: '500' },
    });
  });

  it('A4: has a snapshot of it by a status call', async () => {
    const { client, server } = await start({ 'GET /v1/videos/v1': refuse(500, failed) });
    expect(await client.status('v1')).toMatchObject({ status: 'failed', errorCode: '500' });
    expect(server.seen).toHaveLength(1);
  });

  it('A5: gives the code of a failure as a number', async () => {
    const { client } = await start(statusOf({ ...failed, error: { code: 503, message: 'engine dead' } }));
    expect(await client.status('v1')).toMatchObject({ error: 'engine dead', errorCode: '503' });
  });

  it('B5: no longer knows a job that this client has cancelled', async () => {
    let isThere = true;
    const { client } = await start({
      'GET /v1/videos/v1': (response) =>
        isThere
          ? json(response, 200, job)
          : refuse(404, { detail: 'Video not found' })(response, undefined as never),
      'DELETE /v1/videos/v1': (response) => {
        isThere = false;
        json(response, 200, { id: 'v1', deleted: true, object: 'video.deleted' });
      },
    });
    const following = client.subscribe('v1').completed();
    following.catch(() => {});
    await client.cancel('v1');
    expect(await errorOf(following)).toMatchObject({ name: 'JobFailedError', reasonCode: 'cancelled' });
  });
});

describe('SGLang', () => {
  it('B1: is asked for the default file without a variant', async () => {
    const { client } = await start({
      ...statusOf(done),
      'GET /v1/videos/v1/content': (response) => film(response, 'default'),
      'GET /v1/videos/v1/content?variant=video': refuse(404, { detail: 'Video variant video not found' }),
    });
    expect(await textOf(client.download('v1'))).toContain('default');
  });

  it('B2: has the file in a cloud store where it says so, without credentials', async () => {
    const store = await routes({ 'GET /v1.mp4': (response) => film(response, 'stored') });
    const { server, client } = await start({
      ...statusOf({ ...done, url: `${store.url}/v1.mp4` }),
      'GET /v1/videos/v1/content': refuse(400, { detail: 'Please use the cloud URL' }),
    });
    expect(await textOf(client.download(await client.poll('v1')))).toContain('stored');
    expect(callsOf(server)).toContain('GET /v1/videos/v1/content');
  });

  it('B6: says deleted of a job that will never end, and cancelling of one that may', async () => {
    const { client } = await start(statusOf({ ...job, status: 'cancelling' }, { ...job, status: 'deleted' }));
    expect((await client.status('v1')).status).toBe('processing');
    expect(await client.status('v1')).toMatchObject({ status: 'failed', error: 'deleted' });
  });
});

describe('TensorRT-LLM', () => {
  it('says postprocessing before the end', async () => {
    const { client } = await start(statusOf({ ...job, status: 'postprocessing', progress: null }, done));
    const following = client.subscribe('v1');
    const warnings: string[] = [];
    following.on('warning', ({ code }) => warnings.push(code));
    await following.completed();
    expect(warnings).toEqual([]);
  });
});

describe('LiteLLM', () => {
  const encoded = (modelId: string, videoId = 'task:17f2') =>
    `video_${btoa(`litellm:custom_llm_provider:runway;model_id:${modelId};video_id:${videoId}`)}`;
  const id = encoded('gen4_turbo');
  const route = `GET /v1/videos/${encodeURIComponent(id)}`;

  it('C1: writes the id of a job in two ways', async () => {
    const { client } = await start({
      'POST /v1/videos': { ...job, id },
      [route]: { ...done, id: encoded('') },
    });
    const made = await client.generate({ prompt: 'A cat' });
    expect(await made.completed()).toMatchObject({ id, status: 'completed' });
  });

  it('C1: and is not believed where it tells of another job', async () => {
    const { client } = await start({ [route]: { ...done, id: encoded('', 'other') } });
    expect(await errorOf(client.status(id))).toMatchObject({ name: 'InvalidResponseError' });
  });

  it('C3: makes ids of 686 characters', async () => {
    const long = encoded('bfl', `https://api.bfl.ai/${'x'.repeat(440)}`);
    expect(long.length).toBeGreaterThan(640);
    const { client } = await start({
      'POST /v1/videos': { ...job, id: long },
      [`GET /v1/videos/${encodeURIComponent(long)}`]: { ...done, id: long },
    });
    expect((await (await client.generate({ prompt: 'A cat' })).completed()).status).toBe('completed');
  });

  it('C5: has no way to cancel, which is said', async () => {
    const { client } = await start({
      ...statusOf(job),
      'DELETE /v1/videos/v1': refuse(405, { detail: 'Method Not Allowed' }),
    });
    const error = await errorOf(client.cancel('v1'));
    expect(error).toMatchObject({ status: 405, jobId: 'v1' });
    expect(error.message).toContain('cannot cancel');
  });

  it('C6: lists jobs as a plain array', async () => {
    const { client } = await start({ 'GET /v1/videos': (response) => json(response, 200, [job]) });
    expect(await client.backend.list()).toMatchObject({
      jobs: [{ jobId: 'v1' }],
      hasMore: false,
      lastId: 'v1',
    });
  });
});

describe('New API', () => {
  it('D1: says by a 400 that it does not know a job yet', async () => {
    let asked = 0;
    const missing = refuse(400, { code: 'task_not_exist', message: 'task_not_exist' });
    const { client } = await start({
      'POST /v1/videos': { id: 'v1', task_id: 'v1', status: 'queued' },
      'GET /v1/videos/v1': (response, seen) =>
        ++asked < 3 ? missing(response, seen) : json(response, 200, done),
    });
    expect((await (await client.generate({ prompt: 'A cat' })).completed()).status).toBe('completed');
    asked = 0;
    expect(await errorOf(client.status('v1'))).toMatchObject({ code: 'not-found', status: 404 });
  });

  it('D2: says by a 400 that a file is not there yet', async () => {
    let asked = 0;
    const { client } = await start({
      ...statusOf(done),
      'GET /v1/videos/v1/content': (response, seen) =>
        ++asked < 3
          ? refuse(400, { error: { message: 'Task is not completed yet, current status: IN_PROGRESS' } })(
              response,
              seen,
            )
          : film(response),
    });
    expect(await textOf(client.download('v1'))).toContain('film');
  });

  it('D3: says unknown of what it has not asked yet, which is no warning', async () => {
    const { client } = await start(statusOf({ ...job, status: 'unknown' }, done));
    const following = client.subscribe('v1');
    const warnings: string[] = [];
    following.on('warning', ({ code }) => warnings.push(code));
    await following.completed();
    expect(warnings).toEqual([]);
  });

  it.each([
    ['NOT_START', 'queued'],
    ['SUBMITTED', 'queued'],
    ['QUEUED', 'queued'],
    ['IN_PROGRESS', 'processing'],
    ['SUCCESS', 'completed'],
  ])('D4: wraps a job of status %s, or names it by its task', async (word, status) => {
    const task = { task_id: 'v1', status: word, progress: '100%', result_url: '/v1.mp4' };
    const { client, server } = await start(statusOf({ code: 'success', data: task }, task));
    for (let times = 0; times < 2; times++) {
      const snapshot = await client.status('v1');
      expect(snapshot.status).toBe(status);
      if (snapshot.status === 'completed') expect(snapshot.videoUrl).toBe(`${server.url}/v1.mp4`);
    }
  });

  it("D5': gives the reason of a failure as fail_reason", async () => {
    const { client } = await start(statusOf({ task_id: 'v1', status: 'FAILURE', fail_reason: 'blocked' }));
    expect(await errorOf(client.poll('v1'))).toMatchObject({ name: 'JobFailedError', reason: 'blocked' });
  });

  it.each([
    { metadata: { url: '/f.mp4' } },
    { video_url: '/f.mp4' },
    { output: { url: '/f.mp4' } },
    { output: { videos: [{ url: '/f.mp4' }] } },
    { data: [{ url: '/f.mp4' }] },
    { result_url: '/f.mp4' },
  ])('D5–D7: has the file at %j where it has no content', async (fields) => {
    const { client } = await start({
      ...statusOf({ ...done, ...fields }),
      'GET /f.mp4': (response) => film(response),
    });
    expect(await textOf(client.download(await client.poll('v1')))).toContain('film');
  });

  it.each([{ task_id: 'v1' }, { video_id: 'v1' }, { data: { id: 'v1' } }])(
    "D6': answers a submit with %j",
    async (body) => {
      const { client } = await start({ 'POST /v1/videos': body });
      expect((await client.generate({ prompt: 'A cat' })).id).toBe('v1');
    },
  );

  it("D6': is not taken for xAI's dialect", async () => {
    const { client } = await start({ 'POST /v1/videos': { request_id: 'v1' } });
    expect(await errorOf(client.generate({ prompt: 'A cat' }))).toMatchObject({
      code: 'submit-outcome-unknown',
    });
  });
});

describe('any of them', () => {
  it.each(['fail_reason', 'failure_reason', 'error_message', 'failure'])(
    'may give a reason as %s',
    async (field) => {
      const { client } = await start(statusOf({ ...job, status: 'failed', [field]: 'because' }));
      expect(await client.status('v1')).toMatchObject({ error: 'because' });
    },
  );

  it('E2: may be at a base URL that ends with the version', async () => {
    const { client, server } = await start({ 'POST /v1/videos': job }, '/v1');
    await client.generate({ prompt: 'A cat' });
    expect(callsOf(server)).toEqual(['POST /v1/videos']);
  });

  it('L1: ends the wait where its answers are too large', async () => {
    const { client } = await start(statusOf({ ...job, padding: 'x'.repeat(1_100_000) }));
    expect(await errorOf(client.poll('v1'))).toMatchObject({ name: 'InvalidResponseError' });
  });
});
