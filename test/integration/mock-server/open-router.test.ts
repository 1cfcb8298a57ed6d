import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { OpenRouter } from '@openrouter/sdk';
import { describe, expect, it } from 'vitest';
import { createMockServer, type MockServer, mockMedia } from '../../../src/mock-server/index.js';
import { openRouterWebhooks } from '../../../src/webhooks/sources/open-router.js';
import { verifyWebhookSignature } from '../../../src/webhooks/verify.js';
import { listen } from '../../support/listen.js';
import { until } from '../../support/until.js';
import { get, post } from './support.js';

const VIDEOS = '/openrouter/api/v1/videos';
const model = 'google/veo-3.1';
const prompt = 'A cat';

/** The official client. It repeats every 5xx for an hour where it is not told to leave that. */
function sdkOf(server: MockServer, apiKey = 'key') {
  const serverURL = server.urlOf('openrouter');
  return new OpenRouter({ apiKey, serverURL, retryConfig: { strategy: 'none' } }).videoGeneration;
}

describe('the official client, at the mock server,', () => {
  it('submits, polls, and reads the result', async () => {
    await using server = await createMockServer({ durationMs: 200, auth: { type: 'bearer', token: 'key' } });
    const sdk = sdkOf(server);
    const submitted = await sdk.generate({
      videoGenerationRequest: {
        ...{
          model,
          prompt,
          duration: 8,
          aspectRatio: '16:9',
          resolution: '720p',
          seed: 7,
          generateAudio: true,
        },
        frameImages: [
          { type: 'image_url', imageUrl: { url: 'https://host.test/a.png' }, frameType: 'first_frame' },
        ],
        inputReferences: [{ type: 'image_url', imageUrl: { url: 'data:image/png;base64,iVBORw==' } }],
        provider: { options: { googleVertex: { parameters: { negativePrompt: 'rain' } } } },
      },
    });
    expect(submitted).toMatchObject({ status: 'pending' });
    expect(submitted.id).toMatch(/^gen-vid-\d{10}-[0-9a-zA-Z]{20}$/);
    const words = new Set<string>();
    let job = submitted;
    await until(async () => {
      job = await sdk.getGeneration({ jobId: submitted.id });
      words.add(job.status);
      return job.status === 'completed';
    });
    expect([...words].filter((word) => !['pending', 'in_progress', 'completed'].includes(word))).toEqual([]);
    const url = `${server.urlOf('openrouter')}/videos/${job.id}/content?index=0`;
    expect(job).toMatchObject({ unsignedUrls: [url], usage: { cost: 3.2, isByok: false } });
    const stream = await sdk.getVideoContent({ jobId: job.id, index: 0 });
    expect(new Uint8Array(await new Response(stream).arrayBuffer())).toEqual(mockMedia());
  });

  it('lists the models', async () => {
    await using server = await createMockServer();
    const { data } = await sdkOf(server).listVideosModels();
    expect(data.map(({ id }) => id)).toContain(model);
    expect(data[0]).toMatchObject({ supportedDurations: [4, 6, 8], pricingSkus: expect.any(Object) });
  });

  it('knows each refusal as what it is', async () => {
    await using server = await createMockServer({
      manual: true,
      ...{ credits: 10, auth: { type: 'bearer', token: 'key' } },
    });
    const sdk = sdkOf(server);
    const submit = (videoGenerationRequest = { model, prompt }) => sdk.generate({ videoGenerationRequest });
    const { id } = await submit();
    await expect(submit()).rejects.toMatchObject({
      name: 'PaymentRequiredResponseError',
      error: { code: 402 },
    });
    await expect(submit({ model: 'veo', prompt })).rejects.toMatchObject({ name: 'BadRequestResponseError' });
    await expect(sdkOf(server, 'wrong').getGeneration({ jobId: id })).rejects.toMatchObject({
      name: 'UnauthorizedResponseError',
    });
    await expect(sdk.getGeneration({ jobId: 'none' })).rejects.toMatchObject({
      name: 'NotFoundResponseError',
    });
    await expect(sdk.getVideoContent({ jobId: id })).rejects.toMatchObject({
      name: 'BadRequestResponseError',
    });
  });

  it('reads a failure', async () => {
    await using server = await createMockServer({ failWith: 'refused by the filter', durationMs: 20 });
    const { id } = await sdkOf(server).generate({ videoGenerationRequest: { model, prompt } });
    await until(() => server.jobs.get(id)?.ended === true);
    expect(await sdkOf(server).getGeneration({ jobId: id })).toMatchObject({
      ...{ status: 'failed', error: 'refused by the filter' },
    });
  });
});

describe('a submit', () => {
  it.each([
    [{}, 'model: expected a string'],
    [{ model: 'veo' }, 'veo is not a valid model ID'],
    [{ prompt: 7 }, 'prompt: expected a string'],
    [{ duration: '8' }, 'duration: expected a positive integer'],
    [{ duration: 5 }, 'duration 5 is not supported by google/veo-3.1. Supported: 4, 6, 8'],
    [{ resolution: '480p' }, 'resolution 480p is not supported'],
    [{ resolution: '8K' }, 'resolution: expected one of'],
    [{ aspect_ratio: '1:1' }, 'aspect_ratio 1:1 is not supported'],
    [{ aspect_ratio: '5:4' }, 'aspect_ratio: expected one of'],
    [{ size: 'large' }, 'size: expected WIDTHxHEIGHT'],
    [{ seed: 1.5 }, 'seed: expected an integer'],
    [{ generate_audio: 'yes' }, 'generate_audio: expected a boolean'],
    [{ provider: 'google' }, 'provider: expected an object'],
    [{ callback_url: 'http://host.test/hook' }, 'callback_url: must be an HTTPS URL'],
    [{ callback_url: 'hook' }, 'callback_url: must be an HTTPS URL'],
    [{ frame_images: {} }, 'frame_images: expected an array'],
    [{ frame_images: [{ image_url: {} }] }, 'frame_images.0.type: expected "image_url"'],
    [{ frame_images: [{ type: 'image_url', frame_type: 'middle' }] }, 'frame_images.0.frame_type: expected'],
    [
      { frame_images: [{ type: 'image_url', frame_type: 'last_frame', image_url: { url: 'a.png' } }] },
      'frame_images.0.image_url.url: expected an HTTPS or data URL',
    ],
    [{ input_references: 'x' }, 'input_references: expected an array'],
    [{ input_references: [{ type: 'text' }] }, 'input_references.0.type: expected'],
    [
      { input_references: [{ type: 'video_url', video_url: { url: 'http://host.test/a.mp4' } }] },
      'input_references.0.video_url.url: expected an HTTPS or data URL',
    ],
  ])('of %j is refused', async (wrong, message) => {
    await using server = await createMockServer();
    const input = Object.keys(wrong).length === 0 ? { prompt } : { model, prompt, ...wrong };
    const { status, body } = await post(server, VIDEOS, input);
    expect([status, body]).toEqual([
      400,
      { error: { code: 400, message: expect.stringContaining(message) } },
    ]);
    expect(server.jobs.size).toBe(0);
  });

  it('that is no JSON object, or too large, is refused', async () => {
    await using server = await createMockServer();
    expect((await post(server, VIDEOS, [model])).status).toBe(400);
    expect((await post(server, VIDEOS, { model, prompt: 'x'.repeat(50 * 1_048_576) })).status).toBe(413);
  });

  it('makes a job each time, whatever the idempotency key', async () => {
    await using server = await createMockServer({ manual: true });
    const headers = { 'idempotency-key': 'one' };
    const [first, second] = [
      await post(server, VIDEOS, { model }, headers),
      await post(server, VIDEOS, { model }, headers),
    ];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(first.body.id).not.toBe(second.body.id);
  });

  it('goes on from a completed job of the same model only', async () => {
    await using server = await createMockServer({ manual: true });
    const before = server.jobs.create({ dialect: 'openRouter', input: { model } });
    const foreign = server.jobs.create({ dialect: 'openAIVideos' });
    const on = (previous_job_id: string, by = model) => post(server, VIDEOS, { model: by, previous_job_id });
    const statuses = [await on('none'), await on(foreign.id), await on(before.id)].map(
      ({ status }) => status,
    );
    before.complete();
    statuses.push((await on(before.id, 'alibaba/wan-2.7')).status, (await on(before.id)).status);
    expect(statuses).toEqual([404, 404, 409, 400, 202]);
  });
});

describe('a job', () => {
  it('is told in words that run from pending to its end, without progress and times', async () => {
    await using server = await createMockServer({ manual: true });
    const job = server.jobs.create({ dialect: 'openRouter', input: { model } });
    const place = `${VIDEOS}/${job.id}`;
    expect((await get(server, place)).body).toEqual({ id: job.id, polling_url: place, status: 'pending' });
    job.advance({ status: 'processing', progress: 40 });
    expect((await get(server, place)).body).toEqual({
      ...{
        id: job.id,
        polling_url: place,
        status: 'in_progress',
        generation_id: expect.stringMatching(/^gen-/),
      },
    });
    expect((await get(server, `${place}/content`)).body).toMatchObject({ error: { code: 400 } });
    job.complete();
    expect((await get(server, place)).body).toMatchObject({ usage: { cost: 2, is_byok: false } });
  });

  it.each([
    ['cancelled', 'cancelled'],
    ['expired', 'expired'],
    ['other', 'failed'],
  ])('that failed with the code %s is %s', async (code, word) => {
    await using server = await createMockServer({ manual: true });
    const job = server.jobs.create({ dialect: 'openRouter' }).fail('no time left', code);
    expect((await get(server, `${VIDEOS}/${job.id}`)).body).toMatchObject({
      status: word,
      error: 'no time left',
    });
  });

  it('has as many outputs as it says, for as long as it keeps them', async () => {
    await using server = await createMockServer({ manual: true });
    const init = { dialect: 'openRouter', outputs: 2 } as const;
    const [job, old] = [server.jobs.create(init), server.jobs.create({ ...init, urlLifetimeMs: 0 })];
    for (const one of [job, old]) one.complete();
    const { body } = await get(server, `${VIDEOS}/${job.id}`);
    expect(body.unsigned_urls).toHaveLength(2);
    const files = (body.unsigned_urls as string[]).map(async (url) => (await fetch(url)).arrayBuffer());
    const [first, second] = (await Promise.all(files)).map((file) => new Uint8Array(file));
    expect([first, second]).toEqual([mockMedia(), mockMedia('reels')]);
    const statusOf = async (id: string, index: string) =>
      (await get(server, `${VIDEOS}/${id}/content?index=${index}`)).status;
    expect([await statusOf(job.id, '2'), await statusOf(job.id, 'x'), await statusOf(old.id, '0')]).toEqual([
      404, 400, 410,
    ]);
  });
});

describe('the webhook', () => {
  it.each([
    ['completed', 'video.generation.completed'],
    ['failed', 'video.generation.failed'],
    ['expired', 'video.generation.expired'],
  ])('of a job that has %s is signed over the time, a comma and the body', async (word, type) => {
    const heard: { headers: Record<string, unknown>; body: string }[] = [];
    await using hook = await listen(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      heard.push({ headers: request.headers, body });
      response.end();
    });
    await using server = await createMockServer({
      manual: true,
      webhooks: { secrets: { openRouter: 'shared secret' } },
    });
    const { body } = await post(server, VIDEOS, { model, callback_url: hook.url });
    const job = server.jobs.get(String(body.id));
    job?.advance({ status: 'processing', progress: 50 });
    if (word === 'completed') job?.complete();
    else job?.fail('no time left', word);
    await until(() => heard.length > 0);
    await server.webhooks.settled();
    expect(heard).toHaveLength(1);
    const [{ headers, body: text } = { headers: {}, body: '' }] = heard;
    const [, time, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-openrouter-signature'])) ?? [];
    expect(hex).toBe(createHmac('sha256', 'shared secret').update(`${time},${text}`).digest('hex'));
    expect(Math.abs(Number(time) - Date.now() / 1_000)).toBeLessThan(60);
    expect(headers['x-openrouter-idempotency-key']).toBe(`${body.id}-${word}`);
    const told = JSON.parse(text) as Record<string, unknown>;
    expect(told).toMatchObject({ type, created_at: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(told.data).toMatchObject({ id: body.id, status: word, model });
    expect(told.data).not.toHaveProperty('polling_url');
  });

  it('is signed by any text, also one that begins as the secrets of others do and is no base64', async () => {
    const secret = 'whsec_not base64!';
    const heard: { headers: IncomingHttpHeaders; body: string }[] = [];
    await using hook = await listen(async (request, response) => {
      heard.push({ headers: request.headers, body: await text(request) });
      response.end();
    });
    await using server = await createMockServer({
      ...{ durationMs: 20, webhooks: { secrets: { openRouter: secret } } },
    });
    await post(server, VIDEOS, { model, callback_url: hook.url });
    await until(() => heard.length > 0);
    for (const delivery of heard)
      await verifyWebhookSignature({ ...delivery, from: openRouterWebhooks({ secret }) });
    const refused = createMockServer({ webhooks: { secrets: { replicate: secret } } });
    await expect(refused).rejects.toMatchObject({ option: 'webhooks.secrets.replicate' });
  });

  it('has no signature without a secret, and is sent once', async () => {
    let calls = 0;
    await using hook = await listen((_request, response) => {
      calls += 1;
      response.writeHead(500).end();
    });
    await using server = await createMockServer({ durationMs: 20 });
    await post(server, VIDEOS, { model, callback_url: hook.url });
    await until(() => calls > 0);
    await server.webhooks.settled();
    expect(server.webhooks.deliveries).toMatchObject([{ status: 500, dialect: 'openRouter' }]);
    expect(server.webhooks.deliveries[0]?.headers).not.toHaveProperty('x-openrouter-signature');
  });

  it('goes to no other machine, unless its host is allowed', async () => {
    await using server = await createMockServer({ durationMs: 20 });
    await post(server, VIDEOS, { model, callback_url: 'https://host.test/hook' });
    await until(() => server.webhooks.deliveries.length > 0);
    await server.webhooks.settled();
    expect(server.webhooks.deliveries[0]?.error).toContain('webhooks.allowedHosts');
  });
});

it('a route that there is not, and a wrong method, are refused in its own words', async () => {
  await using server = await createMockServer();
  const told = [await get(server, '/openrouter/api/v1/nothing'), await post(server, `${VIDEOS}/x`, {})];
  expect(told.map(({ body }) => body)).toEqual([
    { error: { code: 404, message: 'Not Found' } },
    { error: { code: 405, message: 'Method Not Allowed' } },
  ]);
});
