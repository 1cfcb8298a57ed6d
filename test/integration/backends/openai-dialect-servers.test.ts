import { describe, expect, it, onTestFinished } from 'vitest';
import { type OpenAIVideo, openAIVideos } from '../../../src/backends/openai-videos.js';
import { VideoClient } from '../../../src/client/client.js';
import { createMockServer, mockMedia } from '../../../src/mock-server/index.js';
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

/** What reaches a server that takes everything: `new-api`, say, passes on what it does not know. */
async function sending(encoding: 'multipart' | 'json') {
  const server = await createMockServer({ manual: true });
  const client = new VideoClient({ baseUrl: server.url, backend: openAIVideos({ encoding }) });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  const generate = async (input: Partial<OpenAIVideo>) => {
    await client.generate({ prompt: 'A cat', ...input });
    const { body, files = [] } = server.requests.at(-1) ?? {};
    return { body, files };
  };
  return { generate };
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

  it('says by a 422 of the file that a job has failed, whose status tells why', async () => {
    const { client, server } = await start({
      'GET /v1/videos/v1': refuse(500, failed),
      'GET /v1/videos/v1/content': refuse(422, { error: { message: 'Video generation failed.', code: 422 } }),
    });
    expect(await errorOf(client.download('v1'))).toMatchObject({
      ...{ name: 'JobFailedError', reason: 'CUDA out of memory' },
    });
    expect(callsOf(server)).toEqual(['GET /v1/videos/v1/content', 'GET /v1/videos/v1']);
  });

  it('is believed in a 422 of the file where the job has not failed', async () => {
    const content = 'GET /v1/videos/v1/content';
    const { client, server } = await start({ ...statusOf(done), [content]: refuse(422, { detail: 'no' }) });
    expect(await errorOf(client.download('v1'))).toMatchObject({ name: 'ApiError', status: 422 });
    expect(callsOf(server)).toEqual([content, 'GET /v1/videos/v1', content]);
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

  const failed = refuse(500, {
    error: { message: 'litellm.InternalServerError: Video generation failed', code: '500' },
  });

  it('C4: answers 500 for a job that has failed as for an outage, which is no end, however often', async () => {
    let asked = 0;
    const { client } = await start({
      'GET /v1/videos/v1': (response, seen) =>
        ++asked === 1 || asked > 20 ? json(response, 200, asked > 20 ? done : job) : failed(response, seen),
    });
    const following = client.subscribe('v1');
    const warnings: string[] = [];
    following.on('warning', ({ message }) => warnings.push(message));
    expect((await following.completed()).status).toBe('completed');
    expect(warnings).toEqual([expect.stringContaining('litellm.InternalServerError')]);
  });

  it('C4: and so the time limit ends the wait for it, in the words of that answer', async () => {
    const { client } = await start({ 'GET /v1/videos/v1': failed });
    const error = await errorOf(client.subscribe('v1', { timeoutMs: 500 }).completed());
    expect(error).toMatchObject({
      ...{ name: 'JobTimeoutError', jobId: 'v1', cause: { status: 500 } },
      message: expect.stringContaining('litellm.InternalServerError: Video generation failed'),
    });
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

  const task = {
    ...{ created_at: 1, finished_at: 2, platform: '55', task_id: 'v1', progress: '100%', status: 'SUCCESS' },
  };

  it("D4': says at once that a release has no file", async () => {
    const { client, server } = await start(statusOf({ ...task, fail_reason: '' }));
    const error = await errorOf(client.download(await client.poll('v1')));
    expect(error).toMatchObject({ name: 'DownloadError', code: 'download-expired', jobId: 'v1' });
    expect(error.message).toContain('new-api#7194');
    expect(callsOf(server)).toEqual(['GET /v1/videos/v1']);
  });

  it("D4': is asked for the file of a job by its id alone, and says so where there is none", async () => {
    const { client, server } = await start(statusOf({ ...task, fail_reason: '' }));
    expect(await errorOf(client.download('v1'))).toMatchObject({ code: 'download-expired' });
    expect(callsOf(server)).toEqual(['GET /v1/videos/v1/content', 'GET /v1/videos/v1']);
  });

  it("D4': had the URL where the reason of a failure is", async () => {
    const { client, server } = await start({
      ...statusOf({ ...task, fail_reason: '' }),
      'GET /f.mp4': (response) => film(response),
    });
    const { client: other } = await start(statusOf({ ...task, fail_reason: `${server.url}/f.mp4` }));
    expect(await textOf(other.download(await other.poll('v1')))).toContain('film');
    expect((await errorOf(client.download(await client.poll('v1')))).code).toBe('download-expired');
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

  const extra = { seed: 7, fps: 24, num_frames: 81, negative_prompt: 'rain', extra_params: { shift: 3 } };

  it.each(['multipart', 'json'] as const)(
    'I1: is sent fields of its own as they are, by %s',
    async (encoding) => {
      const { generate } = await sending(encoding);
      const { body } = await generate({ extra });
      const inForm = { seed: '7', fps: '24', num_frames: '81', extra_params: '{"shift":3}' };
      expect(body).toEqual({ prompt: 'A cat', ...extra, ...(encoding === 'multipart' && inForm) });
    },
  );

  it.each(['multipart', 'json'] as const)('I1: and they are the last word, by %s', async (encoding) => {
    const { generate } = await sending(encoding);
    const { body } = await generate({ size: '720x1280', extra: { size: 'auto' } });
    expect(body).toEqual({ prompt: 'A cat', size: 'auto' });
  });

  const references = [
    ['https://example.com/a.png', 'https://example.com/a.png'],
    [{ image_url: 'https://example.com/a.png' }, '{"image_url":"https://example.com/a.png"}'],
    [{ file_id: 'file_1' }, '{"file_id":"file_1"}'],
  ] as const;

  it.each(references)('I2: is told where a picture is: %j', async (input_reference, inForm) => {
    const inJson = await (await sending('json')).generate({ input_reference });
    expect(inJson.body).toEqual({ prompt: 'A cat', input_reference });
    const form = await (await sending('multipart')).generate({ input_reference });
    expect(form).toMatchObject({ body: { prompt: 'A cat', input_reference: inForm }, files: [] });
  });

  it('I2: is sent a picture itself in a form, whatever else is sent as JSON', async () => {
    const { generate } = await sending('json');
    const { files } = await generate({
      input_reference: new Blob([Uint8Array.of(1)], { type: 'image/png' }),
    });
    expect(files).toMatchObject([{ name: 'input_reference', contentType: 'image/png' }]);
  });

  it.each([
    ['F2', { url: 'https://example.com/v.mp4' }],
    ['F3', { id: 'v1', format: 'mp4', b64_json: 'AAAA' }],
    ['F3', { id: 'v1', output_path: '/tmp/v1_0.mp4' }],
  ])('%s: has JSON where a video should be, which is quoted: %j', async (_, body) => {
    const { client } = await start({
      ...statusOf(done),
      'GET /v1/videos/v1/content': (response) => json(response, 200, body),
    });
    const error = await errorOf(client.download(await client.poll('v1')).then((video) => video.bytes()));
    expect(error).toMatchObject({ name: 'DownloadError', code: 'download-not-video', jobId: 'v1' });
    expect(error.message).toContain(Object.values(body).at(-1));
  });

  it.each(['/openai', '/openai/', '/openai/v1', '/openai/v1/'])(
    'E2: is Azure at the base URL %s',
    async (path) => {
      const server = await createMockServer({
        ...{ openAI: { flavour: 'azure' }, auth: { type: 'bearer', token: 'key-1' }, durationMs: 50 },
      });
      onTestFinished(() => server.close());
      const client = new VideoClient({
        ...{ baseUrl: server.url + path, backend: openAIVideos({ model: 'sora-2' }) },
        ...{ headers: { 'api-key': 'key-1' }, polling: { intervalMs: 20 } },
      });
      onTestFinished(() => client.close());
      const azure = await client.generate({ prompt: 'A cat', seconds: 8 });
      expect(await (await client.download(await azure.completed())).bytes()).toEqual(mockMedia());
      expect(new Set(server.requests.map((request) => request.path.replace(azure.id, 'ID')))).toEqual(
        new Set(['/openai/v1/videos', '/openai/v1/videos/ID', '/openai/v1/videos/ID/content']),
      );
    },
  );

  it('E2: is not at a base URL with a query, which would be lost', () => {
    const baseUrl = 'https://x.openai.azure.com/openai?api-version=preview';
    expect(() => new VideoClient({ baseUrl, backend: openAIVideos() })).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option: 'baseUrl' }),
    );
  });

  it('E2: may be at a base URL that ends with the version', async () => {
    const { client, server } = await start({ 'POST /v1/videos': job }, '/v1');
    await client.generate({ prompt: 'A cat' });
    expect(callsOf(server)).toEqual(['POST /v1/videos']);
  });

  it('L1: ends the wait where its answers are too large', async () => {
    const { client } = await start(statusOf({ ...job, padding: 'x'.repeat(64 * 2 ** 20) }));
    expect(await errorOf(client.poll('v1'))).toMatchObject({ name: 'InvalidResponseError' });
  });
});
