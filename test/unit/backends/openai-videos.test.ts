import { describe, expect, it } from 'vitest';
import { type OpenAIVideo, openAIVideos } from '../../../src/backends/openai-videos.js';
import { applyUpdate } from '../../../src/core/job-state.js';
import { answer, fixture, statusOf } from './fixtures.js';

const backend = openAIVideos();
const operations = openAIVideos().operations;

describe('create', () => {
  it('posts a form by default, with a file or without, the seconds as text', async () => {
    const input = { model: 'sora-2', prompt: 'A cat', size: '720x1280', seconds: 8 };
    expect(await backend.generate(input)).toEqual({
      method: 'POST',
      url: '/v1/videos',
      body: {
        type: 'form',
        fields: Object.entries({ ...input, seconds: '8' }).map(([name, value]) => ({ name, value })),
      },
    });
  });

  it('posts JSON where asked to, but a file goes into a form all the same', async () => {
    const asJson = openAIVideos({ encoding: 'json' });
    const { body } = await asJson.generate({ prompt: 'A cat', seconds: 8, extra: { seed: 7 } });
    expect(body).toEqual({ type: 'json', value: { prompt: 'A cat', seconds: '8', seed: 7 } });
    expect((await asJson.generate({ prompt: 'A', input_reference: new Uint8Array(3) })).body?.type).toBe(
      'form',
    );
  });

  it('sends fields of the server’s own as they are: numbers as text and objects as JSON in a form', async () => {
    const extra = { seed: 7, negative_prompt: 'rain', extra_params: { a: [1] }, mask: new Uint8Array([1]) };
    const { body } = await backend.generate({ prompt: 'A cat', extra });
    expect(body).toMatchObject({
      fields: [
        { name: 'prompt', value: 'A cat' },
        { name: 'seed', value: '7' },
        { name: 'negative_prompt', value: 'rain' },
        { name: 'extra_params', value: '{"a":[1]}' },
        { name: 'mask', value: expect.any(Blob) },
      ],
    });
  });

  it.each([
    ['https://host/a.png', 'https://host/a.png'],
    [{ image_url: 'https://host/a.png' }, '{"image_url":"https://host/a.png"}'],
    [{ file_id: 'f-1' }, '{"file_id":"f-1"}'],
  ])('takes the reference %j', async (input_reference, value) => {
    const { body } = await backend.generate({ prompt: 'x', input_reference });
    expect(body).toMatchObject({ fields: [{ name: 'prompt' }, { name: 'input_reference', value }] });
    const json = await openAIVideos({ encoding: 'json' }).generate({ prompt: 'x', input_reference });
    expect(json.body).toMatchObject({ value: { input_reference } });
  });

  it('takes the model once for all, and another for one job', async () => {
    const withModel = openAIVideos({ model: 'sora-2' });
    for (const model of [undefined, 'sora-2-pro']) {
      const { body } = await withModel.generate({ prompt: 'A cat', model });
      expect(body).toMatchObject({
        fields: [{ name: 'model', value: model ?? 'sora-2' }, { name: 'prompt' }],
      });
    }
  });

  it('keeps name and type of a file', async () => {
    const input_reference = new File(['x'], 'first frame.png', { type: 'image/png' });
    const { body } = await backend.generate({ prompt: 'A cat', size: undefined, input_reference });
    expect(body).toEqual({
      type: 'form',
      fields: [
        { name: 'prompt', value: 'A cat' },
        { name: 'input_reference', value: input_reference, filename: 'first frame.png' },
      ],
    });
  });

  it('takes bytes where a Blob has no arrayBuffer(), as in jsdom', async () => {
    const { arrayBuffer } = Blob.prototype;
    Reflect.deleteProperty(Blob.prototype, 'arrayBuffer');
    try {
      const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
      for (const [reference, type] of [
        [png, 'image/png'],
        [new Blob([png]), 'application/octet-stream'],
      ] as const) {
        const { body } = await backend.generate({ prompt: 'x', input_reference: reference });
        expect(body).toMatchObject({ fields: [{}, { value: { type } }] });
      }
    } finally {
      Blob.prototype.arrayBuffer = arrayBuffer;
    }
  });

  it.each([
    [[0xff, 0xd8, 0xff, 0xe0], 'image/jpeg', 'input_reference-1.jpeg'],
    [[...Buffer.from('RIFF\0\n\0\0WEBPVP8 ')], 'image/webp', 'input_reference-1.webp'],
    [[...Buffer.from('\0\0\0 ftypisom')], 'video/mp4', 'input_reference-1.mp4'],
    [[1, 2, 3], 'application/octet-stream', 'input_reference-1.octet'],
    [[], 'application/octet-stream', 'input_reference-1.octet'],
  ])('finds type and name of bytes that begin with %j', async (start, type, filename) => {
    const { body } = await backend.generate({ prompt: 'A cat', input_reference: new Uint8Array(start) });
    if (body?.type !== 'form') return expect.unreachable();
    const [, file] = body.fields;
    expect(file).toMatchObject({ name: 'input_reference', filename, value: expect.any(Blob) });
    expect(file?.value).toHaveProperty('type', type);
  });

  it.each([
    ['prompt', {}],
    ['prompt', { prompt: '' }],
    ['model', { prompt: 'x', model: '' }],
    ['seconds', { prompt: 'x', seconds: 0 }],
    ['seconds', { prompt: 'x', seconds: Number.NaN }],
    ['seconds', { prompt: 'x', seconds: 'long' }],
    ['seconds', { prompt: 'x', seconds: '' }],
    ['seconds', { prompt: 'x', seconds: true }],
    ['input_reference', { prompt: 'x', input_reference: { path: 'file.png' } }],
    ['input', 'A cat'],
  ])('refuses a wrong %s: %j', async (field, input) => {
    await expect(backend.generate(input as OpenAIVideo)).rejects.toMatchObject({ name: 'InputError', field });
  });

  it('names a field it does not know, and the nearest right one', async () => {
    await expect(backend.generate({ promt: 'x' } as unknown as OpenAIVideo)).rejects.toMatchObject({
      field: 'promt',
      hint: 'Did you mean "prompt"?',
    });
  });

  it('may answer that the video is made already', () => {
    expect(backend.parseGenerate(answer({ id: 'v', status: 'completed' }))).toMatchObject({
      status: 'completed',
    });
  });
});

it('retrieve asks by path', () => {
  expect(backend.status('video_1')).toEqual({ method: 'GET', url: '/v1/videos/video_1' });
});

it.each(['thumbnail', 'spritesheet'] as const)('content has the variant %s', (variant) => {
  expect(backend.download({ id: 'video_1' }, variant)).toEqual({
    method: 'GET',
    url: `/v1/videos/video_1/content?variant=${variant}`,
  });
});

it('the video is at content, without a variant that some servers refuse, and then where the job said', () => {
  const content = { method: 'GET', url: '/v1/videos/video_1/content' };
  expect(backend.download({ id: 'video_1' }, 'video')).toEqual([content]);
  const update = statusOf(
    backend,
    answer({ id: 'video_1', status: 'completed', url: 'https://files/1.mp4' }),
    'video_1',
  );
  const snapshot = applyUpdate(undefined, update, 'polling', 0);
  expect(backend.download({ id: 'video_1', snapshot }, 'video')).toEqual([
    content,
    { method: 'GET', url: 'https://files/1.mp4' },
  ]);
});

describe('a refused status call', () => {
  const read = (body: unknown, status = 500) =>
    backend.parseRefusal?.({ status, headers: new Headers(), body, call: 'status' }, 'v');

  it.each([500, 400, 404])('of %i that holds the job, failed, is its failure', (status) => {
    const error = { code: 500, message: 'out of memory' };
    expect(read({ id: 'v', status: 'failed', error }, status)).toMatchObject({
      ...{ jobId: 'v', status: 'failed', error: 'out of memory' },
    });
  });

  it.each([
    { id: 'other', status: 'failed' },
    { status: 'failed' },
    { id: 'v', status: 'in_progress' },
    { id: 'v', status: 'completed' },
    { id: 'v', status: 'error', message: 'try again' },
    'failed',
    undefined,
  ])('that says %j is an error as any', (body) => {
    expect(read(body)).toBeUndefined();
  });
});

it('content refuses a variant that there is not, and names those there are', () => {
  expect(() => backend.download({ id: 'a' }, 'reels' as 'video')).toThrow(
    expect.objectContaining({ field: 'variant', hint: 'Choose from video, thumbnail, spritesheet.' }),
  );
});

it('cancel deletes', () => {
  expect(backend.cancel?.('video_1')).toEqual({ method: 'DELETE', url: '/v1/videos/video_1' });
});

describe('list', () => {
  it('asks for a page, or for the first one', () => {
    expect(operations?.list.request(undefined)).toEqual({ method: 'GET', url: '/v1/videos' });
    expect(operations?.list.request({ limit: 2, after: 'a/b', order: 'asc' })).toEqual({
      method: 'GET',
      url: '/v1/videos?limit=2&after=a%2Fb&order=asc',
    });
  });

  it.each([{ limit: 0 }, { limit: 101 }, { limit: 1.5 }, { order: 'up' as 'asc' }, { after: '' }])(
    'refuses %j',
    (input) => {
      expect(() => operations?.list.request(input)).toThrow(
        expect.objectContaining({ name: 'InputError', field: Object.keys(input)[0] }),
      );
    },
  );

  it('leaves out what is no video, and finds the last id itself', () => {
    const page = operations?.list.parse(answer({ data: [null, {}, { id: 'a', status: 'queued' }] }));
    expect(page).toMatchObject({ jobs: [{ jobId: 'a' }], hasMore: false, lastId: 'a' });
  });

  it.each([null, {}, { data: 'none' }])('refuses the answer %j', (body) => {
    expect(() => operations?.list.parse(answer(body))).toThrow(
      expect.objectContaining({ name: 'InvalidResponseError' }),
    );
  });
});

describe('delete', () => {
  it('asks by path', () => {
    expect(operations?.delete.request('video_1')).toEqual({ method: 'DELETE', url: '/v1/videos/video_1' });
  });

  it('is done where the server has nothing to say of it, and not where it says no', () => {
    expect(operations?.delete.parse(answer(undefined, 204))).toEqual({ deleted: true });
    expect(operations?.delete.parse(answer({ id: 'a', deleted: false }))).toEqual({
      jobId: 'a',
      deleted: false,
    });
  });
});

describe('remix', () => {
  it('is a submit', async () => {
    expect(operations?.remix.submits).toBe(true);
    expect(await operations?.remix.request({ jobId: 'video_1', prompt: 'In blue' })).toEqual({
      method: 'POST',
      url: '/v1/videos/video_1/remix',
      body: { type: 'json', value: { prompt: 'In blue' } },
    });
  });

  it.each([
    ['prompt', { jobId: 'a', prompt: '' }],
    ['jobId', { jobId: '', prompt: 'x' }],
    ['jobId', { prompt: 'x' } as { jobId: string; prompt: string }],
  ])('refuses a wrong %s', (field, input) => {
    expect(() => operations?.remix.request(input)).toThrow(
      expect.objectContaining({ name: 'InputError', field }),
    );
  });

  it('refuses an answer without the new id', () => {
    expect(() => operations?.remix.parse(answer({ object: 'video' }))).toThrow(/no job id/);
  });
});

it('a failed video has the code of the failure', () => {
  const { body } = fixture('openai-videos', 'status-failed');
  const jobId = (body as { id: string }).id;
  expect(statusOf(backend, answer(body), jobId)).toMatchObject({
    error: 'Your request was blocked by our moderation system.',
    errorCode: 'moderation_blocked',
  });
});

it('a wrong option is refused', () => {
  expect(() => openAIVideos({ modle: 'x' } as object)).toThrow(
    expect.objectContaining({ name: 'ConfigurationError', option: 'modle', hint: 'Did you mean "model"?' }),
  );
});
