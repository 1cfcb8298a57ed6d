import { describe, expect, expectTypeOf, it } from 'vitest';
import { type XaiVideo, xai } from '../../../../src/backends/hosted/xai.js';
import { applyUpdate } from '../../../../src/core/job-state.js';
import type { CompletedJob, JobUpdate } from '../../../../src/core/model.js';
import { answer, fixture, plain, statusOf } from '../fixtures.js';

const model = 'grok-imagine-video-1.5';
const backend = xai({ model });
const { edit, extend } = backend.operations ?? {};
const ID = (fixture('xai', 'generate').expect as JobUpdate).jobId;
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
const PNG_URL = 'data:image/png;base64,iVBORw==';
const image = { url: 'https://host.test/a.png' };

async function bodyOf(given: XaiVideo): Promise<unknown> {
  const { body } = await backend.generate(given);
  return body?.type === 'json' ? body.value : undefined;
}

function jobOf(name: string): CompletedJob {
  const update = statusOf(backend, answer(fixture('xai', name).body), ID);
  return applyUpdate(undefined, update, 'polling', 0) as CompletedJob;
}

describe('xai understands', () => {
  it.each([undefined, '', 'null', [], {}, null])('202 with the body %j as that it runs', (body) => {
    const update = statusOf(backend, answer(body, 202), ID);
    expect(plain(update)).toEqual({ jobId: ID, status: 'processing' });
  });

  it('no other answer without a body, nor one that says nothing', () => {
    for (const [body, status] of [[undefined, 200] as const, [undefined, 204] as const, [{}, 200] as const])
      expect(() => statusOf(backend, answer(body, status), ID)).toThrow(
        expect.objectContaining({ name: 'InvalidResponseError', jobId: ID }),
      );
  });

  it('each word for a status in any case, and no other', () => {
    const words = ['PENDING', 'Done', 'failed', 'Expired', 'dreaming'];
    const video = { url: image.url };
    const statuses = words.map((status) => statusOf(backend, answer({ status, video }), ID).status);
    expect(statuses).toEqual(['queued', 'completed', 'failed', 'failed', undefined]);
  });

  it('that a video holds a day from the answer, and its copy for as long as was asked', () => {
    const headers = new Headers({ date: 'Thu, 26 Nov 2026 12:00:00 GMT' });
    const expiryOf = (video: object, given = headers) =>
      statusOf(backend, { status: 200, headers: given, body: { status: 'done', video } }, ID).expiresAt;
    const day = new Date('2026-11-27T12:00:00Z');
    const { url } = image;
    expect(expiryOf({ url })).toEqual(day);
    expect(expiryOf({ url }, new Headers())).toBeUndefined();
    const stored = (seconds: number) => ({
      file_output: { public_url: 'https://files.test/a', public_url_expires_at: seconds },
    });
    const later = new Date('2026-12-20T12:00:00Z');
    const sooner = new Date('2026-11-26T13:00:00Z');
    expect(expiryOf({ url, ...stored(later.getTime() / 1_000) })).toEqual(later);
    expect(expiryOf({ url, ...stored(sooner.getTime() / 1_000) })).toEqual(day);
    expect(expiryOf(stored(sooner.getTime() / 1_000))).toEqual(sooner);
    expect(expiryOf(stored(Number.MAX_VALUE))).toBeUndefined();
    expect(expiryOf({ file_output: { file_id: 'file_7' } })).toBeUndefined();
  });

  it('what a video has cost, which stays in what it said', () => {
    expect(jobOf('status-done').raw).toMatchObject({ usage: { cost_in_usd_ticks: 4_000_000_000 } });
    expect(jobOf('status-done-withheld').raw).toMatchObject({ usage: expect.anything() });
  });

  it('the answer of another request as none', () => {
    const body = { request_id: 'other', status: 'pending' };
    expect(() => statusOf(backend, answer(body), ID)).toThrow('the server told of job "other"');
  });

  it('a submit without a request_id as one whose outcome is not known, whatever other id it has', () => {
    for (const body of [{ id: 'trace-1' }, { request_id: '' }, {}, undefined])
      expect(() => backend.parseGenerate(answer(body))).toThrow('the answer to the submit holds no job id');
  });
});

describe('a submit', () => {
  it('sends what was given and no field besides', async () => {
    expect(await backend.generate({ prompt: 'A boat' })).toEqual({
      ...{ method: 'POST', url: '/videos/generations' },
      body: { type: 'json', value: { model, prompt: 'A boat' } },
    });
    const given = {
      ...{ model: 'grok-imagine-video', prompt: 'A boat', duration: 15, aspect_ratio: '2:3' },
      ...{ resolution: '480p', image: { file_id: 'file_1' }, last_frame: image, generate_audio: false },
      keyframes: [{ image, timestamp_s: 2.5 }],
      ...{ reference_images: [image], reference_audios: [{ voice_id: 'eve' }, image], user: 'u-1' },
      storage_options: { filename: 'a.mp4', expires_after: 7_200, public_url: true },
      output: { upload_url: 'https://bucket.test/put?signature=x' },
    } as const;
    expect(await bodyOf(given)).toEqual(given);
  });

  it('needs a model, which the types say as well', async () => {
    const withoutModel = xai();
    expectTypeOf(withoutModel.generate).parameter(0).toHaveProperty('model').toEqualTypeOf<string>();
    expectTypeOf(backend.generate).parameter(0).toEqualTypeOf<XaiVideo>();
    const missing = { name: 'InputError', field: 'model' };
    await expect(withoutModel.generate({ prompt: 'x' } as never)).rejects.toMatchObject(missing);
    const { edit } = withoutModel.operations ?? {};
    await expect(edit?.request({ prompt: 'x', video: image })).rejects.toMatchObject(missing);
    const { body } = await withoutModel.generate({ prompt: 'x', extra: { model } } as never);
    expect(body).toMatchObject({ value: { model } });
  });

  it('has files as data URLs, those in further fields, too, and those last', async () => {
    const given = { image: { url: PNG }, reference_images: [{ url: PNG }], resolution: '480p' };
    const extra = { resolution: '720p', depth_map: { url: PNG } };
    expect(await bodyOf({ ...given, extra })).toEqual({
      ...{ model, image: { url: PNG_URL }, reference_images: [{ url: PNG_URL }] },
      ...{ resolution: '720p', depth_map: { url: PNG_URL } },
    });
  });

  it('has no files of more than 10 MiB together, by their path', async () => {
    const half = new Uint8Array(4 * 1_048_576);
    await bodyOf({ image: { url: half } });
    await expect(bodyOf({ image: { url: half }, last_frame: { url: half } })).rejects.toMatchObject({
      ...{ name: 'InputError', field: 'last_frame.url' },
    });
  });

  it.each([
    [{ model: '' }, 'model'],
    [{ prompt: '' }, 'prompt'],
    [{ duration: '8' }, 'duration'],
    [{ duration: 0 }, 'duration'],
    [{ duration: 2.5 }, 'duration'],
    [{ aspect_ratio: 1 }, 'aspect_ratio'],
    [{ resolution: 720 }, 'resolution'],
    [{ image: 'https://host.test/a.png' }, 'image'],
    [{ image: new Uint8Array(1) }, 'image'],
    [{ image: { file_id: 7 } }, 'image'],
    [{ image_url: 'https://host.test/a.png' }, 'image_url'],
    [{ last_frame: { voice_id: 'eve' } }, 'last_frame'],
    [{ keyframes: [{ image }] }, 'keyframes'],
    [{ keyframes: [] }, 'keyframes'],
    [{ reference_images: [] }, 'reference_images'],
    [{ reference_images: image }, 'reference_images'],
    [{ reference_images: ['https://host.test/a.png'] }, 'reference_images'],
    [{ reference_audios: [{}] }, 'reference_audios'],
    [{ generate_audio: 'yes' }, 'generate_audio'],
    [{ user: 7 }, 'user'],
    [{ storage_options: true }, 'storage_options'],
    [{ output: {} }, 'output'],
    [{ seed: 7 }, 'seed'],
    [{ extra: [] }, 'extra'],
  ])('is refused with %j before anything is sent', async (given, field) => {
    await expect(backend.generate(given as never)).rejects.toMatchObject({ name: 'InputError', field });
  });

  it.each([
    [{ model: '' }, 'model'],
    [{ apiKey: 'xai-x' }, 'apiKey'],
  ])('is not possible with the option %j', (options, option) => {
    expect(() => xai(options as never)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    );
  });
});

describe('a submit of a video', () => {
  it('edits it, or goes on with it, by routes of their own', async () => {
    expect(await edit?.request({ prompt: 'In snow', video: image })).toEqual({
      ...{ method: 'POST', url: '/videos/edits' },
      body: { type: 'json', value: { model, prompt: 'In snow', video: image } },
    });
    const video = { file_id: 'file_1' };
    expect(await extend?.request({ prompt: 'x', video, duration: 6, extra: { user: 'u-1' } })).toEqual({
      ...{ method: 'POST', url: '/videos/extensions' },
      body: { type: 'json', value: { model, prompt: 'x', video, duration: 6, user: 'u-1' } },
    });
    const clip = new Blob([PNG], { type: 'video/mp4' });
    expect(await edit?.request({ prompt: 'x', video: { url: clip } })).toMatchObject({
      body: { value: { video: { url: 'data:video/mp4;base64,iVBORw==' } } },
    });
    const { body } = fixture('xai', 'generate');
    for (const operation of [edit, extend])
      expect(operation?.parse(answer(body))).toMatchObject({ jobId: ID, raw: body });
  });

  it.each([
    ['edit', {}, 'prompt'],
    ['edit', { prompt: 'x' }, 'video'],
    ['edit', { prompt: 'x', video: 'https://host.test/a.mp4' }, 'video'],
    ['edit', { prompt: 'x', video: image, duration: 5 }, 'duration'],
    ['edit', { prompt: 'x', video: image, resolution: '720p' }, 'resolution'],
    ['extend', { prompt: 'x' }, 'video'],
    ['extend', { video: image }, 'prompt'],
    ['extend', { prompt: 'x', video: image, duration: 2.5 }, 'duration'],
    ['extend', { prompt: 'x', video: image, aspect_ratio: '16:9' }, 'aspect_ratio'],
  ] as const)('does not %s by %j', async (name, given, field) => {
    const { request } = (name === 'edit' ? edit : extend) as { request(given: unknown): unknown };
    await expect(request(given)).rejects.toMatchObject({ name: 'InputError', field });
  });
});

describe('the calls about a request', () => {
  it('are by its id below the base URL of its own clients, every 5 seconds', () => {
    expect(backend).toMatchObject({ baseUrl: 'https://api.x.ai/v1', polling: { intervalMs: 5_000 } });
    expect(backend.status('a/b')).toEqual({ method: 'GET', url: '/videos/a%2Fb' });
    expect(() => backend.status('..')).toThrow(expect.objectContaining({ field: 'jobId' }));
  });

  it('can neither cancel nor stream, and no key makes a submit safe', () => {
    expect(backend.idempotency).toBe('none');
    expect([backend.cancel, backend.webSocket, backend.sse]).toEqual([undefined, undefined, undefined]);
  });
});

describe('a download', () => {
  const places = (snapshot?: CompletedJob, output?: number) =>
    backend.download({ id: ID, snapshot }, 'video', output);

  it('is of the URL of the video, then of its copy by a public URL, then by its id with the key', () => {
    const raw = {
      video: {
        url: image.url,
        file_output: { file_id: 'file_71', public_url: 'https://files.test/a.mp4' },
      },
    };
    expect(places({ ...jobOf('status-done'), videoUrl: image.url, raw })).toEqual([
      { method: 'GET', url: image.url },
      { method: 'GET', url: 'https://files.test/a.mp4' },
      { method: 'GET', url: '/files/file_71/content' },
    ]);
    expect(places(jobOf('status-done'))).toHaveLength(1);
  });

  it('is of the place that another reader gave, and of no second output', () => {
    const snapshot = { ...jobOf('status-done'), raw: undefined };
    expect(places(snapshot)).toEqual([{ method: 'GET', url: snapshot.videoUrl }]);
    expect(places(snapshot, 1)).toBeUndefined();
    expect(places({ ...jobOf('status-done'), videoUrl: undefined as never, raw: 7 })).toBeUndefined();
  });

  it('is of no file whose id leads elsewhere', () => {
    for (const file_id of ['../admin', 'a/b', 'a?b', '..', '', 7]) {
      const body = { status: 'done', video: { file_output: { file_id } } };
      expect(statusOf(backend, answer(body), ID)).toMatchObject({ errorCode: 'no_video' });
    }
  });

  it('waits for a request that has ended', () => {
    expect(places()).toBeUndefined();
    expect(places(jobOf('status-pending'))).toBeUndefined();
    expect(() => backend.download({ id: ID }, 'reels' as never)).toThrow('there is no variant "reels"');
  });
});
