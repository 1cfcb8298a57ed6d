import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../support/rejection.js';
import { json } from '../http/support.js';
import { connect, startServer } from './support.js';
import { startVideos } from './videos.js';

describe('cancel', () => {
  it('asks the status first, then cancels, and gives the job as cancelled where it is known no longer', async () => {
    let isDeleted = false;
    const server = await startVideos({
      status: (response) =>
        isDeleted
          ? json(response, 404, { error: 'no' })
          : json(response, 200, { id: 'v1', status: 'queued' }),
      cancel: (response) => {
        isDeleted = true;
        json(response, 200, { deleted: true });
      },
    });
    const client = server.connect();
    const cancelled = { id: 'v1', status: 'failed', errorCode: 'cancelled' };
    expect(await client.cancel('v1')).toMatchObject(cancelled);
    expect(server.methods()).toEqual(['GET', 'DELETE', 'GET']);
    expect(await client.status('v1')).toMatchObject(cancelled);
    expect(await errorOf(client.subscribe('v1').completed())).toMatchObject({
      code: 'job-failed',
      reasonCode: 'cancelled',
    });
    expect(await client.cancel('v1')).toMatchObject(cancelled);
    expect(server.methods().filter((method) => method === 'DELETE')).toHaveLength(1);
    // Another client did not cancel it: to that one, there is no such job.
    expect(await errorOf(server.connect().status('v1'))).toMatchObject({ code: 'not-found' });
  });

  it.each(['completed', 'failed'])('never cancels what has %s: that would delete its video', async (word) => {
    const server = await startVideos();
    server.say(word);
    const client = server.connect();
    expect(await client.cancel('v1')).toMatchObject({ status: word });
    expect(await client.subscribe('v1').cancel()).toMatchObject({ status: word });
    expect(server.methods()).not.toContain('DELETE');
  });

  it('tells whoever follows the job at once', async () => {
    const server = await startVideos();
    const client = server.connect({ polling: { intervalMs: 60_000 } });
    const job = await client.generate({ prompt: 'a cat' });
    const told: string[] = [];
    job.on('failed', ({ errorCode }) => told.push(String(errorCode)));
    server.say('cancelled');
    await expect.poll(() => server.methods()).toContain('GET');
    expect(await job.cancel()).toMatchObject({ status: 'failed' });
    expect(told).toHaveLength(1);
    expect(job.snapshot.status).toBe('failed');
  });

  it('of a job object that nobody follows brings its snapshot up to date', async () => {
    const server = await startVideos({
      cancel: (response) => {
        server.say('cancelled');
        json(response, 200, {});
      },
    });
    const job = await server.connect().generate({ prompt: 'a cat' });
    expect(await job.cancel()).toMatchObject({ status: 'failed' });
    expect(job.snapshot).toMatchObject({ id: 'v1', status: 'failed' });
  });

  it.each([400, 404, 409, 410])(
    'takes a %i, by a job that ended a moment ago, for no error',
    async (status) => {
      const server = await startVideos({
        cancel: (response) => {
          server.say('completed');
          json(response, status, { error: 'already completed' });
        },
      });
      expect(await server.connect().cancel('v1')).toMatchObject({ status: 'completed' });
      expect(server.warned).toEqual([]);
    },
  );

  it('tells in the log where the server refuses, and the job goes on', async () => {
    const server = await startVideos({
      cancel: (response) => json(response, 409, { error: 'it is being rendered' }),
    });
    expect(await server.connect().cancel('v1')).toMatchObject({ status: 'queued' });
    expect(server.warned.join()).toMatch(/"v1".*it is being rendered/);
  });

  it.each([200, 202, 204])('needs no body in the answer (%i)', async (status) => {
    const server = await startVideos({ cancel: (response) => response.writeHead(status).end() });
    expect(await server.connect().cancel('v1')).toMatchObject({ id: 'v1' });
    expect(server.methods()).toEqual(['GET', 'DELETE', 'GET']);
  });

  it('that is refused for good rejects with the words of the server', async () => {
    const server = await startVideos({ cancel: (response) => json(response, 403, { error: 'not yours' }) });
    const client = server.connect();
    expect(await errorOf(client.cancel('v1'))).toMatchObject({ code: 'forbidden', jobId: 'v1' });
    expect(await errorOf(client.cancel(' '))).toMatchObject({ code: 'invalid-input' });
  });

  it('is sent again after a 503', async () => {
    const server = await startVideos({
      cancel: (response, index) => json(response, index === 0 ? 503 : 200, {}),
    });
    await server.connect().cancel('v1');
    expect(server.methods().filter((method) => method === 'DELETE')).toHaveLength(2);
  });

  it.each<[string, (response: ServerResponse) => unknown]>([
    ['a 503', (response) => json(response, 503, {})],
    ['a lost answer', (response) => response.destroy()],
  ])(
    'is not sent again after %s where the job has ended since: that would delete its video',
    async (_, fail) => {
      const server = await startVideos({
        cancel: (response) => {
          server.say('completed');
          fail(response);
        },
      });
      expect(await server.connect().cancel('v1')).toMatchObject({ status: 'completed' });
      expect(server.methods()).toEqual(['GET', 'DELETE', 'GET', 'GET']);
    },
  );

  it('whose answer was lost is remembered too: no such job means cancelled', async () => {
    const server = await startVideos({
      status: (response, index) => json(response, index === 0 ? 200 : 404, { id: 'v1', status: 'queued' }),
      cancel: (response) => response.destroy(),
    });
    const client = server.connect({ retry: { attempts: 1, minDelayMs: 1 } });
    expect(await errorOf(client.cancel('v1'))).toMatchObject({ code: 'network', jobId: 'v1' });
    expect(await client.status('v1')).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
  });

  it('rejects where the backend cannot, before anything is sent', async () => {
    const server = await startServer();
    const client = connect(server);
    expect(await errorOf(client.cancel('job-1'))).toMatchObject({ code: 'configuration', jobId: 'job-1' });
    expect(await errorOf(client.subscribe('job-1').cancel())).toMatchObject({ code: 'configuration' });
    expect(server.requests).toHaveLength(0);
  });

  it('ends at its signal, with the signal’s own reason', async () => {
    const server = await startVideos({ status: () => {} });
    const client = server.connect();
    await expect(client.cancel('v1', { signal: AbortSignal.abort('no') })).rejects.toBe('no');
    expect(server.seen).toHaveLength(0);
    const controller = new AbortController();
    const cancelling = client.cancel('v1', { signal: controller.signal });
    await expect.poll(() => server.seen.length).toBe(1);
    controller.abort('enough');
    await expect(cancelling).rejects.toBe('enough');
  });
});
