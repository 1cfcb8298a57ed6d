import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { VideoClient } from '../../../src/client/client.js';
import { eventually } from '../../support/until.js';
import { connect, input, startServer } from './support.js';

/** As in Cloudflare Workers, where what one request opened may not be used by another. */
function beInAWorker(): void {
  vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
  onTestFinished(() => void vi.unstubAllGlobals());
}

describe('one client in a Worker', () => {
  it('gives each wait a stream of its own, and lets go of it with the wait', async () => {
    beInAWorker();
    const server = await startServer();
    const client = connect(server, { transports: ['sse'] });
    const jobs = [await client.generate(input), await client.generate(input)];
    const ends = jobs.map((job) => job.completed());
    await eventually(() => expect(server.connections.eventStreams).toBe(2));
    server.jobs.get(jobs[0]?.id ?? '')?.complete();
    await ends[0];
    await eventually(() => expect(server.connections.eventStreams).toBe(1));
    server.jobs.get(jobs[1]?.id ?? '')?.complete();
    await expect(ends[1]).resolves.toMatchObject({ id: jobs[1]?.id });
    await eventually(() => expect(server.connections.eventStreams).toBe(0));
  });

  it('waits again by a new stream for a job that was waited for before', async () => {
    beInAWorker();
    const server = await startServer();
    const job = await connect(server, { transports: ['sse'] }).generate(input);
    const controller = new AbortController();
    const first = job.completed({ signal: controller.signal });
    await eventually(() => expect(server.connections.eventStreams).toBe(1));
    controller.abort('gone');
    await expect(first).rejects.toBe('gone');
    await eventually(() => expect(server.connections.eventStreams).toBe(0));
    const second = job.completed();
    await eventually(() => expect(server.connections.eventStreams).toBe(1));
    server.jobs.get(job.id)?.complete();
    await expect(second).resolves.toMatchObject({ status: 'completed' });
  });

  it('holds no wait up for the pause that the calls of another were asked for', async () => {
    beInAWorker();
    const server = await startServer();
    const client = connect(server, { transports: ['polling'], retry: { minDelayMs: 5, maxDelayMs: 60_000 } });
    const paused = await client.generate(input);
    const other = await client.generate(input);
    server.faults.add({ route: 'status', type: 'status', status: 429, retryAfter: 60, jobId: paused.id });
    void paused.completed().catch(() => {});
    await eventually(() => expect(server.requests.some(({ status }) => status === 429)).toBe(true));
    server.jobs.get(other.id)?.complete();
    await expect(other.completed()).resolves.toMatchObject({ id: other.id });
  });

  it('reads what a webhook said in its own time, not in the request that brought it', async () => {
    beInAWorker();
    const server = await startServer();
    const client = connect(server, { transports: ['sse'], polling: { intervalMs: 60_000 } });
    const job = await client.generate(input);
    const told = vi.fn();
    job.on('completed', told);
    await eventually(() => expect(server.connections.eventStreams).toBe(1));
    // Its own calls are over: at each of their answers it would be read.
    const answered = () =>
      server.requests.filter(({ route, status }) => route === 'status' && status === 200);
    await eventually(() => expect(answered().length).toBeGreaterThanOrEqual(2));
    for (let i = 0; i < 5; i++) await client.status(job.id);
    client.ingest({
      type: 'video.completed',
      snapshot: { ...job.snapshot, status: 'completed', progress: 100, transport: 'webhook' },
    } as never);
    await new Promise(setImmediate);
    expect(told).not.toHaveBeenCalled();
    server.jobs.get(job.id)?.advance({ status: 'processing', progress: 50 });
    await eventually(() => expect(told).toHaveBeenCalledOnce());
    expect(told.mock.calls[0]?.[0]).toMatchObject({ transport: 'webhook' });
  });

  it('refuses to wait once it was closed', async () => {
    beInAWorker();
    const client = new VideoClient({ baseUrl: 'http://127.0.0.1:1' });
    await client.close();
    await expect(client.subscribe('a').completed()).rejects.toMatchObject({ code: 'closed', jobId: 'a' });
  });
});

describe('one client elsewhere', () => {
  it('shares one stream among all that wait', async () => {
    const server = await startServer();
    const client = connect(server, { transports: ['websocket'] });
    const jobs = [await client.generate(input), await client.generate(input)];
    const ends = jobs.map((job) => job.completed());
    await eventually(() => expect(server.connections.webSockets).toBe(1));
    for (const { id } of jobs) server.jobs.get(id)?.complete();
    await Promise.all(ends);
    expect(server.requests.filter(({ route }) => route === 'websocket')).toHaveLength(1);
  });
});
