import Replicate, { type Prediction, validateWebhook } from 'replicate';
import { describe, expect, it } from 'vitest';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';
import { listen } from '../../support/listen.js';

const SECRET = `whsec_${Buffer.from('a key of the Replicate webhooks').toString('base64')}`;
const MODEL = 'google/veo-3.1';
const VERSION = '9f3c'.repeat(16);
const input = { prompt: 'A boat', duration: 4 };

function startServer(options: MockServerOptions = {}) {
  return createMockServer({ durationMs: 60, auth: { type: 'bearer', token: 'r8_mock' }, ...options });
}

/** Replicate's own client, of whatever version is installed. */
function official(server: MockServer, auth = 'r8_mock') {
  return new Replicate({ auth, baseUrl: server.urlOf('replicate') });
}

describe('the official client cannot tell the mock server from Replicate', () => {
  it.each([
    ['an official model', { model: MODEL }],
    ['an official model as a version', { version: MODEL }],
    ['a version', { version: VERSION }],
  ])('when it submits %s, waits, lists and reads the account', async (_, what) => {
    await using server = await startServer();
    const replicate = official(server);
    const made: Prediction = await replicate.predictions.create({ ...what, input } as never);
    expect(made.status).toBe('starting');
    const done = await replicate.wait(made, { interval: 20 });
    expect(done).toMatchObject({ id: made.id, status: 'succeeded', input });
    const [url] = [done.output].flat();
    const file = await fetch(url);
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'video/mp4']);
    expect((await replicate.predictions.list()).results.map(({ id }) => id)).toEqual([made.id]);
    expect(await replicate.accounts.current()).toMatchObject({ username: 'mock' });
    const { latest_version } = await replicate.models.get('google', 'veo-3.1');
    expect(latest_version?.openapi_schema).toHaveProperty('components.schemas.Input.properties.prompt');
  });

  it('when it runs a model to its end in one call, or by polling', async () => {
    await using server = await startServer();
    const words: string[] = [];
    for (const wait of [{ mode: 'block' }, { mode: 'poll', interval: 20 }] as const) {
      const output = await official(server).run(MODEL, { input, wait }, ({ status }) => words.push(status));
      expect(String(output)).toMatch(/^http/);
    }
    expect(words.filter((word) => word === 'succeeded').length).toBeGreaterThanOrEqual(2);
    const failing = await startServer({ failWith: { message: 'Flagged as sensitive', code: 'E005' } });
    await expect(official(failing).run(MODEL, { input })).rejects.toThrow(
      'Prediction failed: Flagged as sensitive (E005)',
    );
    await failing.close();
  });

  it('when it uploads a Blob or a Buffer that is an input, which it does unless told otherwise', async () => {
    await using server = await startServer();
    const picture = new File([new Uint8Array([137, 80, 78, 71])], 'boat.png', { type: 'image/png' });
    const replicate = official(server);
    const { id } = await replicate.predictions.create({
      model: MODEL,
      input: { ...input, image: picture, last_frame: Buffer.from('last') },
    });
    const results = (await replicate.files.list()).results;
    expect(results).toMatchObject([
      { content_type: 'application/octet-stream', size: 4 },
      { name: 'boat.png', content_type: 'image/png', size: 4, metadata: {} },
    ]);
    const sent = (await replicate.predictions.get(id)).input as Record<string, string>;
    expect([sent.last_frame, sent.image]).toEqual(results.map(({ urls }) => urls.get));
    expect(sent.image).toMatch(new RegExp(`^${server.urlOf('replicate')}/files/[\\w-]+$`));
    expect(server.requests.filter(({ route }) => route === 'upload')[0]?.files[0]).toMatchObject({
      ...{ name: 'content', filename: 'boat.png', bytes: new Uint8Array([137, 80, 78, 71]) },
    });
  });

  it('when it reads and deletes what it has uploaded', async () => {
    await using server = await startServer();
    const { files } = official(server);
    const made = await files.create(new Blob(['abc']), { of: 'a test' });
    expect(made).toMatchObject({
      metadata: { of: 'a test' },
      checksums: { sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
    });
    expect(Date.parse(String(made.expires_at)) - Date.parse(made.created_at)).toBe(24 * 3_600_000);
    expect(await files.get(made.id)).toEqual(made);
    expect(await files.delete(made.id)).toBe(true);
    await expect(files.get(made.id)).rejects.toThrow(/404.*The requested resource could not be found/);
    await expect(files.delete(made.id)).rejects.toThrow(/404/);
  });

  it('when it reads the progress out of the logs', async () => {
    await using server = await startServer({ manual: true });
    const replicate = official(server);
    const { id } = await replicate.predictions.create({ model: MODEL, input });
    server.jobs.get(id)?.advance({ status: 'processing', progress: 30 });
    const { parseProgressFromLogs } = Replicate as unknown as Record<string, (from: unknown) => unknown>;
    expect(parseProgressFromLogs?.(await replicate.predictions.get(id))).toEqual({
      ...{ percentage: 0.3, current: 30, total: 100 },
    });
  });

  it('when it cancels', async () => {
    await using server = await startServer({ manual: true });
    const replicate = official(server);
    const { id } = await replicate.predictions.create({ model: MODEL, input });
    server.jobs.get(id)?.advance({ status: 'processing' });
    expect((await replicate.predictions.cancel(id)).status).toBe('canceled');
    expect((await replicate.predictions.get(id)).status).toBe('canceled');
  });

  it('when it goes through pages', async () => {
    await using server = await startServer({ manual: true });
    for (let count = 0; count < 101; count++) server.jobs.create({ dialect: 'replicate' });
    const replicate = official(server);
    const pages: number[] = [];
    for await (const page of replicate.paginate(replicate.predictions.list)) pages.push(page.length);
    expect(pages).toEqual([100, 1]);
  });

  it('when it is refused', async () => {
    await using server = await startServer();
    await expect(official(server, 'r8_wrong').accounts.current()).rejects.toMatchObject({
      name: 'ApiError',
      response: expect.objectContaining({ status: 401 }),
    });
    await expect(official(server).predictions.get('none')).rejects.toThrow(
      /404.*The requested resource could not be found/,
    );
    await expect(official(server).predictions.create({ model: MODEL, input: {} })).rejects.toThrow(
      /422.*prompt is required/,
    );
  });
});

it('the official client takes the signatures of the webhooks, and no others', async () => {
  const verdicts: boolean[] = [];
  const heard: Prediction[] = [];
  await using hook = await listen(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const request = { headers: incoming.headers as Record<string, string>, body };
    verdicts.push(await validateWebhook(request as never, SECRET));
    verdicts.push(!(await validateWebhook({ ...request, body: `${body} ` } as never, SECRET)));
    heard.push(JSON.parse(body));
    response.end();
  });
  await using server = await startServer({ webhooks: { secrets: { replicate: SECRET } } });
  const replicate = official(server);
  expect((await replicate.webhooks.default.secret.get()).key).toBe(SECRET);
  const { id } = await replicate.predictions.create({
    ...{ model: MODEL, input, webhook: hook.url },
    webhook_events_filter: ['start', 'output', 'logs', 'completed'],
  });
  await replicate.wait(await replicate.predictions.get(id), { interval: 20 });
  await server.webhooks.settled();
  expect(heard.at(-1)).toMatchObject({ id, status: 'succeeded' });
  expect(heard.length).toBeGreaterThanOrEqual(4);
  expect(verdicts).toEqual(heard.flatMap(() => [true, true]));
});
