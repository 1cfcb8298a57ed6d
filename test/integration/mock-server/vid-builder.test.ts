import { describe, expect, it } from 'vitest';
import { createMockServer, mockMedia } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';
import { get, golden, post } from './support.js';

const ASYNC = '/api/generate-video-async';
const SCENES = [{ type: 'hero-title', duration: 4, content: { title: 'Hi' } }];
const INPUT = { webhookUrl: 'http://127.0.0.1:1/hook', scenes: SCENES };
const ID = 'abc123def456';

describe('vidBuilder of the mock server', () => {
  it('accepts a job', async () => {
    await using server = await createMockServer({ manual: true, onSubmit: () => ({ id: ID }) });
    const { status, body } = await post(server, ASYNC, INPUT);
    expect(status).toBe(202);
    expect(body).toEqual(golden('vid-builder/generate'));
  });

  it('says what is wrong with a request in the words of its documents', async () => {
    await using server = await createMockServer();
    expect(await post(server, ASYNC, { scenes: SCENES })).toMatchObject({
      status: 400,
      body: golden('vid-builder/error-400-webhook-missing'),
    });
    expect(await post(server, ASYNC, { ...INPUT, webhookUrl: 'invalid-url' })).toMatchObject({
      status: 400,
      body: golden('vid-builder/error-400-webhook-invalid'),
    });
    expect((await post(server, ASYNC, { ...INPUT, scenes: [] })).status).toBe(400);
    const { body } = await post(server, ASYNC, { ...INPUT, scenes: [{ type: 'x' }] });
    expect(body.details).toEqual(['scenes[0] needs a type and a duration']);
    expect(server.jobs.size).toBe(0);
  });

  it('tells the status, and when completed the same as its webhook', async () => {
    await using server = await createMockServer({ manual: true });
    const job = server.jobs.create({ id: ID, dialect: 'vidBuilder', input: { scenes: SCENES } });
    const status = async () => (await get(server, `/api/job-status/${ID}`)).body;
    const createdAt = expect.any(String);
    expect(await status()).toEqual({
      ...golden('vid-builder/status-queued'),
      ...{ message: expect.any(String), createdAt },
    });
    job.advance({ status: 'processing', progress: 45, message: 'Rendering frames: 450/1000' });
    expect(await status()).toEqual({ ...golden('vid-builder/status-processing'), createdAt });
    job.complete();
    expect(await status()).toEqual({
      ...golden('vid-builder/status-completed'),
      ...{ duration: 4, scenes: 1, renderTime: '1s', timestamp: expect.any(String) },
    });
    const failed = server.jobs.create({ dialect: 'vidBuilder' });
    failed.fail('Failed to render video: Out of memory');
    expect((await get(server, `/api/job-status/${failed.id}`)).body).toMatchObject({
      ...golden('vid-builder/status-failed'),
      ...{ jobId: failed.id, timestamp: expect.any(String) },
    });
  });

  it('makes reels where asked, as a file of their own', async () => {
    await using server = await createMockServer({ manual: true });
    const { body } = await post(server, ASYNC, { ...INPUT, generateReels: true });
    server.jobs.get(String(body.jobId))?.complete();
    const status = (await get(server, `/api/job-status/${body.jobId}`)).body;
    expect(Object.keys(status).sort()).toEqual(
      Object.keys(golden('vid-builder/status-completed-reels')).sort(),
    );
    const file = async (path: unknown) =>
      new Uint8Array(await (await fetch(`${server.url}${path}`)).arrayBuffer());
    expect(await file(status.reelsVideoUrl)).toEqual(mockMedia('reels'));
    expect(await file(status.videoUrl)).toEqual(mockMedia());
    const plain = server.jobs.create({ dialect: 'vidBuilder' }).complete();
    expect((await get(server, `/api/download/${plain.id}_reels`)).status).toBe(404);
  });

  it('keeps results in a store on another origin, behind signed URLs that expire', async () => {
    await using server = await createMockServer({
      manual: true,
      s3: 'only',
      reels: true,
    });
    server.jobs.create({ id: ID, dialect: 'vidBuilder' }).complete();
    const { body } = await get(server, `/api/job-status/${ID}`);
    expect(Object.keys(body).sort()).toEqual(
      Object.keys(golden('vid-builder/status-completed-s3-reels')).sort(),
    );
    expect((await get(server, `/api/download/${ID}`)).status).toBe(404);
    const { standard, reels } = body.s3Upload as Record<string, { signedUrl: string; s3Key: string }>;
    expect(standard?.s3Key).toMatch(/^videos\/\d{4}-\d\d-\d\d\/standard\/abc123def456\.mp4$/);
    const url = String(standard?.signedUrl);
    expect(new URL(url).origin).toBe(server.filesUrl);
    expect(new Uint8Array(await (await fetch(url)).arrayBuffer())).toEqual(mockMedia());
    expect((await fetch(String(reels?.signedUrl))).status).toBe(200);
    expect((await fetch(url, { headers: { authorization: 'Bearer leaked' } })).status).toBe(400);
    expect((await fetch(url.replace(/Signature=\w/, 'Signature=z'))).status).toBe(403);
    const short = { id: 'short', dialect: 'vidBuilder', urlLifetimeMs: 1 } as const;
    server.jobs.create(short).complete();
    const { s3Upload } = (await get(server, '/api/job-status/short')).body;
    const { signedUrl } = (s3Upload as { standard: { signedUrl: string } }).standard;
    await until(async () => (await fetch(signedUrl)).status === 403);
    expect(server.requests.filter(({ origin }) => origin === 'files').length).toBeGreaterThan(4);
  });

  it('tells of a store beside its own route, or that there is none', async () => {
    await using server = await createMockServer({ manual: true });
    const also = server.jobs.create({ dialect: 'vidBuilder', s3: 'also' }).complete();
    const off = server.jobs.create({ dialect: 'vidBuilder', s3: 'disabled' }).complete();
    const { body } = await get(server, `/api/job-status/${also.id}`);
    expect([typeof body.videoUrl, typeof body.s3Upload]).toEqual(['string', 'object']);
    expect((await get(server, `/api/job-status/${off.id}`)).body.s3Upload).toEqual({ enabled: false });
  });

  it('takes a form with the config as text and images', async () => {
    await using server = await createMockServer({ manual: true });
    const submit = (images: number) => {
      const form = new FormData();
      form.set('config', JSON.stringify({ scenes: SCENES, theme: 'corporate' }));
      form.set('webhookUrl', INPUT.webhookUrl);
      for (let i = 0; i < images; i++)
        form.append('images', new Blob([Uint8Array.of(i, 0, 255)], { type: 'image/png' }), `${i}.png`);
      return fetch(server.url + ASYNC, { method: 'POST', body: form });
    };
    expect((await submit(2)).status).toBe(202);
    expect(server.jobs.last?.input).toMatchObject({ theme: 'corporate', scenes: SCENES });
    expect(server.requests[0]?.files).toEqual([
      { name: 'images', filename: '0.png', contentType: 'image/png', bytes: Uint8Array.of(0, 0, 255) },
      { name: 'images', filename: '1.png', contentType: 'image/png', bytes: Uint8Array.of(1, 0, 255) },
    ]);
    expect((await submit(21)).status).toBe(400);
  });

  it('makes a video while the caller waits', async () => {
    await using server = await createMockServer({ durationMs: 60 });
    const path = '/api/generate-flexible-video';
    const { status, body } = await post(server, path, { scenes: SCENES });
    expect(status).toBe(200);
    const expected = golden('vid-builder/generate-blocking');
    expect(body).toMatchObject({
      ...{ ...expected, jobId: server.jobs.last?.id, scenes: 1, duration: 4 },
      videoUrl: `/api/download/${server.jobs.last?.id}`,
    });
    await using failing = await createMockServer({ durationMs: 60, failWith: 'Out of memory' });
    expect(await post(failing, path, { scenes: SCENES })).toMatchObject({
      status: 500,
      body: { message: 'Out of memory' },
    });
  });

  it('answers 401 and 404 in its own shape', async () => {
    await using server = await createMockServer({
      auth: { type: 'basic', username: 'u', password: 'p' },
    });
    const keys = Object.keys(golden('vid-builder/error-401'));
    const refused = await get(server, '/api/job-status/x');
    expect([refused.status, Object.keys(refused.body)]).toEqual([401, keys]);
    const authorization = `Basic ${btoa('u:p')}`;
    const missing = await get(server, '/api/job-status/x', { authorization });
    expect([missing.status, Object.keys(missing.body)]).toEqual([404, keys]);
  });
});
