import { describe, expect, it } from 'vitest';
import { createMockServer, type MockServerOptions, mockMedia } from '../../../src/mock-server/index.js';
import { get } from './support.js';

const version = { 'x-runway-version': '2024-11-06' };
const HTTPS = 'https://host.test/a.png';
const boat = { model: 'gen4.5', promptText: 'A boat', ratio: '1280:720', duration: 5 };

async function startServer(options: MockServerOptions = {}) {
  const server = await createMockServer({ manual: true, ...options });
  const call = async (method: string, path: string, body?: unknown, headers: object = version) => {
    const answer = await fetch(`${server.urlOf('runway')}/v1/${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const told = text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
    return { status: answer.status, headers: answer.headers, body: told };
  };
  const submit = async (input: object = boat, task = 'text_to_video') =>
    String((await call('POST', task, input)).body?.id);
  const statusOf = async (id: string) => (await call('GET', `tasks/${id}`)).body;
  const outputOf = async (id: string) => [(await statusOf(id))?.output as string[] | undefined].flat();
  return { server, call, submit, statusOf, outputOf, [Symbol.asyncDispose]: () => server.close() };
}

describe('a task of the mock server', () => {
  it('goes from its id alone to a file, with all that Runway says of one and nothing else', async () => {
    await using mock = await startServer();
    const made = await mock.call('POST', 'text_to_video', boat);
    expect(made.status).toBe(200);
    const id = String(made.body?.id);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      estimatedCost: { credits: 60 },
    });
    const job = mock.server.jobs.get(id);
    const waiting = { id, createdAt: expect.stringMatching(/^\d{4}-.*Z$/), estimatedCost: { credits: 60 } };
    expect(await mock.statusOf(id)).toEqual({ ...waiting, status: 'PENDING' });
    job?.advance({ word: 'THROTTLED' });
    expect(await mock.statusOf(id)).toEqual({ ...waiting, status: 'THROTTLED' });
    job?.advance({ status: 'processing', progress: 40 });
    expect(await mock.statusOf(id)).toEqual({ ...waiting, status: 'RUNNING', progress: 0.4 });
    job?.complete();
    const { estimatedCost: _, ...rest } = waiting;
    const done = await mock.statusOf(id);
    expect(done).toEqual({
      ...{ ...rest, status: 'SUCCEEDED', cost: { credits: 60 } },
      output: [expect.stringMatching(/^http.*[?&]_jwt=\w+/)],
    });
    const [url] = await mock.outputOf(id);
    const file = await fetch(String(url));
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(mockMedia());
  });

  it('has URLs of their own in each answer, which hold a day', async () => {
    await using mock = await startServer({ outputs: 2 });
    const id = await mock.submit();
    mock.server.jobs.get(id)?.complete();
    const [first, second] = [await mock.outputOf(id), await mock.outputOf(id)];
    expect(new Set([...first, ...second]).size).toBe(4);
    const leftMs = Number(new URL(String(first[0])).searchParams.get('Expires')) - Date.now();
    expect(leftMs).toBeCloseTo(24 * 3_600_000, -5);
  });

  it.each([
    ['INTERNAL.BAD_OUTPUT.CODE01', 0],
    ['SAFETY.INPUT.TEXT', 60],
    [undefined, 0],
  ])('fails with the code %s, and costs %i credits then', async (failureCode, credits) => {
    await using mock = await startServer();
    const id = await mock.submit();
    mock.server.jobs.get(id)?.fail('It did not work', failureCode);
    expect(await mock.statusOf(id)).toEqual({
      ...{ id, createdAt: expect.any(String), status: 'FAILED', failure: 'It did not work' },
      ...{ cost: { credits }, ...(failureCode !== undefined && { failureCode }) },
    });
  });

  it('is known no longer once it was cancelled, and a second cancel is a 404', async () => {
    await using mock = await startServer();
    const id = await mock.submit();
    const cancel = () => mock.call('DELETE', `tasks/${id}`);
    expect(await cancel()).toMatchObject({ status: 204, body: undefined });
    const gone = { error: expect.stringContaining('does not exist, or was deleted or canceled') };
    expect(await cancel()).toMatchObject({ status: 404, body: gone });
    expect(await mock.statusOf(id)).toEqual(gone);
  });

  it('that has ended is deleted by the same call, its file too', async () => {
    await using mock = await startServer();
    const id = await mock.submit();
    mock.server.jobs.get(id)?.complete();
    const [url] = await mock.outputOf(id);
    expect((await fetch(String(url))).status).toBe(200);
    expect((await mock.call('DELETE', `tasks/${id}`)).status).toBe(204);
    expect((await fetch(String(url))).status).toBe(404);
    expect((await mock.call('GET', `tasks/${id}`)).status).toBe(404);
  });

  it('is made anew for a repeated key, for keys are nothing to Runway', async () => {
    await using mock = await startServer();
    const headers = { ...version, 'idempotency-key': 'order-7' };
    for (let times = 0; times < 2; times++) await mock.call('POST', 'text_to_video', boat, headers);
    expect(mock.server.jobs.size).toBe(2);
  });
});

describe('the mock server refuses in the manner of Runway', () => {
  it.each([
    [{}, 'The X-Runway-Version header is required'],
    [{ 'x-runway-version': '2023-01-01' }, 'not a valid X-Runway-Version'],
  ])('each call with the version %j', async (headers, words) => {
    await using mock = await startServer();
    const id = await mock.submit();
    for (const [method, path, body] of [
      ['POST', 'text_to_video', boat],
      ['GET', `tasks/${id}`],
      ['DELETE', `tasks/${id}`],
      ['GET', 'organization'],
    ] as const)
      expect(await mock.call(method, path, body, headers)).toMatchObject({
        ...{ status: 400, body: { error: expect.stringContaining(words) } },
      });
    expect(mock.server.jobs.size).toBe(1);
  });

  it.each<[string, string, object, string]>([
    ['a model that there is not', 'text_to_video', { ...boat, model: 'gen9' }, 'model'],
    ['a model of another task', 'text_to_video', { ...boat, model: 'gen4_turbo' }, 'model'],
    ['no prompt', 'text_to_video', { ...boat, promptText: undefined }, 'promptText'],
    ['no ratio', 'text_to_video', { ...boat, ratio: undefined }, 'ratio'],
    ['no duration', 'text_to_video', { ...boat, duration: undefined }, 'duration'],
    ['a ratio of pictures', 'text_to_video', { ...boat, ratio: '960:960' }, 'ratio'],
    ['a part of a second', 'text_to_video', { ...boat, duration: 2.5 }, 'duration'],
    ['eleven seconds', 'text_to_video', { ...boat, duration: 11 }, 'duration'],
    ['a seed below 0', 'text_to_video', { ...boat, seed: -1 }, 'seed'],
    ['a long prompt', 'text_to_video', { ...boat, promptText: 'x'.repeat(1_001) }, 'promptText'],
    ['five seconds of Veo', 'text_to_video', { ...boat, model: 'veo3.1' }, 'duration'],
    ['a field that it has not', 'text_to_video', { ...boat, fps: 24 }, ''],
    ['a picture of another task', 'text_to_video', { ...boat, promptImage: HTTPS }, ''],
    ['no picture', 'image_to_video', boat, 'promptImage'],
    [
      'a picture by http',
      'image_to_video',
      { ...boat, promptImage: 'http://host.test/a.png' },
      'promptImage',
    ],
    [
      'a long URL',
      'image_to_video',
      { ...boat, promptImage: `${HTTPS}?${'x'.repeat(2_048)}` },
      'promptImage',
    ],
    ['an empty list', 'image_to_video', { ...boat, promptImage: [] }, 'promptImage'],
    [
      'a position in the middle',
      ...(['image_to_video', { ...boat, promptImage: [{ uri: HTTPS, position: 'middle' }] }] as const),
      'promptImage.0.position',
    ],
    ['no video', 'video_to_video', { model: 'aleph2' }, 'videoUri'],
    ['the video of another model', 'video_to_video', { model: 'aleph2', promptVideo: HTTPS }, 'videoUri'],
  ])('%s', async (_, task, input, path) => {
    await using mock = await startServer();
    const { status, body } = await mock.call('POST', task, input);
    expect({ status, error: body?.error, docUrl: body?.docUrl }).toEqual({
      ...{ status: 400, error: 'Validation of body failed', docUrl: expect.stringContaining('https://') },
    });
    const issues = body?.issues as { path: string[]; message: string }[];
    expect(issues.map((issue) => issue.path.join('.'))).toContain(path);
    expect(mock.server.jobs.size).toBe(0);
  });

  it('a data URL of more than 5,242,880 characters', async () => {
    await using mock = await startServer();
    const start = 'data:image/png;base64,';
    for (const [length, status] of [[5_242_880, 200] as const, [5_242_881, 400] as const]) {
      const promptImage = start + 'A'.repeat(length - start.length);
      expect((await mock.call('POST', 'image_to_video', { ...boat, promptImage })).status).toBe(status);
    }
  });

  it('what is no JSON, a key that is wrong, a route and a method that it has not', async () => {
    await using mock = await startServer({ auth: { type: 'bearer', token: 'key_mock' } });
    const auth = { ...version, authorization: 'Bearer key_mock' };
    const told = [
      await mock.call('POST', 'text_to_video', '{', auth),
      await mock.call('GET', 'organization', undefined, { ...version, authorization: 'Bearer key_x' }),
      await mock.call('GET', 'tasks', undefined, auth),
      await mock.call('PUT', 'organization', undefined, auth),
    ];
    expect(told.map(({ status }) => status)).toEqual([400, 401, 404, 405]);
    for (const { body } of told) expect(body).toMatchObject({ error: expect.any(String) });
  });

  it('what the credits do not pay for, and a page', async () => {
    await using mock = await startServer({ credits: 100 });
    await mock.submit();
    const second = await mock.call('POST', 'text_to_video', boat);
    expect(second).toMatchObject({ status: 400, body: { error: expect.stringContaining('enough credits') } });
    expect((await mock.call('GET', 'organization')).body).toMatchObject({
      creditBalance: 40,
      usage: { models: { 'gen4.5': { dailyGenerations: 1 } } },
    });
    const page = await get(mock.server, '/runway/v1/organization', { origin: 'https://a.test', ...version });
    expect(page.headers.get('access-control-allow-origin')).toBeNull();
  });
});

it.each<[string, object]>([
  ['text_to_video', { model: 'seedance2_5' }],
  ['text_to_video', { model: 'seedance2_5', promptText: 'x'.repeat(15_000), duration: 'auto' }],
  ['text_to_video', { model: 'veo3.1_fast', promptText: 'A boat', ratio: '1080:1920', duration: 8 }],
  ['image_to_video', { ...boat, ratio: '1584:672', promptImage: HTTPS }],
  ['image_to_video', { model: 'gen4_turbo', ratio: '960:960', promptImage: 'runway://x' }],
  ['image_to_video', { ...boat, promptImage: [{ uri: HTTPS, position: 'first' }] }],
  ['video_to_video', { model: 'aleph2', videoUri: HTTPS, targetAspectRatio: '21:9' }],
  ['video_to_video', { model: 'seedance2_5', promptVideo: HTTPS, references: [{ uri: HTTPS }] }],
])('%s of the mock server takes %j', async (task, input) => {
  await using mock = await startServer();
  expect(await mock.call('POST', task, input)).toMatchObject({
    status: 200,
    body: { id: expect.any(String) },
  });
});
