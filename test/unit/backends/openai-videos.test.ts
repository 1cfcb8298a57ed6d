import { describe, expect, test } from 'vitest';
import { type OpenAIVideo, openAIVideos } from '../../../src/backends/openai-videos.js';
import { answer, fixture } from './fixtures.js';

const backend = openAIVideos();
const operations = openAIVideos().operations;

describe('create', () => {
  test('posts JSON, the seconds as text', async () => {
    const input = { model: 'sora-2', prompt: 'A cat', size: '720x1280', seconds: 8 };
    expect(await backend.generate(input)).toEqual({
      method: 'POST',
      url: '/v1/videos',
      body: { type: 'json', value: { ...input, seconds: '8' } },
    });
  });

  test('takes the model once for all, and another for one job', async () => {
    const withModel = openAIVideos({ model: 'sora-2' });
    for (const model of [undefined, 'sora-2-pro']) {
      const { body } = await withModel.generate({ prompt: 'A cat', model });
      expect(body).toMatchObject({ value: { model: model ?? 'sora-2' } });
    }
  });

  test('posts a form where a file is in it', async () => {
    const input_reference = new File(['x'], 'first frame.png', { type: 'image/png' });
    const { body } = await backend.generate({
      prompt: 'A cat',
      seconds: '4',
      size: undefined,
      input_reference,
    });
    expect(body).toEqual({
      type: 'form',
      fields: [
        { name: 'prompt', value: 'A cat' },
        { name: 'seconds', value: '4' },
        { name: 'input_reference', value: input_reference, filename: 'first frame.png' },
      ],
    });
  });

  test.each([
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

  test.each([
    ['prompt', {}],
    ['prompt', { prompt: '' }],
    ['model', { prompt: 'x', model: '' }],
    ['seconds', { prompt: 'x', seconds: 0 }],
    ['seconds', { prompt: 'x', seconds: Number.NaN }],
    ['seconds', { prompt: 'x', seconds: 'long' }],
    ['seconds', { prompt: 'x', seconds: '' }],
    ['seconds', { prompt: 'x', seconds: true }],
    ['input_reference', { prompt: 'x', input_reference: 'file.png' }],
    ['input', 'A cat'],
  ])('refuses a wrong %s: %j', async (field, input) => {
    await expect(backend.generate(input as OpenAIVideo)).rejects.toMatchObject({ name: 'InputError', field });
  });

  test('names a field it does not know, and the nearest right one', async () => {
    await expect(backend.generate({ promt: 'x' } as unknown as OpenAIVideo)).rejects.toMatchObject({
      field: 'promt',
      hint: 'Did you mean "prompt"?',
    });
  });

  test('may answer that the video is made already', () => {
    expect(backend.parseGenerate(answer({ id: 'v', status: 'completed' }))).toMatchObject({
      status: 'completed',
    });
  });
});

test('retrieve asks by path', () => {
  expect(backend.status('video_1')).toEqual({ method: 'GET', url: '/v1/videos/video_1' });
});

test.each(['video', 'thumbnail', 'spritesheet'] as const)('content has the variant %s', (variant) => {
  expect(backend.download({ id: 'video_1' }, variant)).toEqual({
    method: 'GET',
    url: `/v1/videos/video_1/content?variant=${variant}`,
  });
});

test('content refuses a variant that there is not, and names those there are', () => {
  expect(() => backend.download({ id: 'a' }, 'reels' as 'video')).toThrow(
    expect.objectContaining({ field: 'variant', hint: 'Choose from video, thumbnail, spritesheet.' }),
  );
});

test('cancel deletes', () => {
  expect(backend.cancel?.('video_1')).toEqual({ method: 'DELETE', url: '/v1/videos/video_1' });
});

describe('list', () => {
  test('asks for a page, or for the first one', () => {
    expect(operations?.list.request(undefined)).toEqual({ method: 'GET', url: '/v1/videos' });
    expect(operations?.list.request({ limit: 2, after: 'a/b', order: 'asc' })).toEqual({
      method: 'GET',
      url: '/v1/videos?limit=2&after=a%2Fb&order=asc',
    });
  });

  test.each([{ limit: 0 }, { limit: 101 }, { limit: 1.5 }, { order: 'up' as 'asc' }, { after: '' }])(
    'refuses %j',
    (input) => {
      expect(() => operations?.list.request(input)).toThrow(
        expect.objectContaining({ name: 'InputError', field: Object.keys(input)[0] }),
      );
    },
  );

  test('leaves out what is no video, and finds the last id itself', () => {
    const page = operations?.list.parse(answer({ data: [null, {}, { id: 'a', status: 'queued' }] }));
    expect(page).toMatchObject({ jobs: [{ jobId: 'a' }], hasMore: false, lastId: 'a' });
  });

  test.each([null, {}, { data: 'none' }])('refuses the answer %j', (body) => {
    expect(() => operations?.list.parse(answer(body))).toThrow(
      expect.objectContaining({ name: 'InvalidResponseError' }),
    );
  });
});

describe('delete', () => {
  test('asks by path', () => {
    expect(operations?.delete.request('video_1')).toEqual({ method: 'DELETE', url: '/v1/videos/video_1' });
  });

  test('is done where the server has nothing to say of it, and not where it says no', () => {
    expect(operations?.delete.parse(answer(undefined, 204))).toEqual({ deleted: true });
    expect(operations?.delete.parse(answer({ id: 'a', deleted: false }))).toEqual({
      jobId: 'a',
      deleted: false,
    });
  });
});

describe('remix', () => {
  test('is a submit', async () => {
    expect(operations?.remix.submits).toBe(true);
    expect(await operations?.remix.request({ jobId: 'video_1', prompt: 'In blue' })).toEqual({
      method: 'POST',
      url: '/v1/videos/video_1/remix',
      body: { type: 'json', value: { prompt: 'In blue' } },
    });
  });

  test.each([
    ['prompt', { jobId: 'a', prompt: '' }],
    ['jobId', { jobId: '', prompt: 'x' }],
    ['jobId', { prompt: 'x' } as { jobId: string; prompt: string }],
  ])('refuses a wrong %s', (field, input) => {
    expect(() => operations?.remix.request(input)).toThrow(
      expect.objectContaining({ name: 'InputError', field }),
    );
  });

  test('refuses an answer without the new id', () => {
    expect(() => operations?.remix.parse(answer({ object: 'video' }))).toThrow(/no job id/);
  });
});

test('a failed video has the code of the failure', () => {
  const { body } = fixture('openai-videos', 'status-failed');
  const jobId = (body as { id: string }).id;
  expect(backend.parseStatus(answer(body), jobId)).toMatchObject({
    error: 'Your request was blocked by our moderation system.',
    errorCode: 'moderation_blocked',
  });
});

test('a wrong option is refused', () => {
  expect(() => openAIVideos({ modle: 'x' } as object)).toThrow(
    expect.objectContaining({ name: 'ConfigurationError', option: 'modle', hint: 'Did you mean "model"?' }),
  );
});
