import { LLMock } from '@copilotkit/aimock';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fal } from '../../../src/backends/hosted/fal.js';
import { VideoClient } from '../../../src/client/client.js';
import { errorOf } from '../client/support.js';
import { film, routes, textOf } from '../port/support.js';

const model = 'fal-ai/veo3.1';

/** A mock that others wrote, and the file of what it answers to the prompt "A cat". */
async function start(polls: { pollsBeforeInProgress?: number; pollsBeforeCompleted?: number } = {}) {
  const store = await routes({ 'GET /v1.mp4': (response) => film(response, 'stored') });
  const mock = new LLMock({ port: 0, falQueue: polls });
  mock.onFalVideo(/veo3\.1/, { video: { id: 'v', status: 'completed', url: `${store.url}/v1.mp4` } });
  const url = await mock.start();
  const client = new VideoClient({
    ...{ baseUrl: `${url}/fal`, backend: fal({ model }), logger: 'silent' },
    // What tells it which of fal's hosts is meant.
    headers: { 'x-fal-target-host': 'queue.fal.run' },
    auth: { type: 'bearer', token: 'id:secret' },
    polling: { intervalMs: 20 },
    retry: { minDelayMs: 1, maxDelayMs: 20 },
  });
  onTestFinished(async () => {
    await client.close();
    await mock.stop();
  });
  return { mock, client, store };
}

describe('fal with the mock of another project', () => {
  it('follows a request to its end by polling, as there is no stream, and downloads its file', async () => {
    const { client, mock, store } = await start({ pollsBeforeInProgress: 2, pollsBeforeCompleted: 4 });
    const job = await client.generate({ input: { prompt: 'A cat' } });
    expect(job.id).toMatch(/^fal-ai\/veo3\.1\/requests\/[\w-]+$/);
    const words: string[] = [];
    job.on('status', ({ status }) => words.push(status));
    const end = await job.completed();
    expect(words).toEqual(['processing', 'completed']);
    expect(end).toMatchObject({ transport: 'polling', outputs: [{ type: 'video/mp4', name: 'v1.mp4' }] });
    expect(await textOf(client.download(end))).toContain('stored');
    expect(store.seen[0]?.headers.authorization).toBeUndefined();
    const calls = mock.getRequests().map(({ method, path }) => `${method} ${path}`);
    expect(calls[0]).toBe(`POST /fal/${model}`);
  });

  it('tells the place in the queue and the last line of the log', async () => {
    const { client } = await start({ pollsBeforeInProgress: 3, pollsBeforeCompleted: 5 });
    const job = await client.generate({ input: { prompt: 'A cat' } });
    const seen: unknown[] = [];
    job.on('update', (snapshot) => {
      seen.push('queuePosition' in snapshot ? snapshot.queuePosition : snapshot.message);
    });
    await job.completed();
    expect(seen).toContain(2);
    expect(seen).toContain('Job started processing.');
  });

  // It answers 200 and CANCELLED, where fal says 202 and CANCELLATION_REQUESTED, and its status has that word.
  it('cancels', async () => {
    const { client } = await start({ pollsBeforeInProgress: 100 });
    const job = await client.generate({ input: { prompt: 'A cat' } });
    expect(await client.cancel(job.id)).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
    expect(await errorOf(job.completed())).toMatchObject({
      ...{ name: 'JobFailedError', reason: 'Job cancelled.', reasonCode: 'cancelled' },
    });
  });

  it('tells that it does not know a request', async () => {
    const { client } = await start();
    expect(await errorOf(client.status(`${model}/requests/none`))).toMatchObject({ code: 'not-found' });
  });

  // Its links have the path of the model, which those of fal never have.
  it('loses no request whose link is of a model with a path', async () => {
    const { client } = await start();
    const error = await errorOf(
      client.generate({ model: `${model}/image-to-video`, input: { prompt: 'A cat' } }),
    );
    expect(error).toMatchObject({ code: 'submit-outcome-unknown' });
    expect(error.message).toMatch(/\/fal-ai\/veo3\.1\/image-to-video\/requests\/[\w-]+/);
  });
});
