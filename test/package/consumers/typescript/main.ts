import { type JobSnapshot, openAIVideos, VideoClient, VideoError, vidBuilder } from 'reelwire';
import { fal, openRouter, replicate, runway, xai } from 'reelwire/backends';
import { createMockServer, type MockServer } from 'reelwire/mock-server';
import { createWebhookHandler, memoryStore, type WebhookEvent } from 'reelwire/webhooks';
import { toNodeHandler } from 'reelwire/webhooks/node';
import { createWebhookFactory } from 'reelwire/webhooks/testing';

export async function main(): Promise<string> {
  const server: MockServer = await createMockServer({ durationMs: 50 });
  const client = new VideoClient({ baseUrl: server.url });
  const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
  job.on('progress', ({ progress }) => console.log(progress.toFixed(0)));
  for await (const snapshot of job) console.log(describe(snapshot));
  const done = await job.completed({ timeoutMs: 1_000 });
  // @ts-expect-error a completed job has no error
  done.error.length;
  await (await job.download()).save('out.mp4');
  return done.videoUrl ?? '';
}

function describe(snapshot: JobSnapshot): string {
  switch (snapshot.status) {
    case 'failed':
      return snapshot.error;
    case 'completed':
      return snapshot.videoUrl ?? 'no URL';
    default:
      return snapshot.message ?? '';
  }
}

export function codeOf(error: unknown): string {
  return error instanceof VideoError ? error.code : 'unknown';
}

export function inputsFollowFromTheBackend(): void {
  const baseUrl = 'http://localhost:3001';
  void new VideoClient({ baseUrl, backend: openAIVideos() }).generate({ prompt: 'A cat', model: 'sora-2' });
  const builder = new VideoClient({
    baseUrl,
    backend: vidBuilder({ webhookUrl: 'https://example.com/hook' }),
  });
  // @ts-expect-error vidBuilder takes scenes
  void builder.generate({ prompt: 'A cat' });
  const hosted = new VideoClient({ backend: openRouter({ model: 'google/veo-3.1' }) });
  void hosted.generate({ prompt: 'A cat' });
  void hosted.backend.models().then(([model]) => model?.supported_durations);
  const predictions = new VideoClient({ backend: replicate({ model: 'google/veo-3.1' }) });
  void predictions.generate({ input: { prompt: 'A cat' } });
  void predictions.backend.list({ created_after: new Date(0) }).then(({ jobs }) => jobs[0]?.status);
  const queue = new VideoClient({ backend: fal({ model: 'fal-ai/veo3.1' }) });
  void queue.generate({ input: { prompt: 'A cat' } });
  const tasks = new VideoClient({ backend: runway({ model: 'gen4.5' }) });
  void tasks.generate({ promptText: 'A cat', promptImage: new Uint8Array(), ratio: '1280:720', duration: 5 });
  void tasks.backend.organization().then(({ creditBalance }) => creditBalance);
  const grok = new VideoClient({ backend: xai({ model: 'grok-imagine-video' }) });
  void grok.generate({ prompt: 'A cat', image: { url: new Blob() } });
  void grok.backend.edit({ prompt: 'In snow', video: { file_id: 'file_1' } }).then((job) => job.completed());
  // @ts-expect-error there is no such option
  new VideoClient({ baseUrl, baseURL: baseUrl });
}

export const receiver = toNodeHandler(
  createWebhookHandler({
    secret: 'whsec_c2VjcmV0c2VjcmV0',
    store: memoryStore(),
    onEvent: (event: WebhookEvent) => console.log(event.type, event.jobId),
  }),
);

export const factory = createWebhookFactory({ secret: 'whsec_c2VjcmV0c2VjcmV0' });
