import { describe, expect, it } from 'vitest';
import { type OpenRouterVideo, openRouter } from '../../../../src/backends/hosted/open-router.js';
import { answer, fixture } from '../fixtures.js';

const model = 'google/veo-3.1';
const backend = openRouter({ model });

/** What a submit sends. */
async function sent(input: OpenRouterVideo, by = backend): Promise<unknown> {
  const { body } = await by.generate(input, { session: 's' });
  return body?.type === 'json' ? body.value : undefined;
}

describe('a submit', () => {
  it('posts the fields as they are given, and none besides', async () => {
    const input = {
      ...{ prompt: 'A cat', duration: 8, aspect_ratio: '16:9', resolution: '720p', seed: 7 },
      ...{ generate_audio: false, previous_job_id: 'gen-vid-1', callback_url: 'https://host.test/hook' },
      provider: { options: { 'google-vertex': { parameters: { negativePrompt: 'rain' } } } },
      input_references: [{ type: 'audio_url', audio_url: { url: 'https://host.test/a.mp3' } }],
    } as const;
    expect(await backend.generate(input)).toEqual({
      method: 'POST',
      url: '/videos',
      body: { type: 'json', value: { ...input, model } },
    });
    expect(JSON.parse(JSON.stringify(await sent({ prompt: 'A cat' })))).toEqual({ model, prompt: 'A cat' });
  });

  it('has the model of the input before that of the backend, and needs one', async () => {
    expect(await sent({ model: 'alibaba/wan-2.7' })).toMatchObject({ model: 'alibaba/wan-2.7' });
    await expect(openRouter().generate({ prompt: 'x' } as never)).rejects.toMatchObject({
      name: 'InputError',
      field: 'model',
      hint: expect.stringContaining('openRouter({ model })'),
    });
  });

  it('takes fields of its own last, files among them', async () => {
    const extra = { creativity: 2, seed: 9, mask: { url: new Uint8Array([0xff, 0xd8, 0xff]) } };
    expect(await sent({ prompt: 'A cat', seed: 7, extra })).toEqual({
      ...{ model, prompt: 'A cat', seed: 9, creativity: 2 },
      mask: { url: 'data:image/jpeg;base64,/9j/' },
    });
    expect(await openRouter().generate({ prompt: 'x', extra: { model } } as never)).toMatchObject({
      body: { value: { model } },
    });
  });

  it('makes data: URLs of files', async () => {
    const url = new Blob(['png'], { type: 'image/png' });
    const frame = { type: 'image_url', image_url: { url }, frame_type: 'first_frame' } as const;
    expect(await sent({ prompt: 'x', frame_images: [frame] })).toMatchObject({
      frame_images: [{ ...frame, image_url: { url: 'data:image/png;base64,cG5n' } }],
    });
  });

  it('refuses files that OpenRouter would answer 413 to, by the place of the one that is too much', async () => {
    const url = new Uint8Array(20 * 1_048_576);
    const frame = { type: 'image_url', image_url: { url }, frame_type: 'first_frame' } as const;
    const frames = [frame, { ...frame, frame_type: 'last_frame' }] as const;
    await expect(backend.generate({ frame_images: frames })).rejects.toMatchObject({
      name: 'InputError',
      field: 'frame_images[1].image_url.url',
      message: expect.stringContaining('that OpenRouter takes'),
    });
  });

  it.each([
    ['model', { model: '' }],
    ['prompt', { prompt: ' ' }],
    ['duration', { duration: 2.5 }],
    ['duration', { duration: 0 }],
    ['seed', { seed: '7' }],
    ['generate_audio', { generate_audio: 'yes' }],
    ['callback_url', { callback_url: 'host.test/hook' }],
    ['callback_url', { callback_url: 'ftp://host.test/hook' }],
    ['previous_job_id', { previous_job_id: '' }],
    ['provider', { provider: [] }],
    ['extra', { extra: 'seed' }],
    ['frame_images', { frame_images: { url: 'https://host.test/a.png' } }],
    ['frame_images', { frame_images: ['https://host.test/a.png'] }],
    ['frame_images[0].type', { frame_images: [{ image_url: { url: 'x' }, frame_type: 'first_frame' }] }],
    [
      'frame_images[0].frame_type',
      { frame_images: [{ type: 'image_url', image_url: { url: 'x' }, frame_type: 'first' }] },
    ],
    [
      'frame_images[0].image_url',
      { frame_images: [{ type: 'image_url', image_url: 'x', frame_type: 'first_frame' }] },
    ],
    ['input_references[1].type', { input_references: [{ type: 'image_url', image_url: { url: 'x' } }, {}] }],
    ['input_references[0].video_url', { input_references: [{ type: 'video_url', image_url: { url: 'x' } }] }],
    ['input', 'A cat'],
  ])('refuses a wrong %s: %j', async (field, input) => {
    await expect(backend.generate(input as OpenRouterVideo)).rejects.toMatchObject({
      name: 'InputError',
      field,
    });
  });

  it('names a field that there is not, and the nearest right one', async () => {
    await expect(backend.generate({ promt: 'x' } as OpenRouterVideo)).rejects.toMatchObject({
      field: 'promt',
      hint: 'Did you mean "prompt"?',
    });
  });
});

describe('the callback', () => {
  it('is that of the backend, unless the job has one of its own', async () => {
    const reporting = openRouter({ model, callbackUrl: 'https://host.test/all' });
    expect(await sent({}, reporting)).toMatchObject({ callback_url: 'https://host.test/all' });
    const callback_url = 'https://host.test/one';
    expect(await sent({ callback_url }, reporting)).toMatchObject({ callback_url });
  });

  it('may be made for each job, of a token that nobody can guess', async () => {
    const reporting = openRouter({
      model,
      callbackUrl: ({ token }) => `https://host.test/hook?key=${token}`,
    });
    const { body } = await reporting.generate({}, Object.assign({ session: 's' }, { token: 't-1' }));
    expect(body).toMatchObject({ value: { callback_url: 'https://host.test/hook?key=t-1' } });
  });

  it.each([
    ['gives no URL', () => undefined],
    ['gives what is none', () => 'hook'],
    ['throws', () => expect.unreachable()],
  ])('that is a function which %s sends nothing', async (_, callbackUrl) => {
    const reporting = openRouter({ model, callbackUrl: callbackUrl as () => string });
    await expect(reporting.generate({})).rejects.toMatchObject({ name: 'InputError', field: 'callbackUrl' });
  });

  it.each(['hook', 7, ''])('is refused at once where it is %j', (callbackUrl) => {
    expect(() => openRouter({ callbackUrl: callbackUrl as string })).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option: 'callbackUrl' }),
    );
  });
});

it('a job is asked for by its id, whatever its polling_url says', () => {
  expect(backend.status('gen-vid-1')).toEqual({ method: 'GET', url: '/videos/gen-vid-1' });
});

it('each output is at a place of its own', () => {
  const url = '/videos/gen-vid-1/content?index=';
  expect(backend.download({ id: 'gen-vid-1' }, 'video')).toEqual({ method: 'GET', url: `${url}0` });
  expect(backend.download({ id: 'gen-vid-1' }, 'video', 2)).toEqual({ method: 'GET', url: `${url}2` });
  expect(() => backend.download({ id: 'a' }, 'thumbnail' as 'video')).toThrow(
    expect.objectContaining({ field: 'variant', hint: 'Choose from video.' }),
  );
});

it('the service is where it says, is asked every 10 s, ignores idempotency keys and cannot cancel', () => {
  expect(backend).toMatchObject({
    baseUrl: 'https://openrouter.ai/api/v1',
    polling: { intervalMs: 10_000 },
    idempotency: 'none',
  });
  expect([backend.cancel, backend.webSocket, backend.sse]).toEqual([undefined, undefined, undefined]);
});

describe('models', () => {
  const { models } = backend.operations ?? {};

  it('are asked for, and given as they are told; what has no id is none', () => {
    expect(models?.request(undefined)).toEqual({ method: 'GET', url: '/videos/models' });
    const { body } = fixture('open-router', 'models');
    expect(models?.parse(answer(body))).toEqual([(body as { data: unknown[] }).data[0]]);
  });

  it.each([null, {}, { data: {} }])('are not in the answer %j', (body) => {
    expect(() => models?.parse(answer(body))).toThrow(
      expect.objectContaining({ name: 'InvalidResponseError' }),
    );
  });
});

it('a wrong option is refused', () => {
  expect(() => openRouter({ modle: 'x' } as object)).toThrow(
    expect.objectContaining({ name: 'ConfigurationError', option: 'modle', hint: 'Did you mean "model"?' }),
  );
});
