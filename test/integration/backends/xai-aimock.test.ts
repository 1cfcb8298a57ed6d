import { LLMock } from '@copilotkit/aimock';
import { describe, expect, it, onTestFinished } from 'vitest';
import { xai } from '../../../src/backends/hosted/xai.js';
import { VideoClient } from '../../../src/client/client.js';
import { errorOf } from '../client/support.js';
import { film, routes, textOf } from '../port/support.js';

/** A mock that others wrote, and what it is to answer to the prompt "A cat". */
async function start(video?: Parameters<LLMock['onVideo']>[1]['video']) {
  const mock = new LLMock({
    port: 0,
    // Some polls are answered while it runs, which it does by 200, not by 202 as xAI does.
    ...{ grokVideo: { pollsBeforeInProgress: 1, pollsBeforeCompleted: 4 } },
  });
  if (video !== undefined) mock.onVideo('A cat', { video });
  const url = await mock.start();
  const client = new VideoClient({
    ...{ baseUrl: `${url}/v1`, backend: xai({ model: 'grok-imagine-video' }), logger: 'silent' },
    ...{ polling: { intervalMs: 20 }, retry: { minDelayMs: 1, maxDelayMs: 20 } },
    timeouts: { missingMs: 100 },
  });
  onTestFinished(async () => {
    await client.close();
    await mock.stop();
  });
  return { mock, client };
}

describe('xai with the mock of another project', () => {
  it('follows a request through its percentages to the file, which gets no key', async () => {
    const store = await routes({ 'GET /v1.mp4': (response) => film(response, 'stored') });
    const { client } = await start({ id: 'v', status: 'completed', url: `${store.url}/v1.mp4` });
    const job = await client.generate({ prompt: 'A cat' });
    const progress: number[] = [];
    job.on('update', (snapshot) => progress.push(snapshot.progress));
    const done = await job.completed();
    expect(progress.some((percent) => percent > 0 && percent < 100)).toBe(true);
    expect(done).toMatchObject({ videoUrl: `${store.url}/v1.mp4`, raw: { request_id: job.id } });
    expect(await textOf(client.download(done))).toContain('stored');
    expect(store.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('reads a failure that is told flat', async () => {
    const { client } = await start({ id: 'v', status: 'failed', error: 'No cats' });
    const job = await client.generate({ prompt: 'A cat' });
    expect(await errorOf(job.completed())).toMatchObject({
      ...{ name: 'JobFailedError', reason: 'No cats', reasonCode: 'generation_failed' },
    });
  });

  it('tells what it refuses, and that it does not know a request', async () => {
    const { client } = await start();
    expect(await errorOf(client.generate({ prompt: 'A dog' }))).toMatchObject({
      ...{ name: 'ApiError', status: 404, message: expect.stringContaining('No fixture matched') },
    });
    const unprompted = client.generate({ image: { url: 'https://host.test/a.png' } });
    expect(await errorOf(unprompted)).toMatchObject({ status: 400, serverCode: 'invalid_request' });
    expect(await errorOf(client.status('video_x'))).toMatchObject({ code: 'not-found' });
  });

  it('has no route for edits and extensions, and says that it is missing', async () => {
    const { client } = await start();
    const video = { url: 'https://host.test/a.mp4' };
    for (const made of [
      client.backend.edit({ prompt: 'A cat', video }),
      client.backend.extend({ prompt: 'A cat', video }),
    ])
      expect(await errorOf(made)).toMatchObject({ name: 'ApiError', status: 404 });
  });
});
