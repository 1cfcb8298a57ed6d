import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createMockServer, type MockServer } from '../../../src/mock-server/index.js';
import { listen } from '../../support/listen.js';
import { until } from '../../support/until.js';
import { get, golden, post } from './support.js';

const KEY = Buffer.from('a key of the OpenAI webhooks');
const SECRET = `whsec_${KEY.toString('base64')}`;

interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly body: Record<string, unknown>;
}

/** A receiver that answers with these statuses in turn, then 200. */
async function receiver(statuses: readonly (number | 'reset')[] = []) {
  const deliveries: Delivery[] = [];
  const server = await listen(async (request, response) => {
    let raw = '';
    for await (const chunk of request) raw += chunk;
    deliveries.push({ headers: request.headers, raw, body: JSON.parse(raw) });
    const status = statuses[deliveries.length - 1] ?? 200;
    if (status === 'reset') request.socket.resetAndDestroy();
    else response.writeHead(status).end();
  });
  return { ...server, url: `${server.url}/hook`, deliveries };
}

const hex = (secret: string, raw: string) => createHmac('sha256', secret).update(raw).digest('hex');
const times = { timestamp: expect.any(String) };

describe('webhooks that the mock server sends', () => {
  it('tell every change of a gateway job, signed', async () => {
    await using hook = await receiver();
    await using server = await createMockServer({
      ...{ manual: true, webhooks: { gateway: { url: hook.url, secret: 's3cret' } } },
    });
    const job = server.jobs.create({ id: 'job-xxx' });
    job.advance();
    job.advance({ status: 'processing', progress: 35 });
    job.complete();
    await server.webhooks.settled();
    const soraJobId = job.upstreamId;
    const [queued, processing, completed] = hook.deliveries;
    expect(queued?.body).toEqual({ ...golden('webhooks/gateway-queued'), ...times, soraJobId });
    expect(processing?.body).toEqual({ ...golden('webhooks/gateway-processing'), ...times, soraJobId });
    expect(completed?.body).toEqual({
      ...golden('webhooks/gateway-completed'),
      ...{ ...times, soraJobId, contentExpiresAt: expect.any(Number) },
      videoUrl: `https://api.openai.com/v1/videos/${soraJobId}/content`,
    });
    for (const { headers, raw } of hook.deliveries) {
      expect(headers['x-signature']).toBe(hex('s3cret', raw));
      expect(Math.abs(Number(headers['x-timestamp']) - Date.now())).toBeLessThan(5_000);
    }
    const failed = server.jobs.create();
    failed.advance({ status: 'processing', progress: 50 }).fail('Sora API error message');
    await server.webhooks.settled();
    expect(hook.deliveries.at(-1)?.body).toMatchObject({
      ...golden('webhooks/gateway-failed'),
      ...{ ...times, jobId: failed.id, soraJobId: failed.upstreamId },
    });
  });

  it('name the video by a path of the gateway in the manner of running servers', async () => {
    await using hook = await receiver();
    await using server = await createMockServer({
      ...{ manual: true, style: 'field', webhooks: { gateway: { url: hook.url } } },
    });
    server.jobs.create({ id: 'job-xxx' }).complete();
    await server.webhooks.settled();
    const { videoUrl } = golden('webhooks/gateway-completed-relative');
    expect(hook.deliveries[0]?.body.videoUrl).toBe(videoUrl);
    expect(hook.deliveries[0]?.headers['x-signature']).toBeUndefined();
  });

  it('tell start and end of a vidBuilder job to the URL of its request', async () => {
    await using hook = await receiver();
    await using server = await createMockServer({
      ...{ manual: true, s3: 'only', webhooks: { vidBuilder: { secret: 'v' } } },
    });
    const { body } = await post(server, '/api/generate-video-async', {
      webhookUrl: hook.url,
      generateReels: true,
      scenes: [{ type: 'hero-title', duration: 13, content: {} }],
    });
    const job = server.jobs.get(String(body.jobId));
    job?.advance({ status: 'processing' }).advance({ progress: 50 }).complete();
    await server.webhooks.settled();
    const [started, completed] = hook.deliveries;
    expect(hook.deliveries).toHaveLength(2);
    const jobId = job?.id;
    expect(started?.body).toEqual({ ...golden('webhooks/vid-builder-started'), ...times, jobId });
    const result = golden('webhooks/vid-builder-completed-s3-reels');
    expect(Object.keys(completed?.body ?? {}).sort()).toEqual(Object.keys(result).sort());
    // The same object as the status call gives, but that each signs its URLs afresh.
    const { s3Upload, ...told } = (await get(server, `/api/job-status/${jobId}`)).body;
    expect(completed?.body).toEqual({ ...told, s3Upload: expect.objectContaining({ enabled: true }) });
    expect(s3Upload).toMatchObject({ enabled: true });
    expect(hook.deliveries.map(({ headers }) => headers['x-webhook-event'])).toEqual([
      'started',
      'completed',
    ]);
    expect(completed?.headers['x-webhook-signature']).toBe(hex('v', completed?.raw ?? ''));
  });

  it('tell a failed vidBuilder job, unsigned without a secret', async () => {
    await using hook = await receiver();
    await using server = await createMockServer({ manual: true });
    const job = server.jobs.create({ dialect: 'vidBuilder', input: { webhookUrl: hook.url } });
    job.fail('Failed to render video: Out of memory');
    await server.webhooks.settled();
    expect(hook.deliveries[0]?.body).toEqual({
      ...golden('webhooks/vid-builder-failed'),
      ...{ ...times, jobId: job.id },
    });
    expect(hook.deliveries[0]?.headers).not.toHaveProperty('x-webhook-signature');
  });

  it('tell the end of an OpenAI job by Standard Webhooks', async () => {
    await using hook = await receiver();
    await using server = await createMockServer({
      ...{ manual: true, webhooks: { openAI: { url: hook.url, secret: SECRET } } },
    });
    const done = server.jobs.create({ dialect: 'openAIVideos' }).advance({ status: 'processing' });
    done.complete();
    const failed = server.jobs.create({ dialect: 'openAIVideos' }).fail('Blocked', 'moderation_blocked');
    await server.webhooks.settled();
    expect(hook.deliveries).toHaveLength(2);
    const bodyOf = (id: string) =>
      hook.deliveries.find(({ body }) => (body.data as { id: string }).id === id)?.body ?? {};
    const varying = { id: expect.stringMatching(/^evt_/), created_at: expect.any(Number) };
    expect(bodyOf(done.id)).toEqual({
      ...golden('webhooks/openai-completed'),
      ...{ ...varying, data: { id: done.id } },
    });
    expect(bodyOf(failed.id)).toEqual({
      ...golden('webhooks/openai-failed'),
      ...{ ...varying, data: { id: failed.id, error: { code: 'moderation_blocked', message: 'Blocked' } } },
    });
    for (const { headers, raw } of hook.deliveries) {
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${raw}`;
      const expected = createHmac('sha256', KEY).update(signed).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    }
  });

  it('are tried again in the dialect’s rhythm until they are accepted', async () => {
    await using hook = await receiver([500, 'reset', 503]);
    await using server = await createMockServer({ manual: true, webhooks: { retryScale: 0.001 } });
    server.jobs.create({ dialect: 'vidBuilder', input: { webhookUrl: hook.url } }).fail();
    await server.webhooks.settled();
    expect(hook.deliveries).toHaveLength(4);
    expect(new Set(hook.deliveries.map(({ raw }) => raw)).size).toBe(1);
    const { deliveries } = server.webhooks;
    expect(deliveries.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 500],
      [2, undefined],
      [3, 503],
      [4, 200],
    ]);
    const gaps = deliveries.slice(1).map(({ at }, index) => at.getTime() - Number(deliveries[index]?.at));
    for (const [index, delayMs] of [30, 120, 300].entries())
      expect(gaps[index]).toBeGreaterThanOrEqual(delayMs - 2);
  });

  it('keep their id over all attempts, and are given up at the end of the schedule', async () => {
    await using hook = await receiver(Array.from({ length: 9 }, () => 500));
    await using server = await createMockServer({
      manual: true,
      webhooks: {
        openAI: { url: hook.url, secret: SECRET },
        retryDelaysMs: { openAIVideos: [1_000, 1_000] },
      },
    });
    server.jobs.create({ dialect: 'openAIVideos' }).complete();
    await server.webhooks.settled();
    expect(hook.deliveries).toHaveLength(3);
    expect(new Set(hook.deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('are sent once only by the gateway, whatever the answer', async () => {
    await using hook = await receiver([500, 500]);
    await using server = await createMockServer({
      ...{ manual: true, webhooks: { gateway: { url: hook.url } } },
    });
    server.jobs.create().complete();
    await server.webhooks.settled();
    expect(hook.deliveries).toHaveLength(1);
  });

  it('can be sent once more, byte for byte', async () => {
    await using hook = await receiver();
    await using server = await createMockServer({
      ...{ manual: true, webhooks: { openAI: { url: hook.url, secret: SECRET } } },
    });
    server.jobs.create({ dialect: 'openAIVideos' }).complete();
    await server.webhooks.settled();
    const [delivery] = server.webhooks.deliveries;
    if (delivery) await server.webhooks.redeliver(delivery);
    const [first, second] = hook.deliveries;
    expect(second?.raw).toBe(first?.raw);
    expect(second?.headers['webhook-signature']).toBe(first?.headers['webhook-signature']);
  });

  it('end with the server', async () => {
    await using hook = await receiver([500]);
    const server = await createMockServer({ manual: true, webhooks: { retryScale: 1 } });
    server.jobs.create({ dialect: 'vidBuilder', input: { webhookUrl: hook.url } }).fail();
    await until(() => hook.deliveries.length === 1);
    await server.close();
    await server.webhooks.settled();
    await fetch(hook.url, { method: 'POST', body: '{"last":true}' });
    expect(hook.deliveries.slice(1)).toMatchObject([{ body: { last: true } }]);
  });
});

describe("webhooks of the gateway's upstream", () => {
  async function deliver(server: MockServer, event: object, headers: Record<string, string> = {}) {
    const raw = JSON.stringify(event);
    const id = headers['webhook-id'] ?? 'wh_1';
    const timestamp = headers['webhook-timestamp'] ?? String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', KEY).update(`${id}.${timestamp}.${raw}`).digest('base64');
    return fetch(`${server.url}/api/webhook/video-events`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v2,x v1,${signature}`,
        ...headers,
      },
      body: raw,
    });
  }

  it('are verified and passed on to the job and to whoever watches it', async () => {
    await using server = await createMockServer({ manual: true, webhooks: { upstreamSecret: SECRET } });
    const job = server.jobs.create();
    const completed = { type: 'video.completed', data: { id: job.upstreamId } };
    const response = await deliver(server, completed);
    expect([response.status, await response.json()]).toEqual([200, { received: true }]);
    expect(job.status).toBe('completed');
    const failing = server.jobs.create();
    await deliver(
      server,
      { type: 'video.failed', data: { id: failing.id, error: { message: 'Blocked' } } },
      { 'webhook-id': 'wh_2' },
    );
    expect([failing.status, failing.error]).toEqual(['failed', 'Blocked']);
    expect((await get(server, '/api/webhook/events')).body).toMatchObject([
      { type: 'video.completed', jobId: job.upstreamId, webhookId: 'wh_1' },
      { type: 'video.failed', jobId: failing.id },
    ]);
  });

  it('are refused where the signature or the time is wrong', async () => {
    await using server = await createMockServer({ manual: true, webhooks: { upstreamSecret: SECRET } });
    const job = server.jobs.create();
    const event = { type: 'video.completed', data: { id: job.id } };
    const old = String(Math.floor(Date.now() / 1000) - 301);
    const answers = [
      await deliver(server, event, { 'webhook-signature': 'v1,AAAA' }),
      await deliver(server, event, { 'webhook-timestamp': old }),
      await deliver(server, event, { 'webhook-timestamp': 'x' }),
      await fetch(`${server.url}/api/webhook/video-events`, { method: 'POST', body: '{}' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect(await answers[0]?.json()).toEqual({ error: 'Invalid signature' });
    expect(job.status).toBe('queued');
  });

  it('act once for one id', async () => {
    await using server = await createMockServer({ manual: true });
    const job = server.jobs.create();
    const event = { type: 'video.completed', data: { id: job.id } };
    await deliver(server, event);
    job.advance({ status: 'processing' });
    await deliver(server, event);
    expect(job.status).toBe('processing');
  });
});
