import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { MockServer } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';
import { workflow } from '../../support/workflow.js';
import { errorOf } from '../client/support.js';
import { call, connect, OLD, runByHand, startServer, watch } from './comfy-ui-support.js';

const far = { polling: { intervalMs: 60_000 }, transports: ['websocket'] } as const;

/** The session that each socket came with, in turn. */
const sessionsOf = (server: MockServer) =>
  server.requests.filter(({ route }) => route === 'websocket').map(({ query }) => query.clientId);

describe('a job of comfyUI', () => {
  it('is submitted for the socket that follows it, and nothing is written to that', async () => {
    const server = await startServer({ durationMs: 100 });
    const job = await connect(server, far).generate({ workflow: workflow() });
    await job.completed({ timeoutMs: 10_000 });
    const submit = server.requests.find(({ route }) => route === 'generate');
    expect(submit?.body).toMatchObject({ client_id: sessionsOf(server)[0] });
    expect(server.streams.all[0]?.received).toEqual([]);
  });

  it('has its files when it is told to have ended: they are written only after its last words', async () => {
    const server = await startServer({ durationMs: 100 });
    for (let seed = 1; seed <= 3; seed++) {
      const job = await connect(server, far).generate({ workflow: workflow(seed) });
      const end = await job.completed({ timeoutMs: 10_000 });
      expect(end.outputs).toHaveLength(1);
      expect((await job.download()).contentType).toBe('video/mp4');
    }
  });

  it('is told to have ended where the socket alone works, and downloads once the status is there', async () => {
    const server = await startServer({ durationMs: 200 });
    const client = connect(server, { ...far, retry: { attempts: 1, minDelayMs: 1, maxDelayMs: 50 } });
    const job = await client.generate({ workflow: workflow() });
    const { seen } = watch(job);
    await until(() => seen.length > 0, 'the graph is known');
    const heal = server.faults.add({ type: 'status', route: 'status', status: 503 });
    const end = await job.completed({ timeoutMs: 10_000 });
    expect(end).toMatchObject({ status: 'completed', transport: 'websocket' });
    expect(end.outputs).toBeUndefined();
    heal();
    expect((await job.download()).contentType).toBe('video/mp4');
  });

  it('fails for the reason of the node', async () => {
    const failWith = { message: 'CUDA out of memory', code: 'torch.OutOfMemoryError' };
    const server = await startServer({ durationMs: 100, failWith });
    const job = await connect(server, far).generate({ workflow: workflow() });
    const error = await errorOf(job.completed({ timeoutMs: 10_000 }));
    expect(error).toMatchObject({ name: 'JobFailedError', reasonCode: 'torch.OutOfMemoryError' });
    expect(error.message).toMatch(/CUDA out of memory \(node \d+ \(\w+\)\)/);
  });

  it('goes on where a node is only blocked', async () => {
    const prompt_id = crypto.randomUUID();
    const data = {
      prompt_id,
      exception_type: 'ExecutionBlocked',
      exception_message: 'Execution Blocked: no',
    };
    const frame = { data: JSON.stringify({ type: 'execution_error', data }) };
    const server = await startServer({
      durationMs: 200,
      faults: [{ type: 'inject', route: 'websocket', frame, afterFrames: 5 }],
    });
    const job = await connect(server, far).generate({ workflow: workflow(), prompt_id });
    expect((await job.completed({ timeoutMs: 10_000 })).status).toBe('completed');
  });

  it('of another program without a session has its percentage all the same, and its end by the queue', async () => {
    const server = await startServer({ manual: true });
    const { prompt_id } = (await call(server, '/prompt', { prompt: workflow() })) as { prompt_id: string };
    const job = connect(server, far).subscribe(prompt_id);
    const { seen } = watch(job);
    const ended = job.completed({ timeoutMs: 15_000 });
    await until(
      () => server.streams.open.length === 1 && job.snapshot.message === 'pending',
      'it is followed',
    );
    server.jobs.get(prompt_id)?.advance({ status: 'processing', progress: 40 });
    await until(() => seen.some(({ progress }) => progress === 40), 'four of ten nodes');
    server.jobs.get(prompt_id)?.complete();
    expect((await ended).outputs).toHaveLength(1);
  });

  it('of another session is told to have ended by what all sockets are told of the queue', async () => {
    const server = await startServer({ manual: true });
    const made = await connect(server, far).generate({ workflow: workflow() });
    const job = connect(server, far).subscribe(made.id);
    const ended = job.completed({ timeoutMs: 15_000 });
    await until(
      () => server.streams.open.length === 1 && job.snapshot.message === 'pending',
      'it is followed',
    );
    server.jobs.get(made.id)?.advance({ status: 'processing', progress: 40 });
    await until(() => job.snapshot.status === 'processing', 'it runs');
    expect(job.snapshot).toMatchObject({ progress: 0, indeterminate: true });
    server.jobs.get(made.id)?.complete();
    expect((await ended).status).toBe('completed');
  });

  it('has its percentage in another process, too, by the session that both are given', async () => {
    const server = await startServer({ manual: true });
    const session = 'my-service';
    const webSocketUrl = `${server.urlOf('comfyui')}/ws?clientId=${session}`;
    const first = connect(server, { ...far, webSocketUrl });
    const made = await first.generate({ workflow: workflow(), extra_data: { client_id: session } });
    server.jobs.get(made.id)?.advance({ status: 'processing', progress: 20 });
    await first.close();
    const job = connect(server, { ...far, webSocketUrl }).subscribe(made.id);
    const { seen } = watch(job);
    await until(
      () => server.streams.open.length === 1 && job.snapshot.status === 'processing',
      'it is followed',
    );
    server.jobs.get(made.id)?.advance({ progress: 60 });
    await until(() => seen.some(({ progress }) => progress === 60), 'six of ten nodes');
    server.jobs.get(made.id)?.complete();
    await until(() => job.snapshot.status === 'completed', 'its end');
  });

  it('has its percentage from a server that tells of one node at a time', async () => {
    const server = await startServer({ ...OLD, manual: true });
    const job = await connect(server, far).generate({ workflow: workflow() });
    const { seen } = watch(job);
    await runByHand(server, job);
    await job.completed({ timeoutMs: 15_000 });
    expect(new Set(seen.map(({ progress }) => progress)).size).toBeGreaterThan(5);
  });
});

describe('the socket of comfyUI', () => {
  const quick = {
    polling: { intervalMs: 40 },
    timeouts: { silenceMs: 80 },
    transports: ['websocket', 'polling'],
  } as const;

  it('has a new session once a server took the end of the one before for its own; the jobs before are polled', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server, quick);
    const older = await client.generate({ workflow: workflow() });
    watch(older);
    await until(() => server.streams.open.length === 1, 'a socket');
    // Somebody with the same session, who goes: so the server knows nobody of that session any more.
    const session = sessionsOf(server)[0];
    server.streams.close();
    await until(() => server.streams.open.length === 1, 'a reconnect');
    expect(sessionsOf(server)[1]).toBe(session);
    const other = new WebSocket(`${server.urlOf('comfyui').replace('http', 'ws')}/ws?clientId=${session}`);
    onTestFinished(() => other.terminate());
    await once(other, 'open');
    other.close();
    await once(other, 'close');
    const asked = () => server.requests.filter(({ route }) => route === 'status').length;
    const before = asked();
    await until(() => asked() >= before + 3, 'the status was asked');

    server.jobs.get(older.id)?.advance({ status: 'processing', progress: 10 });
    await until(() => sessionsOf(server).length > 3, 'another socket');
    expect(sessionsOf(server).at(-1)).not.toBe(session);
    const newer = await client.generate({ workflow: workflow(2) });
    const { seen } = watch(newer);
    await until(() => newer.snapshot.message === 'pending', 'it is followed');
    server.jobs.get(newer.id)?.advance({ status: 'processing', progress: 30 });
    await until(() => seen.some(({ progress }) => progress === 30), 'it is carried by the new socket');
    server.jobs.get(older.id)?.complete();
    expect((await older.completed({ timeoutMs: 10_000 })).status).toBe('completed');
  });

  it('is ignored where it passes JSON in binary, as previews come: the job is polled', async () => {
    const server = await startServer({
      durationMs: 400,
      faults: [{ type: 'binary-frames', route: 'websocket' }],
    });
    const job = await connect(server, quick).generate({ workflow: workflow() });
    const { warnings } = watch(job);
    expect((await job.completed({ timeoutMs: 10_000 })).transport).toBe('polling');
    expect(warnings.map(({ code }) => code)).not.toContain('bad-frame');
  });
});

describe('cancelling', () => {
  const noRoute = { type: 'status', route: 'cancel', status: 405, times: 1 } as const;

  it.each([
    ['by the jobs API', []],
    ['by the queue, where there is no such route', [noRoute]],
  ] as const)('takes a job that waits out of the queue, and leaves all others: %s', async (_, faults) => {
    const server = await startServer({ durationMs: 60_000, faults });
    const others = await connect(server).generate({ workflow: workflow() });
    const client = connect(server);
    const job = await client.generate({ workflow: workflow(2) });
    server.jobs.get(others.id)?.advance({ status: 'processing' });
    expect(await client.cancel(job.id)).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
    expect(server.jobs.has(job.id)).toBe(false);
    expect(server.jobs.get(others.id)?.status).toBe('processing');
  });

  it.each([
    ['by the jobs API', []],
    ['by its id, where there is no such route', [noRoute]],
  ] as const)('interrupts a job that runs, and no other: %s', async (_, faults) => {
    const server = await startServer({ manual: true, faults });
    const others = await connect(server).generate({ workflow: workflow() });
    const client = connect(server, far);
    const job = await client.generate({ workflow: workflow(2) });
    for (const { id } of [others, job]) server.jobs.get(id)?.advance({ status: 'processing', progress: 20 });
    const ended = errorOf(job.completed({ timeoutMs: 10_000 }));
    await until(() => job.snapshot.status === 'processing', 'it runs');
    await client.cancel(job.id);
    expect(await ended).toMatchObject({ name: 'JobFailedError', reasonCode: 'cancelled' });
    expect(server.jobs.get(others.id)?.status).toBe('processing');
  });

  it('interrupts nothing on a server that would end whatever runs, and says that it cannot', async () => {
    const server = await startServer({ ...OLD, manual: true });
    const client = connect(server);
    const job = await client.generate({ workflow: workflow() });
    server.jobs.get(job.id)?.advance({ status: 'processing', progress: 20 });
    const error = await errorOf(client.cancel(job.id));
    expect(error).toMatchObject({
      status: 405,
      message: expect.stringContaining('this server cannot cancel a job'),
    });
    expect(server.requests.map(({ path }) => path)).not.toContain('/comfyui/api/interrupt');
    expect(server.jobs.get(job.id)?.status).toBe('processing');
  });
});
