import { setupServer } from 'msw/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createMockServer,
  type MockOpenAIFlavour,
  type MockServerOptions,
  mockMedia,
} from '../../../src/mock-server/index.js';
import { createMockHandlers } from '../../../src/mock-server/msw.js';
import { get, post } from './support.js';

type Fields = Readonly<Record<string, unknown>>;
interface Told {
  readonly status: number;
  readonly body: Fields;
}

/** A server of a flavour, and plain calls to it. */
async function start(flavour: MockOpenAIFlavour, options: MockServerOptions = {}) {
  const server = await createMockServer({ manual: true, openAI: { flavour }, ...options });
  onTestFinished(() => server.close());
  const base = `${flavour === 'azure' ? '/openai' : ''}/v1/videos`;
  const call = (path: string) => get(server, base + path);
  const form = async (fields: Readonly<Record<string, string>>): Promise<Told> => {
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    const response = await fetch(server.url + base, { method: 'POST', body: data });
    return { status: response.status, body: (await response.json()) as Fields };
  };
  const json = (body: object) => post(server, base, body);
  const remove = async (id: string): Promise<Told> => {
    const response = await fetch(`${server.url}${base}/${id}`, { method: 'DELETE' });
    return { status: response.status, body: (await response.json()) as Fields };
  };
  /** A job that was submitted in the form that all of them take. */
  const submit = async (fields: Readonly<Record<string, string>> = {}) => {
    const told = await form({ prompt: 'A cat', model: 'm-1', ...fields });
    const job = server.jobs.last;
    if (job === undefined) throw new Error(`no job: ${JSON.stringify(told)}`);
    return { told, job, id: String(told.body.id), status: async () => call(`/${told.body.id}`) };
  };
  return { server, call, form, json, remove, submit };
}

describe('the flavour vllm-omni', () => {
  it('reads nothing but a form', async () => {
    const { form, json } = await start('vllm-omni');
    const refused = await json({ prompt: 'A cat' });
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatchObject({ code: 400, message: expect.stringContaining('prompt') });
    expect(await form({ prompt: 'A cat' })).toMatchObject({
      status: 200,
      body: { id: expect.stringMatching(/^video_gen_[\da-f]{32}$/), status: 'queued', progress: 0 },
    });
  });

  it.each([
    [{ seconds: '2.5' }, 'seconds'],
    [{ seconds: '0' }, 'seconds'],
    [{ size: 'auto' }, 'size'],
    [{ num_frames: '2.5' }, 'num_frames'],
    [{ fps: 'many' }, 'fps'],
    [{ input_reference: 'https://example.com/a.png' }, 'input_reference'],
    [{ image_reference: '{' }, 'Invalid JSON'],
    [{ extra_params: '[]' }, 'expected dict'],
  ])('refuses %j', async (fields: Readonly<Record<string, string>>, words) => {
    const { form } = await start('vllm-omni');
    const { status, body } = await form({ prompt: 'A cat', ...fields });
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining(words)]);
  });

  it.each([
    [undefined, 500],
    ['507', 507],
    ['400', 400],
    ['boom', 500],
  ])('tells a failure of code %s by its status, with the job as body', async (code, status) => {
    const { call, submit } = await start('vllm-omni');
    const { id, job } = await submit();
    job.fail('CUDA out of memory', code);
    expect(await call(`/${id}`)).toMatchObject({
      ...{ status, body: { id, status: 'failed', error: { code: status, message: 'CUDA out of memory' } } },
    });
    expect((await call(`/${id}/content`)).status).toBe(422);
  });

  it('has progress at the end alone, and forgets what is deleted', async () => {
    const { call, remove, submit } = await start('vllm-omni');
    const { id, job, status } = await submit();
    job.advance({ status: 'processing', progress: 60 });
    expect((await status()).body).toMatchObject({ status: 'in_progress', progress: 0 });
    expect((await call(`/${id}/content`)).status).toBe(404);
    job.complete();
    expect((await status()).body).toMatchObject({ progress: 100, file_name: `${id}.mp4` });
    expect(await remove(id)).toMatchObject({ status: 200, body: { id, deleted: true } });
    expect((await status()).status).toBe(404);
  });
});

describe('the flavour vllm-omni, of a list and a file that is late', () => {
  it('pages, and refuses what it cannot read', async () => {
    const { call, submit } = await start('vllm-omni');
    const ids = [(await submit()).id, (await submit()).id];
    expect((await call('?limit=1&order=asc')).body).toMatchObject({ has_more: true, first_id: ids[0] });
    expect((await call(`?after=${ids[0]}&order=asc`)).body).toMatchObject({
      has_more: false,
      last_id: ids[1],
    });
    expect((await call('?limit=0')).body).toMatchObject({ data: [], has_more: true, first_id: null });
    expect((await call('?after=nobody')).body).toMatchObject({ data: [], has_more: false });
    const refused = ['?limit=101', '?limit=-1', '?limit=x', '?order=up'].map(async (query) => call(query));
    for (const { status } of await Promise.all(refused)) expect(status).toBe(400);
  });

  it('does not delete a job whose file is not there yet', async () => {
    const { remove, submit } = await start('vllm-omni', { notReadyMs: 60_000 });
    const { id, job, status } = await submit();
    job.complete();
    expect((await status()).body).toMatchObject({ status: 'completed', file_name: null });
    expect((await remove(id)).status).toBe(409);
    expect((await status()).status).toBe(200);
  });
});

describe('the flavour sglang', () => {
  it('says queued until the end', async () => {
    const { submit } = await start('sglang');
    const { id, job, status } = await submit();
    expect(id).toMatch(/^[\da-f-]{36}$/);
    job.advance({ status: 'processing', progress: 60 });
    expect((await status()).body).toMatchObject({ status: 'queued', progress: 0 });
    job.fail('CUDA out of memory');
    expect(await status()).toMatchObject({ status: 200, body: { error: { message: 'CUDA out of memory' } } });
  });

  it('has no variant, not even the default by its name', async () => {
    const { call, submit } = await start('sglang');
    const { id, job } = await submit();
    job.complete();
    const { status, body } = await call(`/${id}/content?variant=video`);
    expect([status, body.detail]).toEqual([404, 'Video variant video not found']);
  });

  it('has the file in a cloud store alone where that is so told', async () => {
    const { server, call, submit } = await start('sglang', { s3: 'only' });
    const { id, job, status } = await submit();
    job.complete();
    const { url } = (await status()).body;
    expect(String(url)).toContain(server.filesUrl);
    const content = await call(`/${id}/content`);
    expect(content).toMatchObject({ status: 400, body: { detail: expect.stringContaining('cloud URL') } });
    const stored = await fetch(String(url));
    expect(new Uint8Array(await stored.arrayBuffer())).toEqual(mockMedia());
  });

  it.each([
    [{ seconds: '2.5' }, 422],
    [{ num_frames: 'x' }, 422],
    [{ input_reference: 'https://example.com/a.png' }, 422],
    [{ prompt: '' }, 400],
  ])('refuses %j', async (fields: Readonly<Record<string, string>>, status) => {
    const { form } = await start('sglang');
    expect((await form({ prompt: 'A cat', ...fields })).status).toBe(status);
  });

  it('answers a DELETE with the job, and a list without has_more', async () => {
    const { call, json, remove } = await start('sglang');
    const { body } = await json({ prompt: 'A cat', seconds: 5 });
    expect(Object.keys((await call('')).body).sort()).toEqual(['data', 'object']);
    expect((await remove(String(body.id))).body).toMatchObject({ id: body.id, status: 'deleted' });
    expect((await call(`/${body.id}`)).body).toEqual({ detail: 'Video not found' });
  });
});

describe('the flavour tensorrt-llm', () => {
  it('answers a submit with 202, and has words of its own', async () => {
    const { call, submit } = await start('tensorrt-llm');
    const { id, job, status, told } = await submit({ seconds: '8' });
    expect(told).toMatchObject({ status: 202, body: { status: 'queued', progress: null, duration: 8 } });
    job.advance({ status: 'processing', progress: 50 });
    expect((await status()).body).toMatchObject({ status: 'generating', progress: null });
    expect(await call(`/${id}/content`)).toMatchObject({
      ...{ status: 400, body: { message: expect.stringContaining('is not ready (status: generating)') } },
    });
    job.advance({ status: 'processing', progress: 95 });
    expect((await status()).body.status).toBe('postprocessing');
    job.fail('CUDA out of memory');
    expect(await status()).toMatchObject({ status: 200, body: { error: 'CUDA out of memory' } });
  });

  it.each([
    [{ quality: 'high' }, "Unknown request field 'quality'"],
    [{ seconds: '61' }, 'seconds'],
    [{ seconds: '0' }, 'seconds'],
    [{ size: 'large' }, 'size'],
    [{ width: '640' }, 'width and height'],
    [{ response_format: 'url' }, 'response_format'],
  ])('refuses %j', async (fields: Readonly<Record<string, string>>, words) => {
    const { form, json } = await start('tensorrt-llm');
    for (const send of [form, json]) {
      const { status, body } = await send({ prompt: 'A cat', ...fields });
      expect([status, body.message]).toEqual([422, expect.stringContaining(words)]);
    }
  });

  it('says where the file is, where that is asked for', async () => {
    const { call, submit } = await start('tensorrt-llm');
    const { id, job } = await submit({ response_format: 'path' });
    job.complete();
    expect((await call(`/${id}/content`)).body).toEqual({ id, output_path: expect.any(String) });
  });

  it('tells of a DELETE only that it was done', async () => {
    const { remove, submit } = await start('tensorrt-llm');
    const { id, status } = await submit();
    expect((await remove(id)).body).toEqual({ deleted: true });
    expect(await status()).toMatchObject({ status: 404, body: { type: 'NotFoundError', code: 404 } });
  });
});

describe('the flavour fastvideo', () => {
  it('tells a failure with 200, and where the file of a completed job is', async () => {
    const { call, json } = await start('fastvideo');
    const { body } = await json({ prompt: 'A cat' });
    expect(String(body.id)).toMatch(/^video_gen_/);
    expect((await call(`/${body.id}/content?variant=thumbnail`)).status).toBe(400);
    expect(body.file_path).toBeNull();
    const { submit } = await start('fastvideo');
    const { job, status } = await submit();
    job.fail('CUDA out of memory');
    expect(await status()).toMatchObject({ status: 200, body: { error: { code: 'generation_failed' } } });
  });

  it('refuses seconds that are no whole number', async () => {
    const { form } = await start('fastvideo');
    expect((await form({ prompt: 'A cat', seconds: '2.5' })).status).toBe(400);
  });
});

describe('the flavour litellm', () => {
  const upstreamOf = (id: unknown) => atob(String(id).replace(/^video_/, ''));

  it('writes an id in two ways, and knows a job by both', async () => {
    const { call, submit } = await start('litellm');
    const { id, status } = await submit();
    const { body } = await status();
    expect(body.id).not.toBe(id);
    expect(upstreamOf(id)).toContain('model_id:gen4_turbo;');
    expect(upstreamOf(body.id)).toBe(upstreamOf(id).replace('gen4_turbo', ''));
    expect((await call(`/${encodeURIComponent(String(body.id))}`)).body.id).toBe(body.id);
  });

  it('needs a model, and has no DELETE', async () => {
    const { form, remove, submit } = await start('litellm');
    const refused = await form({ prompt: 'A cat' });
    expect([refused.status, refused.body.error]).toEqual([
      400,
      expect.objectContaining({ param: 'model', code: '400' }),
    ]);
    const { id } = await submit();
    expect(await remove(id)).toEqual({ status: 405, body: { detail: 'Method Not Allowed' } });
  });

  it('makes an error of its own of a job that has failed', async () => {
    const { submit } = await start('litellm');
    const { job, status } = await submit();
    job.fail('blocked');
    const { body, ...told } = await status();
    expect([told.status, body.id, body.error]).toEqual([
      ...[500, undefined],
      expect.objectContaining({ code: '500', message: expect.stringContaining('blocked') }),
    ]);
  });

  it('lists without an envelope, and sends a file whole', async () => {
    const { server, call, submit } = await start('litellm');
    const { id, job } = await submit();
    job.complete();
    expect((await call('')).body).toEqual([expect.objectContaining({ status: 'completed' })]);
    const url = `${server.url}/v1/videos/${encodeURIComponent(id)}/content`;
    const response = await fetch(url, { headers: { range: 'bytes=5-' } });
    const { headers } = response;
    expect([response.status, headers.get('etag'), headers.get('accept-ranges')]).toEqual([200, null, null]);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(mockMedia());
  });
});

describe('the flavour new-api', () => {
  it('names the job twice, and says unknown of what it has not asked yet', async () => {
    const { submit } = await start('new-api');
    const { id, job, status, told } = await submit();
    expect(told.body).toMatchObject({ id: expect.stringMatching(/^task_/), task_id: id, status: 'queued' });
    expect((await status()).body.status).toBe('unknown');
    job.advance({ status: 'processing', progress: 50 });
    expect((await status()).body).toMatchObject({ status: 'in_progress', progress: 50 });
  });

  it('says by a 400 that a job is unknown or a file not there, and a model missing', async () => {
    const { call, form, submit } = await start('new-api');
    const { id } = await submit();
    expect(await call('/task_x')).toMatchObject({ status: 400, body: { code: 'task_not_exist' } });
    expect(await call(`/${id}/content`)).toMatchObject({
      ...{ status: 400, body: { error: { message: expect.stringContaining('not completed yet') } } },
    });
    expect(await form({ prompt: 'A cat' })).toMatchObject({ status: 400, body: { code: 'missing_model' } });
  });

  it('has neither list nor DELETE', async () => {
    const { call, remove, submit } = await start('new-api');
    const { id } = await submit();
    expect([(await call('')).status, (await remove(id)).status]).toEqual([404, 404]);
  });

  it('tells tasks in its release candidate 30, and has no file then', async () => {
    const { call, submit } = await start('new-api-rc30');
    const { id, job, status } = await submit();
    job.complete();
    expect((await status()).body).toMatchObject({ task_id: id, status: 'SUCCESS', progress: '100%' });
    expect((await status()).body.id).toBeUndefined();
    expect((await call(`/${id}/content`)).status).toBe(404);
  });
});

describe('the flavour inworld', () => {
  it('has a new link in each answer, and no content', async () => {
    const { call, submit } = await start('inworld');
    const { id, job, status } = await submit();
    job.complete();
    const { output } = (await status()).body as { output: { videos: { url: string }[] } };
    expect((await fetch(String(output.videos[0]?.url))).status).toBe(200);
    expect((await call(`/${id}/content`)).status).toBe(404);
  });
});

describe('the flavour azure', () => {
  it('is below /openai, at the root and at its mount', async () => {
    const { server, call, submit } = await start('azure');
    const { id } = await submit();
    expect((await call(`/${id}`)).body.id).toBe(id);
    expect(server.urlOf('openaivideos')).toBe(`${server.url}/openaivideos/openai`);
    expect((await get(server, `/openaivideos/openai/v1/videos/${id}`)).status).toBe(200);
    expect((await get(server, `/v1/videos/${id}`)).status).toBe(404);
  });

  it('takes its key in a header of its own, or as a bearer token', async () => {
    const { server } = await start('azure', { auth: { type: 'bearer', token: 'k' } });
    const path = '/openai/v1/videos';
    const statuses = [{}, { 'api-key': 'k' }, { authorization: 'Bearer k' }, { 'x-api-key': 'k' }].map(
      async (headers) => (await get(server, path, headers)).status,
    );
    expect(await Promise.all(statuses)).toEqual([401, 200, 200, 401]);
  });
});

it('handlers for msw play a flavour, too', async () => {
  using mock = createMockHandlers({
    baseUrl: 'http://api.test',
    manual: true,
    openAI: { flavour: 'sglang' },
  });
  const msw = setupServer(...mock.handlers);
  msw.listen({ onUnhandledRequest: 'error' });
  onTestFinished(() => msw.close());
  const job = mock.jobs.create({ dialect: 'openAIVideos' }).advance({ status: 'processing', progress: 50 });
  const response = await fetch(`${mock.urlOf('openaivideos')}/v1/videos/${job.id}`);
  expect(await response.json()).toMatchObject({
    id: job.id,
    status: 'queued',
    file_path: expect.any(String),
  });
});

it.each(['vllm-omni', 'sglang', 'tensorrt-llm', 'litellm', 'new-api', 'azure'] as const)(
  '%s makes a job of each submit, whatever its Idempotency-Key',
  async (flavour) => {
    const { server } = await start(flavour);
    const path = flavour === 'azure' ? '/openai/v1/videos' : '/v1/videos';
    for (let times = 0; times < 2; times++) {
      const body = new FormData();
      body.set('prompt', 'A cat');
      body.set('model', 'm-1');
      await fetch(server.url + path, { method: 'POST', body, headers: { 'idempotency-key': 'k' } });
    }
    expect(server.jobs.size).toBe(2);
  },
);
