import { describe, expect, expectTypeOf, it } from 'vitest';
import { type RunwayVideo, runway } from '../../../../src/backends/hosted/runway.js';
import { applyUpdate } from '../../../../src/core/job-state.js';
import type { CompletedJob, JobUpdate } from '../../../../src/core/model.js';
import { answer, fixture, plain, statusOf } from '../fixtures.js';

const MODEL = 'gen4.5';
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
const PNG_URL = 'data:image/png;base64,iVBORw==';
const HTTPS = 'https://host.test/a.png';
const backend = runway({ model: MODEL });
const { organization } = backend.operations ?? {};
const headers = { 'X-Runway-Version': '2024-11-06' };
const ID = (fixture('runway', 'generate').expect as JobUpdate).jobId;

async function submitOf(given: RunwayVideo) {
  const { url, body } = await backend.generate(given);
  return { url, value: body?.type === 'json' ? body.value : undefined };
}

/** The job that a recorded status answer makes. */
function jobOf(name: string): CompletedJob {
  const update = statusOf(backend, answer(fixture('runway', name).body), ID);
  return applyUpdate(undefined, update, 'polling', 0) as CompletedJob;
}

describe('runway understands', () => {
  it('the organization', () => {
    const { body, expect: wanted } = fixture('runway', 'organization');
    expect(organization?.parse(answer(body))).toEqual(wanted);
    expect(() => organization?.parse(answer({ tier: {} }))).toThrow('the organization has no creditBalance');
  });

  it('each word for a status in any case, and no other', () => {
    const words = ['Pending', 'throttled', 'RUNNING', 'succeeded', 'FAILED', 'Cancelled', 'WARMING'];
    const statuses = words.map((status) => statusOf(backend, answer({ id: ID, status }), ID).status);
    expect(statuses).toEqual([
      ...(['queued', 'queued', 'processing', 'completed', 'failed', 'failed', undefined] as const),
    ]);
  });

  it('that its URLs hold a day from the answer, by the clock of Runway', () => {
    const told = fixture('runway', 'status-succeeded').body;
    const at = { status: 200, headers: new Headers({ date: 'Thu, 26 Nov 2026 12:00:00 GMT' }), body: told };
    expect(statusOf(backend, at, ID).expiresAt).toEqual(new Date('2026-11-27T12:00:00Z'));
    const running = { ...at, body: fixture('runway', 'status-running').body };
    expect(statusOf(backend, running, ID).expiresAt).toBeUndefined();
    for (const date of ['', 'soon', '+275760-09-13T00:00:00Z'])
      expect(statusOf(backend, { ...at, headers: new Headers({ date }) }, ID).expiresAt).toBeUndefined();
  });

  it('what a task has cost, which stays in what it said', () => {
    expect(statusOf(backend, answer(fixture('runway', 'status-failed-output').body), ID).raw).toMatchObject({
      cost: { credits: 0 },
    });
    expect(jobOf('status-succeeded').raw).toMatchObject({ cost: { credits: 60 } });
  });

  it('the answer of another task as none', () => {
    expect(() => statusOf(backend, answer({ id: 'other', status: 'RUNNING' }), ID)).toThrow(
      `asked for job ${ID}, the server told of job "other"`,
    );
  });

  it('no more than a thousand files, and no file that is no URL', () => {
    const outputsOf = (output: unknown) =>
      statusOf(backend, answer({ id: ID, status: 'SUCCEEDED', output }), ID).outputs;
    expect(outputsOf(Array.from({ length: 1_100 }, (_, index) => `https://cdn.test/${index}`))).toHaveLength(
      1_000,
    );
    expect(outputsOf([7, 'javascript:x', 'https://cdn.test/a b', HTTPS])).toEqual([{ url: HTTPS }]);
    expect(outputsOf(HTTPS)).toEqual([{ url: HTTPS }]);
  });

  it('what something in between says of an error, in the shapes of others', () => {
    const error = { message: 'No such model', code: 'model_not_found' };
    expect(plain(backend.parseError?.({ error }))).toEqual({ message: 'No such model', details: { error } });
    expect(plain(backend.parseError?.({ error: ['No such model'] }))).toEqual({
      details: { error: ['No such model'] },
    });
    expect(plain(backend.parseError?.({ message: 'Forbidden' }))).toEqual({
      details: { message: 'Forbidden' },
    });
  });

  it('errors that are no object, and issues without an end', () => {
    expect(plain(backend.parseError?.(['what']))).toEqual({ details: ['what'] });
    expect(plain(backend.parseError?.(null))).toEqual({});
    const issues = Array.from({ length: 100 }, (_, index) => ({ path: [index], message: 'no' }));
    expect(backend.parseError?.({ error: 'x', issues }).message?.split(';')).toHaveLength(20);
  });
});

describe('a submit', () => {
  it('is of the task that its fields say', async () => {
    const promptText = 'A boat';
    expect(await submitOf({ promptText })).toMatchObject({ url: '/v1/text_to_video' });
    for (const given of [{ promptImage: HTTPS }, { extra: { promptImage: HTTPS } }])
      expect(await submitOf({ promptText, ...given })).toMatchObject({ url: '/v1/image_to_video' });
    for (const given of [
      { videoUri: HTTPS },
      { promptVideo: HTTPS },
      { extra: { videoUri: HTTPS } },
      { extra: { promptVideo: HTTPS } },
    ])
      expect(await submitOf({ promptText, ...given })).toMatchObject({ url: '/v1/video_to_video' });
  });

  it('is of the task that it says, whatever its fields are, and the task is no field', async () => {
    expect(await submitOf({ task: 'video_to_video', promptImage: HTTPS, videoUri: HTTPS })).toEqual({
      url: '/v1/video_to_video',
      value: { model: MODEL, promptImage: HTTPS, videoUri: HTTPS },
    });
  });

  it('has to say which task it is where a picture and a video are given', async () => {
    await expect(submitOf({ promptImage: HTTPS, videoUri: HTTPS })).rejects.toMatchObject({
      ...{ name: 'InputError', field: 'task', hint: expect.stringContaining("task: 'video_to_video'") },
    });
  });

  it('sends what was given and no field besides, with the version', async () => {
    const given = { promptText: 'A boat', ratio: '1280:720', duration: 5, seed: 4_294_967_295 };
    expect(await backend.generate(given)).toEqual({
      ...{ method: 'POST', url: '/v1/text_to_video', headers },
      body: { type: 'json', value: { model: MODEL, ...given } },
    });
    expect((await submitOf({ duration: 'auto' })).value).toEqual({ model: MODEL, duration: 'auto' });
  });

  it('is of another version where one was given', async () => {
    const newer = runway({ model: MODEL, version: '2027-01-01' });
    const wanted = { 'X-Runway-Version': '2027-01-01' };
    const all = [await newer.generate({}), newer.status(ID), newer.probe, [newer.cancel?.(ID)].flat()[0]];
    for (const request of all) expect(request?.headers).toEqual(wanted);
  });

  it('needs a model, which the types say as well', async () => {
    const withoutModel = runway();
    expectTypeOf(withoutModel.generate).parameter(0).toHaveProperty('model').toEqualTypeOf<string>();
    expectTypeOf(backend.generate).parameter(0).toEqualTypeOf<RunwayVideo>();
    await expect(withoutModel.generate({ promptText: 'x' } as never)).rejects.toMatchObject({
      ...{ name: 'InputError', field: 'model' },
    });
    const { body } = await withoutModel.generate({ extra: { model: 'veo3.1' } } as never);
    expect(body).toMatchObject({ value: { model: 'veo3.1' } });
  });

  it('has files as data URLs, those in a list and in further fields, too', async () => {
    const extra = { references: [{ uri: PNG }], audio: false, ratio: '960:960' };
    expect((await submitOf({ promptImage: PNG, ratio: '1280:720', extra })).value).toEqual({
      ...{ model: MODEL, promptImage: PNG_URL, ratio: '960:960', audio: false },
      references: [{ uri: PNG_URL }],
    });
    const promptImage = [
      { uri: PNG, position: 'first' },
      { uri: 'runway://x', position: 'last' },
    ] as const;
    expect((await submitOf({ promptImage })).value).toEqual({
      model: MODEL,
      promptImage: [{ uri: PNG_URL, position: 'first' }, promptImage[1]],
    });
  });

  it('has no data URL of more than 5,242,880 characters, by its path', async () => {
    const least = new Uint8Array(Math.floor((5_242_880 * 3) / 4));
    const most = least.slice(0, least.length - 100);
    const { value } = await submitOf({ promptImage: [{ uri: most }] });
    expect(JSON.stringify(value).length).toBeGreaterThan(5_242_000);
    await expect(submitOf({ promptImage: [{ uri: least }] })).rejects.toMatchObject({
      ...{ name: 'InputError', field: 'promptImage[0].uri' },
      message: expect.stringContaining('more than the 5242880 that Runway takes'),
    });
    const own = `data:image/png;base64,${'A'.repeat(5_242_880)}`;
    await expect(submitOf({ videoUri: own })).rejects.toMatchObject({ field: 'videoUri' });
  });

  it.each([
    [{ task: 'text-to-video' }, 'task'],
    [{ model: '' }, 'model'],
    [{ promptText: 7 }, 'promptText'],
    [{ promptImage: {} }, 'promptImage'],
    [{ promptImage: [] }, 'promptImage'],
    [{ promptImage: [HTTPS] }, 'promptImage'],
    [{ promptImage: [{ uri: HTTPS, position: 'middle' }] }, 'promptImage'],
    [{ videoUri: { uri: HTTPS } }, 'videoUri'],
    [{ promptVideo: 1 }, 'promptVideo'],
    [{ ratio: 1.5 }, 'ratio'],
    [{ duration: '5' }, 'duration'],
    [{ duration: 2.5 }, 'duration'],
    [{ duration: 0 }, 'duration'],
    [{ seed: -1 }, 'seed'],
    [{ seed: 4_294_967_296 }, 'seed'],
    [{ prompt: 'A boat' }, 'prompt'],
    [{ extra: 1 }, 'extra'],
    [{ extra: new Uint8Array(1) }, 'extra'],
  ])('is refused with %j before anything is sent', async (given, field) => {
    await expect(backend.generate(given as never)).rejects.toMatchObject({ name: 'InputError', field });
  });

  it.each([
    [{ model: 1 }, 'model'],
    [{ version: '' }, 'version'],
    [{ apiKey: 'key_x' }, 'apiKey'],
  ])('is not possible with the option %j', (options, option) => {
    expect(() => runway(options as never)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    );
  });
});

describe('the calls about a task', () => {
  it('are by its id, with the version, below the base URL of the official client', () => {
    expect(backend.baseUrl).toBe('https://api.dev.runwayml.com');
    expect(backend.status('a/b')).toEqual({ method: 'GET', url: '/v1/tasks/a%2Fb', headers });
    expect(backend.cancel?.('a/b')).toEqual({ method: 'DELETE', url: '/v1/tasks/a%2Fb', headers });
    expect(() => backend.status('..')).toThrow(expect.objectContaining({ field: 'jobId' }));
  });

  it('are those of the organization where nothing is to be made', () => {
    const request = { method: 'GET', url: '/v1/organization', headers };
    expect(organization?.request(undefined)).toEqual(request);
    expect(backend.probe).toEqual(request);
  });

  it('come every 5 seconds, and no key makes a submit safe', () => {
    expect(backend).toMatchObject({ polling: { intervalMs: 5_000 }, idempotency: 'none' });
    expect([backend.webSocket, backend.sse, backend.credential]).toEqual([undefined, undefined, undefined]);
  });
});

describe('a download', () => {
  it('is of the URLs of the newest answer, without a header of ours', () => {
    const snapshot = jobOf('status-succeeded-two-outputs');
    const placeOf = (output?: number) => backend.download({ id: ID, snapshot }, 'video', output);
    const url = 'https://dnznrvs05pmza.cloudfront.net/3f1c/boat';
    const jwt = '_jwt=eyJhbGciOiJIUzI1NiJ9.e30';
    expect(placeOf()).toEqual({ method: 'GET', url: `${url}.mp4?${jwt}.one` });
    expect(placeOf(1)).toEqual({ method: 'GET', url: `${url}-2.mp4?${jwt}.two` });
    expect(placeOf(2)).toBeUndefined();
  });

  it('waits for a task that has ended with one', () => {
    expect(backend.download({ id: ID }, 'video', 0)).toBeUndefined();
    for (const name of ['status-running', 'status-succeeded-without-output'])
      expect(backend.download({ id: ID, snapshot: jobOf(name) }, 'video', 0)).toBeUndefined();
    expect(() => backend.download({ id: ID }, 'reels' as never)).toThrow('there is no variant "reels"');
  });

  it('has the place that another reader gave', () => {
    const snapshot = { ...jobOf('status-succeeded-without-output'), videoUrl: HTTPS };
    expect(backend.download({ id: ID, snapshot }, 'video')).toEqual({ method: 'GET', url: HTTPS });
    expect(backend.download({ id: ID, snapshot }, 'video', 1)).toBeUndefined();
  });
});
