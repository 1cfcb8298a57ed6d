import { describe, expect, it } from 'vitest';
import { createMockServer, type MockServerOptions, mockMedia } from '../../../src/mock-server/index.js';

const model = 'grok-imagine-video-1.5';
const older = 'grok-imagine-video';
const url = 'https://host.test/a.png';
const boat = { model, prompt: 'A boat', duration: 5 };

async function startServer(options: MockServerOptions = {}) {
  const server = await createMockServer({ manual: true, ...options });
  const call = async (method: string, path: string, body?: BodyInit, headers: object = {}) => {
    const answer = await fetch(`${server.urlOf('xai')}/${path}`, {
      method,
      headers: { ...headers },
      body: body ?? null,
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    const told = isJson ? (JSON.parse(text) as Record<string, unknown>) : undefined;
    return { status: answer.status, headers: answer.headers, text, body: told };
  };
  const submit = (input: object = boat, route = 'generations') =>
    call('POST', `videos/${route}`, JSON.stringify(input), { 'content-type': 'application/json' });
  const make = async (input: object = boat) => {
    const id = String((await submit(input)).body?.request_id);
    return { id, job: server.jobs.get(id) };
  };
  const ask = (id: string) => call('GET', `videos/${id}`);
  return { server, call, submit, make, ask, [Symbol.asyncDispose]: () => server.close() };
}

describe('a request of the mock server', () => {
  it('goes from its id alone by 202 to a file, with all that xAI says of one and nothing else', async () => {
    await using mock = await startServer();
    const made = await mock.submit();
    const id = String(made.body?.request_id);
    expect(made).toMatchObject({
      status: 200,
      body: { request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    expect(Object.keys(made.body ?? {})).toEqual(['request_id']);
    const job = mock.server.jobs.get(id);
    expect(await mock.ask(id)).toMatchObject({ status: 202, body: { status: 'pending', progress: 0 } });
    job?.advance({ status: 'processing', progress: 40 });
    expect(await mock.ask(id)).toMatchObject({ status: 202, body: { status: 'pending', progress: 40 } });
    job?.complete();
    const done = await mock.ask(id);
    expect(done.status).toBe(200);
    expect(done.body).toEqual({
      video: { url: expect.stringMatching(/^http/), duration: 5, respect_moderation: true },
      ...{ status: 'done', model, usage: { cost_in_usd_ticks: expect.any(Number) }, progress: 100 },
    });
    const video = done.body?.video as { url: string } | undefined;
    const file = await fetch(String(video?.url));
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(mockMedia());
    expect((await mock.ask(id)).body).toEqual(done.body);
  });

  it('is told by 202 without a body before it has begun, in the style of the field', async () => {
    await using mock = await startServer({ style: 'field' });
    const { id, job } = await mock.make();
    expect(await mock.ask(id)).toMatchObject({ status: 202, text: '' });
    job?.advance({ status: 'processing', progress: 10 });
    expect(await mock.ask(id)).toMatchObject({ status: 202, body: { status: 'pending', progress: 10 } });
  });

  it('fails with its reason, and more that is empty in the style of the field', async () => {
    await using mock = await startServer();
    const { id, job } = await mock.make();
    job?.fail('It did not work');
    expect((await mock.ask(id)).body).toEqual({
      ...{ status: 'failed', error: { code: 'internal_error', message: 'It did not work' }, progress: 0 },
    });
    await using field = await startServer({ style: 'field' });
    const other = await field.make();
    other.job?.fail('It did not work', 'invalid_argument');
    expect((await field.ask(other.id)).body).toEqual({
      ...{ status: 'failed', video: { duration: 0 }, model: '', progress: 0 },
      error: { code: 'invalid_argument', message: 'It did not work' },
    });
  });

  it('that is withheld is said to be done, and has cost what it would have', async () => {
    await using mock = await startServer();
    const { id, job } = await mock.make();
    job?.fail('withheld', 'content_policy');
    expect((await mock.ask(id)).body).toEqual({
      ...{ status: 'done', model, usage: { cost_in_usd_ticks: expect.any(Number) }, progress: 100 },
      video: { url: '', duration: 5, respect_moderation: false },
    });
  });

  it('that has expired says nothing else', async () => {
    await using mock = await startServer();
    const { id, job } = await mock.make();
    job?.fail('too late', 'expired');
    expect(await mock.ask(id)).toMatchObject({ status: 200, text: '{"status":"expired"}' });
  });

  it('has a copy in Files where that was asked for, by its id and by a public URL', async () => {
    await using mock = await startServer({ urlLifetimeMs: 0, auth: { type: 'bearer', token: 'xai-mock' } });
    const headers = { authorization: 'Bearer xai-mock', 'content-type': 'application/json' };
    const input = { ...boat, storage_options: { filename: 'b.mp4', public_url: { expires_after: 3_600 } } };
    const made = await mock.call('POST', 'videos/generations', JSON.stringify(input), headers);
    const id = String(made.body?.request_id);
    const place = `files/file_${id}/content`;
    expect((await mock.call('GET', place, undefined, headers)).status).toBe(404);
    mock.server.jobs.get(id)?.complete();
    const { video } = (await mock.call('GET', `videos/${id}`, undefined, headers)).body as {
      video: { url: string; file_output: { public_url: string; public_url_expires_at: number } };
    };
    expect(video.file_output).toMatchObject({ file_id: `file_${id}`, filename: 'b.mp4' });
    expect(video.file_output.public_url_expires_at * 1_000 - Date.now()).toBeCloseTo(3_600_000, -4);
    expect((await fetch(video.url)).status).toBe(403);
    expect((await fetch(video.file_output.public_url)).status).toBe(200);
    expect((await mock.call('GET', place)).status).toBe(400);
    expect((await mock.call('GET', place, undefined, headers)).status).toBe(200);
  });

  it('is made anew for a repeated key, for keys are nothing to xAI', async () => {
    await using mock = await startServer();
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'order-7' };
    for (let times = 0; times < 2; times++)
      await mock.call('POST', 'videos/generations', JSON.stringify(boat), headers);
    expect(mock.server.jobs.size).toBe(2);
  });
});

describe('the mock server refuses in the manner of xAI', () => {
  it.each<[string, string, object, string]>([
    ['no prompt and no picture', 'generations', { model }, 'prompt'],
    ['sixteen seconds', 'generations', { ...boat, duration: 16 }, 'duration'],
    ['a ratio of others', 'generations', { ...boat, aspect_ratio: '21:9' }, 'aspect_ratio'],
    ['a resolution of others', 'generations', { ...boat, resolution: '4k' }, 'resolution'],
    ['1080p of the older model', 'generations', { ...boat, model: older, resolution: '1080p' }, '1080p'],
    [
      'a last frame of the older model',
      'generations',
      { ...boat, model: older, last_frame: { url } },
      'last_frame',
    ],
    ['a picture by http', 'generations', { ...boat, image: { url: 'http://host.test/a.png' } }, 'image'],
    ['no references', 'generations', { ...boat, reference_images: [] }, 'reference_images'],
    [
      'eight references',
      'generations',
      { ...boat, reference_images: Array(8).fill({ url }) },
      'reference_images',
    ],
    [
      'references at 1080p',
      ...(['generations', { ...boat, reference_images: [{ url }], resolution: '1080p' }] as const),
      '720p',
    ],
    [
      'four voices',
      'generations',
      { ...boat, reference_audios: Array(4).fill({ voice_id: 'x' }) },
      'reference_audios',
    ],
    ['keyframes without times', 'generations', { ...boat, keyframes: [{ image: { url } }] }, 'keyframes'],
    [
      'a copy for ever',
      'generations',
      { ...boat, storage_options: { expires_after: 1e9 } },
      'storage_options',
    ],
    [
      'a public URL for a minute',
      ...(['generations', { ...boat, storage_options: { public_url: { expires_after: 60 } } }] as const),
      'public_url',
    ],
    ['no place to put it', 'generations', { ...boat, output: { upload_url: 'x' } }, 'upload_url'],
    ['an edit without words', 'edits', { model, video: { url } }, 'prompt'],
    ['an edit without a video', 'edits', { model, prompt: 'x' }, 'video'],
    ['an extension without a video', 'extensions', { model, prompt: 'x' }, 'video'],
    ['an extension without words', 'extensions', { model, video: { url } }, 'prompt'],
    [
      'an extension by eleven seconds',
      'extensions',
      { model, prompt: 'x', video: { url }, duration: 11 },
      'duration',
    ],
  ])('%s, by 400', async (_, route, input, words) => {
    await using mock = await startServer();
    expect(await mock.submit(input, route)).toMatchObject({
      ...{ status: 400, body: { code: 'invalid-argument', error: expect.stringContaining(words) } },
    });
    expect(mock.server.jobs.size).toBe(0);
  });

  it.each<[string, string, object, string]>([
    ['no model', 'generations', { prompt: 'x' }, 'missing field `model`'],
    ['the URL of a picture as it was before', 'generations', { ...boat, image_url: url }, '`image_url`'],
    ['a seed', 'generations', { ...boat, seed: 7 }, '`seed`'],
    ['a part of a second', 'generations', { ...boat, duration: 2.5 }, 'duration'],
    ['a text for a picture', 'generations', { ...boat, image: url }, 'image'],
    ['an edit of a length', 'edits', { model, prompt: 'x', video: { url }, duration: 5 }, '`duration`'],
    [
      'an extension of a shape',
      'extensions',
      { model, video: { url }, aspect_ratio: '1:1' },
      '`aspect_ratio`',
    ],
  ])('%s, by 422 and the words of the decoder', async (_, route, input, words) => {
    await using mock = await startServer();
    const { status, headers, text } = await mock.submit(input, route);
    expect({ status, type: headers.get('content-type') }).toEqual({
      ...{ status: 422, type: expect.stringMatching(/^text\/plain/) },
    });
    expect(text).toContain('Failed to deserialize the JSON body');
    expect(text).toContain(words);
  });

  it('a form, what is no JSON, and a model that it does not have', async () => {
    await using mock = await startServer();
    const form = new FormData();
    form.set('prompt', 'A boat');
    const json = { 'content-type': 'application/json' };
    const told = [
      await mock.call('POST', 'videos/generations', form),
      await mock.call('POST', 'videos/generations', '{', json),
      await mock.submit({ ...boat, model: 'grok-imagine-video-9' }),
    ];
    expect(told.map(({ status }) => status)).toEqual([415, 400, 404]);
    for (const { body } of told)
      expect(body).toEqual({ code: expect.any(String), error: expect.any(String) });
  });

  it('a key that is wrong, a request, a route and a method that it has not', async () => {
    await using mock = await startServer({ auth: { type: 'bearer', token: 'xai-mock' } });
    const auth = { authorization: 'Bearer xai-mock' };
    const told = [
      await mock.call('GET', 'videos/x', undefined, { authorization: 'Bearer xai-wrong' }),
      await mock.call('GET', 'videos/x', undefined, auth),
      await mock.call('GET', 'videos', undefined, auth),
      await mock.call('DELETE', 'videos/x', undefined, auth),
    ];
    expect(told.map(({ status }) => status)).toEqual([400, 404, 404, 405]);
    expect(told[0]?.body?.error).toMatch(/^Incorrect API key provided/);
    const info = await mock.call('GET', 'api-key', undefined, auth);
    expect(info).toMatchObject({ status: 200, body: { api_key_disabled: false } });
    for (const { body } of told)
      expect(body).toEqual({ code: expect.any(String), error: expect.any(String) });
  });

  it('what the credits do not pay for, and a page', async () => {
    await using mock = await startServer({ credits: 10 });
    const { id } = await mock.make();
    expect(await mock.submit()).toMatchObject({ status: 403, body: { code: 'permission-denied' } });
    const page = await mock.call('GET', `videos/${id}`, undefined, { origin: 'https://a.test' });
    expect(page.headers.get('access-control-allow-origin')).toBeNull();
  });
});

it.each<[string, object]>([
  ['generations', { model: older, prompt: 'A boat' }],
  ['generations', { model, image: { file_id: 'file_1' } }],
  ['generations', { ...boat, last_frame: { url }, resolution: '1080p', generate_audio: false, user: 'u' }],
  ['generations', { ...boat, keyframes: [{ image: { url }, timestamp_s: 1.5 }] }],
  ['generations', { ...boat, reference_images: [{ url }], reference_audios: [{ voice_id: 'x' }, { url }] }],
  ['edits', { model, prompt: 'In snow', video: { url } }],
  ['extensions', { model, prompt: 'It sinks', video: { file_id: 'file_1' }, duration: 6 }],
])('%s of the mock server takes %j', async (route, input) => {
  await using mock = await startServer();
  expect(await mock.submit(input, route)).toMatchObject({ status: 200 });
});
