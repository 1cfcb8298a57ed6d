import { describe, expect, it } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { VideoClient } from '../../../src/client/client.js';
import { createMockServer, type MockServerOptions } from '../../../src/mock-server/index.js';

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const scenes = [{ type: 'hero-title', duration: 4, content: { title: 'Welcome' } }];
const webhookUrl = 'http://127.0.0.1:9/webhook';
const polling = { intervalMs: 10 };

function startServer(options: MockServerOptions = {}) {
  return createMockServer({ durationMs: 60, ...options });
}

describe('soraGateway', () => {
  it.each(['path', 'query'] as const)('generates, is polled by %s, and downloads', async (statusRoute) => {
    await using server = await startServer({ style: 'field', coarseProgress: 50 });
    const backend = soraGateway({ walletAddress: '0x1', statusRoute });
    await using client = new VideoClient({ baseUrl: server.url, backend, polling, transports: ['polling'] });
    const job = await client.generate({ script: 'Explain blockchain' });
    expect(await job.completed()).toMatchObject({ progress: 100 });
    expect((await (await job.download()).bytes()).length).toBeGreaterThan(1_000);
    expect(server.requests.map(({ route }) => route)).toEqual(
      expect.arrayContaining(['generate', 'status', 'download']),
    );
  });

  it('sends a narration that arrives byte by byte', async () => {
    await using server = await startServer();
    await using client = new VideoClient({ baseUrl: server.url, backend: soraGateway() });
    const audioBuffer = crypto.getRandomValues(new Uint8Array(50_000));
    await client.generate({ scriptOrQuestion: 'Why?', audioBuffer });
    const body = server.requests[0]?.body as { audioBuffer: string };
    expect(Buffer.from(body.audioBuffer, 'base64').equals(audioBuffer)).toBe(true);
  });

  it('shows what is required where the credits are out', async () => {
    await using server = await startServer({ credits: 5 });
    await using client = new VideoClient({ baseUrl: server.url });
    await expect(client.generate({ walletAddress: '0x1', script: 'x' })).rejects.toMatchObject({
      code: 'payment-required',
      details: { required: 10 },
    });
  });
});

describe('vidBuilder', () => {
  it('sends images in a form, and downloads video and reels', async () => {
    await using server = await startServer();
    const backend = vidBuilder({ webhookUrl });
    await using client = new VideoClient({ baseUrl: server.url, backend, polling });
    const job = await client.generate({ scenes, generateReels: true, images: [PNG, new Blob([PNG])] });
    const submit = server.requests[0];
    expect(submit?.body).toMatchObject({ webhookUrl, config: expect.stringContaining('hero-title') });
    expect(submit?.files.map(({ name, contentType }) => [name, contentType])).toEqual([
      ['images', 'image/png'],
      ['images', 'image/png'],
    ]);
    await job.completed();
    const video = await (await job.download()).bytes();
    const reels = await (await job.download({ variant: 'reels' })).bytes();
    expect(video).not.toEqual(reels);
  });

  it('downloads from where a stored video is, and nowhere else', async () => {
    await using server = await startServer({ s3: 'only', reels: true });
    const backend = vidBuilder({ webhookUrl });
    await using client = new VideoClient({ baseUrl: server.url, backend, polling });
    const job = await client.generate({ scenes });
    const { videoUrl, expiresAt } = await job.completed();
    expect(videoUrl).toContain(server.filesUrl);
    expect(expiresAt?.getTime()).toBeGreaterThan(Date.now());
    await (await job.download()).bytes();
    await (await client.download(job.id, { variant: 'reels' })).bytes();
    const routes = server.requests.map(({ origin, route }) => `${origin} ${route}`);
    expect(routes.filter((route) => route.startsWith('files'))).toHaveLength(2);
    expect(routes).not.toContain('main download');
  });

  it('blocking, has the same job, which has ended', async () => {
    await using server = await startServer();
    await using client = new VideoClient({ baseUrl: server.url, backend: vidBuilder({ blocking: true }) });
    const job = await client.generate({ scenes });
    expect(job.snapshot).toMatchObject({ status: 'completed', progress: 100 });
    expect((await (await job.download()).bytes()).length).toBeGreaterThan(1_000);
    expect(server.requests.map(({ route }) => route)).not.toContain('status');
  });

  it('signs in by Basic', async () => {
    const auth = { type: 'basic', username: 'me', password: 'hush' } as const;
    await using server = await startServer({ auth });
    const backend = vidBuilder({ webhookUrl });
    await using client = new VideoClient({ baseUrl: server.url, backend, auth });
    await client.generate({ scenes });
    await using stranger = new VideoClient({ baseUrl: server.url, backend });
    await expect(stranger.generate({ scenes })).rejects.toMatchObject({ code: 'unauthorized' });
  });
});

describe('openAIVideos', () => {
  it('creates with a file, and has three variants of the content', async () => {
    await using server = await startServer();
    const backend = openAIVideos({ model: 'sora-2' });
    await using client = new VideoClient({ baseUrl: server.url, backend, polling });
    const job = await client.generate({ prompt: 'A cat', seconds: 4, input_reference: PNG });
    expect(server.requests[0]).toMatchObject({
      body: { model: 'sora-2', prompt: 'A cat', seconds: '4' },
      files: [{ name: 'input_reference', contentType: 'image/png' }],
    });
    await job.completed();
    const types: string[] = [];
    for (const variant of ['video', 'thumbnail', 'spritesheet'] as const) {
      const file = await job.download({ variant });
      types.push(file.contentType);
      await file.bytes();
    }
    expect(types[0]).toBe('video/mp4');
    expect(types.slice(1).every((type) => type.startsWith('image/'))).toBe(true);
  });

  it('lists, remixes and deletes', async () => {
    await using server = await startServer();
    await using client = new VideoClient({ baseUrl: server.url, backend: openAIVideos(), polling });
    const job = await client.generate({ prompt: 'A cat' });
    await job.completed();
    const remix = await client.backend.remix({ jobId: job.id, prompt: 'In blue' });
    expect(remix.id).not.toBe(job.id);
    const first = await client.backend.list({ limit: 1, order: 'asc' });
    expect(first).toMatchObject({ jobs: [{ jobId: job.id, status: 'completed' }], hasMore: true });
    const rest = await client.backend.list({ after: first.lastId, order: 'asc' });
    expect(rest).toMatchObject({ jobs: [{ jobId: remix.id }], hasMore: false });
    expect(await client.backend.delete(job.id)).toEqual({ jobId: job.id, deleted: true });
    expect((await client.backend.list()).jobs).toHaveLength(1);
  });
});
