import { describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../support/rejection.js';
import { json } from '../http/support.js';
import { connect, input, startServer, submits } from './support.js';
import { gate, startVideos } from './videos.js';

const prompt = { prompt: 'a cat' };

describe('close', () => {
  it('waits for the cancel of a submit that was aborted, as does `await using`', async () => {
    const answer = gate();
    const server = await startVideos({
      submit: async (response) => {
        await answer.promise;
        json(response, 200, { id: 'v1', status: 'queued' });
      },
    });
    const controller = new AbortController();
    const using = (async () => {
      await using client = server.connect();
      await client.generate(prompt, { signal: controller.signal, onAbort: 'cancel' });
    })();
    await expect.poll(() => server.seen.length).toBe(1);
    controller.abort('user left');
    setTimeout(answer.open, 20);
    await expect(using).rejects.toBe('user left');
    expect(server.methods().slice(0, 3)).toEqual(['POST', 'GET', 'DELETE']);
  });

  it('waits for a cancel that is under way', async () => {
    const server = await startVideos();
    const client = server.connect();
    const cancelling = client.cancel('v1');
    await client.close();
    expect(server.methods()).toContain('DELETE');
    await cancelling;
  });

  it('waits for cancels for 5 s at most, and tells which job was not cancelled', async () => {
    const server = await startVideos({ status: () => {} });
    const client = server.connect();
    const controller = new AbortController();
    await client.generate(prompt, { signal: controller.signal, onAbort: 'cancel' });
    controller.abort('user left');
    await expect.poll(() => server.methods()).toEqual(['POST', 'GET']);
    const asked = errorOf(client.cancel('v2'));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const closed = client.close();
      let isClosed = false;
      void closed.then(() => {
        isClosed = true;
      });
      await vi.advanceTimersByTimeAsync(4_900);
      expect(isClosed).toBe(false);
      await vi.advanceTimersByTimeAsync(200);
      await closed;
    } finally {
      vi.useRealTimers();
    }
    expect(server.warned.join()).toMatch(/"v1" was to be cancelled/);
    expect(await asked).toMatchObject({ code: 'closed', jobId: 'v2' });
  });

  it('ends all else at once, and resolves though called twice', async () => {
    const server = await startServer();
    server.jobs.create({ id: 'job-1', manual: true });
    const client = connect(server);
    const waiting = errorOf(client.subscribe('job-1').completed());
    const [first, second] = [client.close(), client.close()];
    expect(await waiting).toMatchObject({ code: 'closed', jobId: 'job-1' });
    await Promise.all([first, second, client[Symbol.asyncDispose]()]);
  });

  it('lets an abort after it cancel nothing, and leaves no listener', async () => {
    const server = await startVideos();
    const client = server.connect();
    const controller = new AbortController();
    await client.generate(prompt, { signal: controller.signal, onAbort: 'cancel' });
    await client.close();
    controller.abort('late');
    await client.close();
    expect(server.methods()).toEqual(['POST']);
    for (const call of [client.cancel('v1'), client.generate(prompt)])
      expect(await errorOf(call)).toMatchObject({ code: 'closed' });
  });

  it('during a submit says that a job may have been made', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'stall' }] });
    const client = connect(server);
    const generating = errorOf(client.generate(input));
    await expect.poll(() => submits(server)).toBe(1);
    await client.close();
    const error = await generating;
    expect(error).toMatchObject({
      code: 'closed',
      hint: expect.stringContaining('look for it on the server'),
    });
    expect(error.message).toContain('may have made a job');
  });

  it('before a submit was sent says that none was made', async () => {
    const server = await startServer();
    const client = connect(server, {
      auth: { type: 'bearer', token: () => new Promise<string>(() => {}) },
    });
    const generating = errorOf(client.generate(input));
    await client.close();
    expect(await generating).toMatchObject({
      code: 'closed',
      hint: expect.stringContaining('No job was made'),
    });
    expect(server.requests).toHaveLength(0);
  });
});

it('a poll that is over leaves no follower in the client', async () => {
  const server = await startServer();
  const { id } = server.jobs.create({ manual: true });
  server.jobs.get(id)?.complete();
  const client = connect(server);
  const isFollower = ([one]: unknown[]) => typeof (one as { ingest?: unknown } | null)?.ingest === 'function';
  const [added, deleted] = [vi.spyOn(Set.prototype, 'add'), vi.spyOn(Set.prototype, 'delete')];
  try {
    for (let round = 0; round < 20; round++) await client.poll(id);
    const followers = added.mock.calls.filter(isFollower);
    expect(followers).toHaveLength(20);
    expect(deleted.mock.calls.filter(isFollower)).toEqual(followers);
  } finally {
    added.mockRestore();
    deleted.mockRestore();
  }
});

it('a download that was opened before close fetches nothing after it', async () => {
  const server = await startServer();
  const client = connect(server);
  const job = await client.generate(input);
  server.jobs.get(job.id)?.complete();
  const download = await job.download();
  await client.close();
  const before = server.requests.length;
  expect(await errorOf(download.bytes())).toMatchObject({ code: 'closed', jobId: job.id });
  expect(server.requests).toHaveLength(before);
});
