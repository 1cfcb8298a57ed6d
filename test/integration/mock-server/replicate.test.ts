import { describe, expect, it } from 'vitest';
import { createMockServer, type MockServerOptions, mockMedia } from '../../../src/mock-server/index.js';
import { listen } from '../../support/listen.js';
import { until } from '../../support/until.js';
import { get, post } from './support.js';

const SECRET = `whsec_${Buffer.from('a key of the Replicate webhooks').toString('base64')}`;
const MODEL = 'google/veo-3.1';
const VERSION = `someone/film:${'9f3c'.repeat(16)}`;
const PLACE = '/replicate/v1/predictions';
const boat = { version: MODEL, input: { prompt: 'A boat', duration: 4 } };

function startServer(options: MockServerOptions = {}) {
  return createMockServer({ manual: true, ...options });
}

describe('a prediction of the mock server', () => {
  it('goes from starting to succeeded, with all that Replicate says of one', async () => {
    await using server = await startServer();
    const made = await post(server, PLACE, boat);
    expect(made.status).toBe(201);
    const id = String(made.body.id);
    const place = `${server.urlOf('replicate')}/predictions/${id}`;
    expect(made.body).toEqual({
      ...{ id, model: MODEL, version: 'hidden', input: boat.input, logs: '', output: null },
      ...{ data_removed: false, error: null, source: 'api', status: 'starting' },
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      urls: { get: place, cancel: `${place}/cancel`, web: `https://replicate.com/p/${id}` },
    });
    const job = server.jobs.get(id);
    job?.advance({ status: 'processing', progress: 40 });
    const running = (await get(server, `${PLACE}/${id}`)).body;
    expect(running).toMatchObject({ status: 'processing', output: null, started_at: expect.any(String) });
    expect(running.logs).toMatch(/^40%\|████\| 40\/100/m);
    job?.complete();
    const done = (await get(server, `${PLACE}/${id}`)).body;
    expect(done).toMatchObject({
      ...{ status: 'succeeded', error: null, completed_at: expect.any(String) },
      metrics: { predict_time: expect.any(Number), total_time: expect.any(Number) },
    });
    const file = await fetch(String(done.output));
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(mockMedia());
  });

  it('of a model that is run by its version has a list of files', async () => {
    await using server = await startServer({ outputs: 2 });
    const { body } = await post(server, PLACE, { version: VERSION, input: {} });
    expect(body).toMatchObject({ model: 'someone/film', version: '9f3c'.repeat(16) });
    server.jobs.get(String(body.id))?.complete();
    const { output } = (await get(server, `${PLACE}/${body.id}`)).body as { output: string[] };
    expect(output).toHaveLength(2);
    const [one, two] = await Promise.all(output.map(async (url) => (await fetch(url)).text()));
    expect(one).not.toBe(two);
  });

  it('fails with its reason in one text', async () => {
    await using server = await startServer();
    const { body } = await post(server, PLACE, boat);
    server.jobs.get(String(body.id))?.advance({ status: 'processing' }).fail('Flagged as sensitive', 'E005');
    expect((await get(server, `${PLACE}/${body.id}`)).body).toMatchObject({
      ...{ status: 'failed', error: 'Flagged as sensitive (E005)', output: null },
    });
  });

  it('ends by a cancel, as aborted before it has started; one that has ended stays as it is', async () => {
    await using server = await startServer();
    const words: unknown[] = [];
    for (const status of ['queued', 'processing', 'completed'] as const) {
      const { body } = await post(server, PLACE, boat);
      server.jobs.get(String(body.id))?.advance({ status });
      const cancelled = await post(server, `${PLACE}/${body.id}/cancel`, undefined);
      expect(cancelled.status).toBe(200);
      expect(cancelled.body.error).toBeNull();
      words.push(cancelled.body.status);
    }
    expect(words).toEqual(['aborted', 'canceled', 'succeeded']);
  });

  it('ends by itself after Cancel-After', async () => {
    await using server = await startServer();
    const { body } = await post(server, PLACE, boat, { 'cancel-after': '1h30m5s' });
    const lifeMs = Date.parse(String(body.deadline)) - Date.parse(String(body.created_at));
    expect(Math.abs(lifeMs - 5_405_000)).toBeLessThan(10_000);
    for (const short of ['4', '4s', 'soon'])
      expect((await post(server, PLACE, boat, { 'cancel-after': short })).body.deadline).toBeUndefined();
    const { body: brief } = await post(server, PLACE, boat, { 'cancel-after': '5' });
    await until(() => server.jobs.get(String(brief.id))?.ended === true, 'it is ended');
    expect((await get(server, `${PLACE}/${brief.id}`)).body.status).toBe('aborted');
  }, 30_000);

  it('is waited for where that is preferred, for as long as that says', async () => {
    await using server = await startServer({ onSubmit: () => ({ manual: false, durationMs: 50 }) });
    const whole = await post(server, PLACE, boat, { prefer: 'wait' });
    expect([whole.status, whole.body.status]).toEqual([201, 'succeeded']);
    await using slow = await startServer();
    const late = await post(slow, PLACE, boat, { prefer: 'wait=1' });
    expect([late.status, late.body.status]).toEqual([202, 'starting']);
  });

  it('is made once more where an Idempotency-Key comes again', async () => {
    await using server = await startServer();
    const key = { 'idempotency-key': 'k' };
    const one = await post(server, PLACE, boat, key);
    expect((await post(server, PLACE, boat, key)).body.id).not.toBe(one.body.id);
  });

  it('keeps no file that came as a data URL', async () => {
    await using server = await startServer();
    const input = { prompt: 'x', image: 'data:image/png;base64,AQIDBA==', nested: ['data:,a', 'x'] };
    const { body } = await post(server, PLACE, { version: VERSION, input });
    expect(body.input).toEqual({
      ...input,
      image: 'data:image/png;base64,...',
      nested: ['data:,a', 'x'],
    });
  });

  it('loses its input, output, logs and files some time after its end, for good', async () => {
    await using server = await startServer({ urlLifetimeMs: 3_000 });
    const { body } = await post(server, PLACE, boat);
    server.jobs.get(String(body.id))?.complete();
    const { output } = (await get(server, `${PLACE}/${body.id}`)).body;
    await until(() => (server.jobs.get(String(body.id))?.msSinceEnd ?? 0) > 3_000);
    expect((await get(server, `${PLACE}/${body.id}`)).body).toMatchObject({
      ...{ status: 'succeeded', data_removed: true, output: null, input: {}, logs: '' },
    });
    expect((await fetch(String(output))).status).toBe(403);
  });
});

describe('a submit is refused', () => {
  it.each([
    ['without a version', { input: {} }, '- version: version is required'],
    ['without an input', { version: MODEL }, '- input: input is required'],
    ['whose input is no object', { version: MODEL, input: 'A boat' }, '- input: input is required'],
    ['with a field there is not', { ...boat, model: MODEL }, '- model: Additional property model'],
    ['whose webhook is not https', { ...boat, webhook: 'http://example.com' }, '- webhook: webhook must'],
    ['whose webhook is no URL', { ...boat, webhook: 7 }, '- webhook: webhook must'],
    ['with an event there is not', { ...boat, webhook_events_filter: ['end'] }, '- webhook_events_filter: '],
    ['whose input lacks what the model needs', { ...boat, input: {} }, '- input: prompt is required'],
    [
      'whose input has a wrong type',
      { ...boat, input: { prompt: 'x', duration: '4', seed: 1.5, generate_audio: 'no', image: 1 } },
      '- input.duration: must be one of 4,6,8\n- input.image: Invalid type. Expected: string\n- input.generate_audio: Invalid type. Expected: boolean\n- input.seed: Invalid type. Expected: integer\n',
    ],
  ])('%s', async (_, submit, words) => {
    await using server = await startServer();
    const { status, body } = await post(server, PLACE, submit);
    expect(status).toBe(422);
    expect(body).toMatchObject({ title: 'Input validation failed', status: 422 });
    expect(body.detail).toContain(words);
    expect(body.invalid_fields).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'invalid' })]),
    );
    expect(server.jobs.size).toBe(0);
  });

  it.each(['veo', 'google/veo-3.1:latest', 'a/b/c', '9f3c'])('for the version %s', async (version) => {
    await using server = await startServer();
    const { status, body } = await post(server, PLACE, { version, input: {} });
    expect([status, body.title]).toEqual([422, 'Invalid version or not permitted']);
  });

  it('as what is no JSON, and where there is nothing', async () => {
    await using server = await startServer();
    const response = await fetch(server.url + PLACE, { method: 'POST', body: '{"version":' });
    expect([response.status, await response.json()]).toEqual([
      400,
      { detail: 'Failed to parse request body as JSON', status: 400 },
    ]);
    const missing = await get(server, `${PLACE}/none`);
    expect([missing.status, missing.body.detail]).toEqual([
      404,
      'The requested resource could not be found.',
    ]);
    expect((await get(server, '/replicate/v1/films')).body.status).toBe(404);
    expect((await post(server, '/replicate/v1/account', {})).status).toBe(405);
    const foreign = server.jobs.create({ dialect: 'openAIVideos' });
    expect((await get(server, `${PLACE}/${foreign.id}`)).status).toBe(404);
  });

  it('where the account has no credit left', async () => {
    await using server = await startServer({ credits: 15 });
    const answers = [await post(server, PLACE, boat), await post(server, PLACE, boat)];
    expect(answers.map(({ status }) => status)).toEqual([201, 402]);
    expect(answers[1]?.body).toMatchObject({ title: 'Insufficient credit', status: 402 });
  });

  it('without a token, as is everything', async () => {
    await using server = await startServer({ auth: { type: 'bearer', token: 'r8_x' } });
    const refused = await post(server, PLACE, boat);
    expect([refused.status, refused.body.title]).toEqual([401, 'Unauthenticated']);
    expect((await get(server, '/replicate/v1/account')).status).toBe(401);
    for (const authorization of ['Bearer r8_x', 'Token r8_x'])
      expect((await post(server, PLACE, boat, { authorization })).status).toBe(201);
  });
});

describe('the rest of what Replicate has', () => {
  it('a route of its own for official models, which takes no version', async () => {
    await using server = await startServer();
    const { input } = boat;
    const made = await post(server, `/replicate/v1/models/${MODEL}/predictions`, { input });
    expect(made.body).toMatchObject({ model: MODEL, version: 'hidden', input });
    expect((await post(server, `/replicate/v1/models/${MODEL}/predictions`, boat)).status).toBe(422);
  });

  it('a list in pages of a hundred, the newest first, by time too', async () => {
    await using server = await startServer();
    const ids = Array.from({ length: 205 }, () => server.jobs.create({ dialect: 'replicate' }).id).reverse();
    server.jobs.create({ dialect: 'openAIVideos' });
    const seen: string[] = [];
    const pages: number[] = [];
    let last = '';
    for (let url: string | null = server.url + PLACE; url !== null; ) {
      const page = (await (await fetch(url)).json()) as {
        results: { id: string }[];
        next: string | null;
        previous: string | null;
      };
      seen.push(...page.results.map(({ id }) => id));
      pages.push(page.results.length);
      last = page.previous ?? '';
      url = page.next;
    }
    expect(pages).toEqual([100, 100, 5]);
    expect(seen).toEqual(ids);
    const before = (await (await fetch(last)).json()) as { results: { id: string }[] };
    expect(before.results.map(({ id }) => id)).toEqual(ids.slice(100, 200));
    const at = (ms: number) => encodeURIComponent(new Date(Date.now() + ms).toISOString());
    const lengthOf = async (query: string) =>
      ((await get(server, `${PLACE}?${query}`)).body.results as unknown[]).length;
    expect(await lengthOf(`created_after=${at(60_000)}`)).toBe(0);
    expect(await lengthOf(`created_after=${at(-60_000)}`)).toBe(100);
    expect(await lengthOf(`created_before=${at(-60_000)}`)).toBe(0);
    expect((await get(server, `${PLACE}?created_after=yesterday`)).status).toBe(400);
  });

  it('the models that it knows, with what their inputs are', async () => {
    await using server = await startServer();
    const { body } = await get(server, `/replicate/v1/models/${MODEL}`);
    expect(body).toMatchObject({
      ...{ owner: 'google', name: 'veo-3.1' },
      latest_version: {
        openapi_schema: {
          components: {
            schemas: {
              Input: {
                required: ['prompt'],
                properties: { duration: { type: 'integer', enum: [4, 6, 8] }, seed: { type: 'integer' } },
              },
            },
          },
        },
      },
    });
    expect((await get(server, '/replicate/v1/models/google/veo-0')).status).toBe(404);
    expect((await get(server, '/replicate/v1/models/__proto__/x')).status).toBe(404);
  });

  it('an account, and the secret of its webhooks', async () => {
    await using server = await startServer({ webhooks: { secrets: { replicate: SECRET } } });
    expect((await get(server, '/replicate/v1/account')).body).toMatchObject({
      type: 'user',
      username: 'mock',
    });
    const { body } = await get(server, '/replicate/v1/webhooks/default/secret');
    expect(body).toEqual({ key: SECRET });
    await using unsigned = await startServer();
    expect((await get(unsigned, '/replicate/v1/webhooks/default/secret')).status).toBe(404);
  });

  it('no answer that a page may read', async () => {
    await using server = await startServer();
    const origin = 'http://localhost:5173';
    const { headers } = await get(server, '/replicate/v1/account', { origin });
    expect(headers.has('access-control-allow-origin')).toBe(false);
    const preflight = await fetch(server.url + PLACE, { method: 'OPTIONS', headers: { origin } });
    expect([preflight.status, preflight.headers.has('access-control-allow-origin')]).toEqual([405, false]);
    expect(
      (await get(server, '/openaivideos/v1/videos', { origin })).headers.get('access-control-allow-origin'),
    ).toBe('*');
  });
});

describe('the webhooks of Replicate', () => {
  async function receiver(statuses: readonly number[] = []) {
    const heard: { readonly id: unknown; readonly body: Record<string, unknown> }[] = [];
    const server = await listen(async (request, response) => {
      let raw = '';
      for await (const chunk of request) raw += chunk;
      heard.push({ id: request.headers['webhook-id'], body: JSON.parse(raw) });
      response.writeHead(statuses[heard.length - 1] ?? 200).end();
    });
    return { ...server, heard };
  }

  it('tell by default of the output and of the end, in the words of a status answer', async () => {
    const hook = await receiver();
    await using server = await startServer();
    const { body } = await post(server, PLACE, { ...boat, webhook: hook.url });
    const job = server.jobs.get(String(body.id));
    job?.advance({ status: 'processing', progress: 50 }).complete();
    await server.webhooks.settled();
    expect(server.webhooks.deliveries.map(({ event }) => event)).toEqual(['output', 'completed']);
    expect(hook.heard.map(({ body }) => body.status)).toEqual(['processing', 'succeeded']);
    expect(hook.heard[0]?.body).toMatchObject({ id: body.id, output: expect.any(String) });
    expect(hook.heard[0]?.body).not.toHaveProperty('completed_at');
    expect(hook.heard[1]?.body).toEqual((await get(server, `${PLACE}/${body.id}`)).body);
  });

  it('tell of what was asked for: the start once, and lines of the log at most twice a second', async () => {
    const hook = await receiver();
    await using server = await startServer();
    const filter = ['start', 'logs', 'completed'];
    const { body } = await post(server, PLACE, { ...boat, webhook: hook.url, webhook_events_filter: filter });
    const job = server.jobs.get(String(body.id));
    for (let progress = 1; progress <= 90; progress++) job?.advance({ status: 'processing', progress });
    job?.fail('no');
    await server.webhooks.settled();
    const events = server.webhooks.deliveries.map(({ event }) => event);
    expect(events.filter((event) => event !== 'logs')).toEqual(['start', 'completed']);
    const logs = events.length - 2;
    // Ninety changes in far less than their number of half seconds.
    expect(logs).toBeGreaterThanOrEqual(1);
    expect(logs).toBeLessThan(45);
    expect(hook.heard.at(-1)?.body).toMatchObject({ status: 'failed', error: 'no' });
  });

  it('come again with the same id where they were of the end, and only then', async () => {
    const hook = await receiver([500, 500, 500]);
    await using server = await startServer();
    const webhook_events_filter = ['start', 'completed'];
    const { body } = await post(server, PLACE, { ...boat, webhook: hook.url, webhook_events_filter });
    server.jobs.get(String(body.id))?.advance({ status: 'processing' }).complete();
    await server.webhooks.settled();
    expect(server.webhooks.deliveries.map(({ event, attempt }) => [event, attempt])).toEqual([
      ['start', 1],
      ['completed', 1],
      ['completed', 2],
      ['completed', 3],
    ]);
    const [start, ...ends] = hook.heard.map(({ id }) => id);
    expect(new Set(ends).size).toBe(1);
    expect(start).not.toBe(ends[0]);
  });

  it('follow no redirect', async () => {
    const hook = await receiver(Array(9).fill(301));
    await using server = await startServer({ webhooks: { retryDelaysMs: { replicate: [] } } });
    const { body } = await post(server, PLACE, { ...boat, webhook: hook.url });
    server.jobs.get(String(body.id))?.complete();
    await server.webhooks.settled();
    expect(server.webhooks.deliveries.map(({ status }) => status)).toEqual([301, 301]);
  });

  it('go to no other machine unless that is allowed', async () => {
    await using server = await startServer();
    const { body } = await post(server, PLACE, { ...boat, webhook: 'https://app.example.com/hook' });
    server.jobs.get(String(body.id))?.complete();
    await server.webhooks.settled();
    expect(server.webhooks.deliveries.map(({ error }) => error)).toEqual([
      expect.stringContaining('allowedHosts'),
      expect.stringContaining('allowedHosts'),
    ]);
  });
});
