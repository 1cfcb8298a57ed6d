import { LLMock } from '@copilotkit/aimock';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { VideoClient } from '../../../src/client/client.js';
import { errorOf } from '../client/support.js';
import { film, routes, textOf } from '../port/support.js';

/** A mock that others wrote, and what it is to answer to the prompt "A cat". */
async function start(video?: Parameters<LLMock['onVideo']>[1]['video']) {
  const mock = new LLMock({ port: 0 });
  if (video !== undefined) mock.onVideo('A cat', { video });
  const baseUrl = await mock.start();
  const client = new VideoClient({
    ...{ baseUrl, backend: openAIVideos(), logger: 'silent' },
    polling: { intervalMs: 20 },
    timeouts: { notReadyMs: 300 },
    retry: { minDelayMs: 1, maxDelayMs: 20 },
  });
  onTestFinished(async () => {
    await client.close();
    await mock.stop();
  });
  return { mock, client };
}

describe('openAIVideos with the mock of another project', () => {
  it('follows a job, and finds the file where the job says, for there is no content', async () => {
    const store = await routes({ 'GET /v1.mp4': (response) => film(response, 'stored') });
    const { client } = await start({ id: 'video_1', status: 'completed', url: `${store.url}/v1.mp4` });
    const job = await client.generate({ prompt: 'A cat' });
    expect(job.id).toBe('video_1');
    const done = await job.completed();
    expect(done.videoUrl).toBe(`${store.url}/v1.mp4`);
    expect(await textOf(client.download(done))).toContain('stored');
    expect(store.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('reads the words for what runs and what has failed', async () => {
    const running = await start({ id: 'video_1', status: 'processing' });
    const job = await running.client.generate({ prompt: 'A cat' });
    expect(await running.client.status(job.id)).toMatchObject({ status: 'processing' });
    const failing = await start({ id: 'video_2', status: 'failed' });
    const failed = await failing.client.generate({ prompt: 'A cat' });
    expect(await errorOf(failed.completed())).toMatchObject({ name: 'JobFailedError', jobId: 'video_2' });
  });

  it('tells what it refuses, and that it does not know a job', async () => {
    const { client } = await start();
    expect(await errorOf(client.generate({ prompt: 'A dog' }))).toMatchObject({
      ...{ name: 'ApiError', status: 404, message: expect.stringContaining('No fixture matched') },
    });
    expect(await errorOf(client.status('video_x'))).toMatchObject({ code: 'not-found' });
  });
});
