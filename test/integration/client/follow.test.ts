import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import type { JobSnapshot, WebhookEvent } from '../../../src/core/model.js';
import { JobFailedError } from '../../../src/errors.js';
import { errorOf } from '../../support/rejection.js';
import { connect, input, startServer } from './support.js';

function completedEvent(jobId: string): WebhookEvent {
  const snapshot: JobSnapshot = {
    id: jobId,
    status: 'completed',
    progress: 100,
    videoUrl: '/api/download?jobId=1',
    updatedAt: new Date(),
    transport: 'webhook',
    raw: {},
  };
  return { id: 'msg_1', type: 'job.completed', jobId, snapshot, timestamp: new Date(), raw: {} };
}

it('one signal may end any number of jobs and calls: no leak is suspected, and none is', async () => {
  const server = await startServer();
  const client = connect(server);
  const { signal, ...controller } = listenedTo();
  const jobs = await Promise.all(Array.from({ length: 12 }, () => client.generate(input, { signal })));
  const ends = jobs.map((job) => job.completed({ signal }).catch((error: unknown) => error));
  await Promise.all(jobs.map((job) => client.status(job.id, { signal })));
  expect(controller.most()).toBe(1);
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await Promise.all(ends)).toEqual(jobs.map(() => reason));
  expect(controller.now()).toBe(0);
});

/** A signal that counts who listens to it. */
function listenedTo() {
  const controller = new AbortController();
  const { signal } = controller;
  let now = 0;
  let most = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...parameters: Parameters<typeof addEventListener>) => {
    now += 1;
    most = Math.max(most, now);
    addEventListener.apply(signal, parameters);
  };
  signal.removeEventListener = (...parameters: Parameters<typeof removeEventListener>) => {
    now -= 1;
    removeEventListener.apply(signal, parameters);
  };
  return {
    signal,
    abort: (reason: unknown) => controller.abort(reason),
    most: () => most,
    now: () => now,
  };
}

describe('poll', () => {
  it('asks by status calls alone, tells each change, and resolves at the end', async () => {
    const server = await startServer({ manual: false, durationMs: 200 });
    const client = connect(server);
    const job = await client.generate(input);
    const seen: number[] = [];
    const completed = await client.poll(job.id, {
      intervalMs: 10,
      onUpdate: ({ progress }) => seen.push(progress),
    });
    expect(completed).toMatchObject({ id: job.id, status: 'completed', progress: 100, transport: 'polling' });
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(2);
    expect(new Set(server.requests.map(({ route }) => route))).toEqual(new Set(['generate', 'status']));
  });

  it('rejects with the reason of a failed job', async () => {
    const server = await startServer();
    const job = await connect(server).generate(input);
    server.jobs.get(job.id)?.fail('out of memory');
    const error = await errorOf(connect(server).poll(job.id));
    expect(error).toBeInstanceOf(JobFailedError);
    expect(error).toMatchObject({ jobId: job.id, reason: 'out of memory' });
  });

  it('ends at its timeout with the job’s id and how to go on', async () => {
    const server = await startServer();
    const job = await connect(server).generate(input);
    const error = await errorOf(connect(server).poll(job.id, { timeoutMs: 80 }));
    expect(error).toMatchObject({ code: 'job-timeout', jobId: job.id });
    expect(error.hint).toContain('subscribe');
  });

  it('of a client that was closed sends nothing', async () => {
    const server = await startServer();
    const client = connect(server);
    client.close();
    const error = await errorOf(client.poll('job-1', { timeoutMs: 200 }));
    expect(error).toMatchObject({ code: 'closed', jobId: 'job-1' });
    expect(server.requests).toEqual([]);
  });

  it('stops at once with the signal’s own reason', async () => {
    const server = await startServer();
    const job = await connect(server).generate(input);
    const controller = new AbortController();
    const polling = connect(server).poll(job.id, { signal: controller.signal });
    const asksAbout = (id: string) =>
      server.requests.filter(({ jobId, route }) => jobId === id && route === 'status').length;
    await expect
      .poll(() => server.requests.filter(({ route }) => route === 'status').length)
      .toBeGreaterThan(1);
    controller.abort('enough');
    await expect(polling).rejects.toBe('enough');
    // One that was on its way may still arrive.
    const asked = server.requests.length;
    const other = await connect(server).generate(input);
    connect(server)
      .poll(other.id)
      .catch(() => {});
    await expect.poll(() => asksAbout(other.id), { timeout: 10_000 }).toBeGreaterThan(5);
    expect(asksAbout(job.id)).toBeLessThanOrEqual(asked + 1);
  });

  it('goes on through errors of the server and broken answers', async () => {
    const server = await startServer({
      manual: false,
      durationMs: 300,
      faults: [
        { route: 'status', type: 'status', status: 500, body: '<html>', times: 1 },
        { route: 'status', type: 'truncated-json', times: 1 },
        { route: 'status', type: 'reset', at: 'after-body', times: 1 },
        { route: 'status', type: 'oversized-json', times: 1 },
        { route: 'status', type: 'refuse', times: 1 },
      ],
    });
    const client = connect(server);
    const job = await client.generate(input);
    await expect(client.poll(job.id, { intervalMs: 10 })).resolves.toMatchObject({ status: 'completed' });
  });

  it('shares polling.concurrency and the pause of a Retry-After with all that the client asks', async () => {
    const server = await startServer();
    const jobs = Array.from({ length: 12 }, () => server.jobs.create({ manual: true }));
    let [now, most, isPaused] = [0, 0, false];
    const client = connect(server, {
      transports: ['polling'],
      polling: { intervalMs: 30, concurrency: 2 },
      retry: { minDelayMs: 5, maxDelayMs: 60_000 },
      fetch: async (...parameters) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        try {
          const response = await fetch(...parameters);
          isPaused ||= response.status === 429;
          return response;
        } finally {
          now -= 1;
        }
      },
    });
    const followed = client.subscribe(jobs[0]?.id ?? '').completed();
    const polled = jobs.map(({ id }) => client.poll(id));
    for (const end of [followed, ...polled]) end.catch(() => {});
    await expect.poll(() => server.requests.length).toBeGreaterThan(30);
    expect(most).toBe(2);
    server.faults.add({ route: 'status', type: 'status', status: 429, retryAfter: 50, times: 1 });
    await expect.poll(() => isPaused && now === 0).toBe(true);
    const asked = server.requests.length;
    // Of another client, for as long as the one that is paused would have asked many times.
    const other = connect(server, { transports: ['polling'], polling: { intervalMs: 30 } });
    const id = server.jobs.create({ manual: true }).id;
    other.poll(id).catch(() => {});
    const itsOwn = () => server.requests.filter(({ jobId }) => jobId === id).length;
    await expect.poll(itsOwn, { timeout: 10_000 }).toBeGreaterThan(5);
    expect(server.requests.filter(({ jobId }) => jobId !== id)).toHaveLength(asked);
  });

  it('goes on over what onUpdate throws, or rejects with, and tells the logger', async () => {
    const server = await startServer();
    const job = await connect(server).generate(input);
    server.jobs.get(job.id)?.complete();
    const error = vi.fn();
    const logger = { debug() {}, info() {}, warn() {}, error };
    const throwing = () => {
      throw new Error('mine');
    };
    const rejecting = () => Promise.reject(new Error('mine, later'));
    for (const onUpdate of [throwing, rejecting]) {
      await expect(connect(server, { logger }).poll(job.id, { onUpdate })).resolves.toMatchObject({
        status: 'completed',
      });
    }
    await expect
      .poll(() => error.mock.calls.flat().map((text) => String(text).split('\n')[0]))
      .toEqual([
        `a listener of job ${job.id} threw: Error: mine`,
        `a listener of job ${job.id} threw: Error: mine, later`,
      ]);
  });

  it('with a signal that is aborted already sends nothing', async () => {
    const server = await startServer();
    const polling = connect(server).poll('job-1', { signal: AbortSignal.abort('enough'), onUpdate() {} });
    await expect(polling).rejects.toBe('enough');
    expect(server.requests).toEqual([]);
  });

  it('leaves nothing behind in the client, however often', async () => {
    const server = await startServer();
    const client = connect(server);
    const job = server.jobs.create({ manual: true });
    job.complete();
    for (let count = 0; count < 20; count++) await client.poll(job.id);
    const queue = vi.spyOn(globalThis, 'queueMicrotask');
    onTestFinished(() => queue.mockRestore());
    client.ingest(completedEvent(job.id));
    // Each follower that is left would put one in line, as may the client's own.
    expect(queue.mock.calls.length).toBeLessThan(2);
  });

  it('tells in its timeout why the status could not be had', async () => {
    const server = await startServer({
      faults: [{ route: 'status', type: 'status', status: 503, body: 'away' }],
    });
    const error = await errorOf(connect(server).poll('job-1', { timeoutMs: 3_000 }));
    expect(error).toMatchObject({ code: 'job-timeout', cause: { code: 'server-error', status: 503 } });
    expect(error.message).toMatch(
      /^job job-1 did not end within 3000 ms; could not read its status: .* answered 503: away$/,
    );
  });

  it('of a job nobody knows ends as not found, and of wrong credentials as unauthorized', async () => {
    const server = await startServer();
    expect(await errorOf(connect(server).poll('nope'))).toMatchObject({ code: 'not-found', jobId: 'nope' });
    const locked = await startServer({ auth: { type: 'bearer', token: 't' } });
    expect(await errorOf(connect(locked).poll('job-1'))).toMatchObject({
      code: 'unauthorized',
      jobId: 'job-1',
    });
  });
});

describe('status', () => {
  it.each(['path', 'query'] as const)('asks by the %s form', async (statusRoute) => {
    const server = await startServer();
    const client = connect(server, { backend: soraGateway({ statusRoute }) });
    const job = await client.generate(input);
    server.jobs.get(job.id)?.advance({ status: 'processing', progress: 35 });
    expect(await client.status(job.id)).toMatchObject({ id: job.id, status: 'processing', progress: 35 });
    const path = statusRoute === 'path' ? `/api/videos/status/${job.id}` : '/api/status';
    expect(server.requests.at(-1)?.path).toBe(path);
  });

  it('repeats what failed for now, and tells in the end what it was', async () => {
    const server = await startServer({
      faults: [{ route: 'status', type: 'status', status: 502, body: { error: 'bad gateway' } }],
    });
    const error = await errorOf(connect(server).status('job-1'));
    expect(error).toMatchObject({ code: 'server-error', jobId: 'job-1', status: 502 });
    expect(server.requests).toHaveLength(3);
  });

  it('makes a URL of the server’s own absolute', async () => {
    const server = await startServer();
    const client = connect(server, { backend: vidBuilder({ webhookUrl: 'https://app.example.com/hook' }) });
    const job = await client.generate({ scenes: [{ type: 'hero-title', duration: 4, content: {} }] });
    server.jobs.get(job.id)?.complete();
    expect(await client.status(job.id)).toMatchObject({ videoUrl: `${server.url}/api/download/${job.id}` });
  });
});

describe('subscribe', () => {
  it('sends nothing until somebody listens', async () => {
    const server = await startServer();
    const { id } = await connect(server).generate(input);
    server.clearRequests();
    const job = connect(server).subscribe(id);
    // Of another job, and answered: that of this one would be there.
    await connect(server).status(server.jobs.create().id);
    expect(server.requests.filter(({ jobId }) => jobId === id)).toEqual([]);
    const first = job[Symbol.asyncIterator]().next();
    expect((await first).value).toMatchObject({ id, status: 'queued' });
    job.close();
  });

  it('of a job that ended long ago tells its end', async () => {
    const server = await startServer();
    const { id } = await connect(server).generate(input);
    server.jobs.get(id)?.complete();
    await expect(connect(server).subscribe(id).completed()).resolves.toMatchObject({
      id,
      status: 'completed',
    });
  });

  it('several handles of one job hear the same end, once each', async () => {
    const server = await startServer();
    const client = connect(server);
    const { id } = await client.generate(input);
    const ends = [client.subscribe(id), client.subscribe(id)].map((job) => {
      const listener = vi.fn();
      job.on('completed', listener);
      return listener;
    });
    await expect.poll(() => server.connections.webSockets).toBe(1);
    server.jobs.get(id)?.complete();
    await expect.poll(() => ends.map((listener) => listener.mock.calls.length)).toEqual([1, 1]);
  });

  it('tells which transport serves', async () => {
    const server = await startServer({ style: 'field' });
    // On a busy machine the socket opens after its head start.
    const job = await connect(server, { timeouts: { headStartMs: 20_000 } }).generate(input);
    const served = vi.fn();
    job.on('transport', served);
    await expect
      .poll(() => served.mock.calls)
      .toEqual([
        [expect.objectContaining({ jobId: job.id, transport: 'websocket', reason: expect.any(String) })],
      ]);
    job.close();
  });
});

describe('ingest', () => {
  it('resolves whoever waits, once, racing the streams', async () => {
    const server = await startServer();
    const client = connect(server, { transports: ['polling'], polling: { intervalMs: 60_000 } });
    const job = await client.generate(input);
    const told = vi.fn();
    job.on('completed', told);
    const completed = job.completed();
    const polled = client.poll(job.id, { intervalMs: 60_000 });
    await expect.poll(() => server.requests.filter(({ route }) => route === 'status').length).toBe(2);
    client.ingest(completedEvent(job.id));
    client.ingest(completedEvent(job.id));
    await expect(completed).resolves.toMatchObject({
      transport: 'webhook',
      videoUrl: `${server.url}/api/download?jobId=1`,
    });
    await expect(polled).resolves.toMatchObject({ status: 'completed' });
    expect(told).toHaveBeenCalledOnce();
  });

  it('of a job nobody follows, or of an unknown event, changes nothing', async () => {
    const server = await startServer();
    const client = connect(server);
    client.ingest(completedEvent('somebody-else'));
    client.ingest({ id: 'msg_2', type: 'unknown', timestamp: new Date(), raw: {} });
    expect(server.requests).toHaveLength(0);
  });
});

describe('close', () => {
  it('ends whoever waits, each with its job’s id', async () => {
    const server = await startServer();
    const client = connect(server);
    const job = await client.generate(input);
    const iterator = job[Symbol.asyncIterator]();
    await iterator.next();
    const waits = [job.completed(), client.poll(job.id), iterator.next()];
    await expect.poll(() => server.connections.webSockets).toBe(1);
    client.close();
    for (const wait of waits) expect(await errorOf(wait)).toMatchObject({ code: 'closed', jobId: job.id });
    await expect.poll(() => server.connections.webSockets).toBe(0);
  });

  it('ends calls under way, and refuses new ones', async () => {
    const server = await startServer({ faults: [{ type: 'stall' }] });
    const client = connect(server);
    const waits = [client.generate(input), client.status('job-1'), client.download('job-1')];
    await expect.poll(() => server.requests.length).toBe(3);
    client.close();
    for (const wait of waits) expect(await errorOf(wait)).toMatchObject({ code: 'closed' });
    expect(await errorOf(client.generate(input))).toMatchObject({ code: 'closed' });
    expect(await errorOf(client.subscribe('job-1').completed())).toMatchObject({
      code: 'closed',
      jobId: 'job-1',
    });
  });

  it('comes by itself at the end of a block', async () => {
    const server = await startServer();
    let completed: Promise<unknown>;
    {
      await using client = connect(server);
      completed = (await client.generate(input)).completed();
      completed.catch(() => {});
    }
    expect(await errorOf(completed)).toMatchObject({ code: 'closed' });
  });
});

it('two clients share nothing: closing one leaves the other’s jobs alone', async () => {
  const server = await startServer();
  const [one, other] = [connect(server), connect(server)];
  const job = await one.generate(input);
  const completed = other.subscribe(job.id).completed();
  one.close();
  server.jobs.get(job.id)?.complete();
  await expect(completed).resolves.toMatchObject({ status: 'completed' });
});
