import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openRouter } from '../../../src/backends/hosted/open-router.js';
import { VideoClient } from '../../../src/client/client.js';
import type { JobSnapshot, WebhookEvent } from '../../../src/core/model.js';
import type { JobBus, SharedSnapshot } from '../../../src/jobs/bus.js';
import { memoryBus } from '../../../src/jobs/buses/memory.js';
import type { MockServer } from '../../../src/mock-server/index.js';
import { connect, errorOf, input, startServer } from '../client/support.js';

/** As long as nobody should have to wait for it. */
const NEVER_MS = 3_600_000;

function eventOf(jobId: string, change: Partial<JobSnapshot> = {}): WebhookEvent {
  const snapshot = {
    ...{
      id: jobId,
      status: 'completed',
      progress: 100,
      updatedAt: new Date(),
      transport: 'webhook',
      raw: {},
    },
    ...change,
  } as JobSnapshot;
  return { id: 'msg_1', type: `job.${snapshot.status}`, jobId, snapshot, timestamp: new Date(), raw: {} };
}

/** Clients as of several processes, that poll once and then not again. */
function members(server: MockServer, count: number, bus: JobBus, intervalMs = NEVER_MS): VideoClient[] {
  return Array.from({ length: count }, () =>
    connect(server, { bus, transports: ['polling'], polling: { intervalMs } }),
  );
}

const statusCalls = (server: MockServer) => server.requests.filter(({ route }) => route === 'status').length;

describe('two clients on one bus', () => {
  it('hear of the end by a webhook that lands on the other, and its file is there', async () => {
    const server = await startServer();
    const [a, b] = members(server, 2, memoryBus()) as [VideoClient, VideoClient];
    const { id } = await b.generate(input);
    const job = a.subscribe(id);
    const completed = job.completed();
    await new Promise((resolve) => job.once('update', resolve));
    server.jobs.get(id)?.complete();
    await b.ingest(eventOf(id));
    expect(await completed).toMatchObject({ id, status: 'completed', transport: 'webhook' });
    expect((await (await job.download()).bytes()).byteLength).toBeGreaterThan(10_000);
  });

  it('have the URL of a hosted file asked for, as none is shared', async () => {
    const server = await startServer();
    const bus = memoryBus();
    const hosted = () =>
      new VideoClient({
        ...{ baseUrl: server.urlOf('openrouter'), backend: openRouter({ model: 'google/veo-3.1' }), bus },
        ...{ auth: { type: 'bearer', token: 'sk-or-1' }, polling: { intervalMs: NEVER_MS } },
      });
    await using a = hosted();
    await using b = hosted();
    const { id } = await b.generate({ prompt: 'A cat' });
    const job = a.subscribe(id);
    const completed = job.completed();
    await new Promise((resolve) => job.once('update', resolve));
    server.jobs.get(id)?.complete();
    await b.ingest(eventOf(id, { videoUrl: 'https://signed.example/?signature=1' }));
    expect(await completed).not.toHaveProperty('videoUrl');
    expect((await (await a.download(await completed)).bytes()).byteLength).toBeGreaterThan(10_000);
  });

  it('hear of a failure with its reason, and of progress', async () => {
    const server = await startServer();
    const [a, b] = members(server, 2, memoryBus()) as [VideoClient, VideoClient];
    const { id } = await b.generate(input);
    const job = a.subscribe(id);
    const failed = errorOf(job.completed());
    await new Promise((resolve) => job.once('update', resolve));
    const progress = new Promise((resolve) => job.once('progress', resolve));
    await b.ingest(eventOf(id, { status: 'processing', progress: 30, message: 'Drawing' }));
    expect(await progress).toMatchObject({ progress: 30, message: 'Drawing' });
    await b.ingest(
      eventOf(id, { status: 'failed', progress: 30, error: 'out of paper', errorCode: 'paper' }),
    );
    expect(await failed).toMatchObject({ reason: 'out of paper', reasonCode: 'paper' });
  });

  it('tell each other what they learn by themselves', async () => {
    const server = await startServer();
    const bus = memoryBus();
    const [a] = members(server, 1, bus) as [VideoClient];
    const b = connect(server, { bus });
    const { id } = await b.generate(input);
    const told = a.subscribe(id).completed();
    const learned = b.subscribe(id).completed();
    await expect.poll(() => statusCalls(server)).toBeGreaterThanOrEqual(2);
    server.jobs.get(id)?.complete();
    await learned;
    // It asked once, before the end, and would not have asked again.
    expect((await told).transport).toBe('webhook');
  });

  it('of other servers, or other backends, hear nothing of each other', async () => {
    const server = await startServer();
    const published: SharedSnapshot[] = [];
    const bus = memoryBus();
    const seen: JobBus = {
      ...bus,
      publish: async (shared) => {
        published.push(shared);
        return bus.publish(shared);
      },
    };
    const here = connect(server, { bus: seen });
    const there = new VideoClient({ baseUrl: `${server.url}/other/`, bus: seen });
    onTestFinished(() => there.close());
    await here.ingest(eventOf('job-1'));
    await there.ingest(eventOf('job-1'));
    expect(published.map(({ id }) => id)).toEqual([
      `soraGateway ${server.url} job-1`,
      `soraGateway ${server.url}/other job-1`,
    ]);
    expect(JSON.stringify(published)).not.toContain('videoUrl');
  });
});

describe('many clients on one bus that poll one job', () => {
  it('ask about as often as one would, and all hear of the end', async () => {
    const server = await startServer();
    const clients = members(server, 20, memoryBus(), 100);
    const { id } = await (clients[0] as VideoClient).generate(input);
    const ends = clients.map((client) => client.subscribe(id).completed());
    await expect.poll(() => statusCalls(server)).toBeGreaterThanOrEqual(20);
    const before = statusCalls(server);
    const since = performance.now();
    await expect.poll(() => statusCalls(server) - before).toBeGreaterThanOrEqual(10);
    const intervals = (performance.now() - since) / 100;
    // Each for itself would have asked twenty times an interval.
    expect(statusCalls(server) - before).toBeLessThan(3 * intervals + 20);
    server.jobs.get(id)?.complete();
    expect(new Set((await Promise.all(ends)).map(({ status }) => status))).toEqual(new Set(['completed']));
  });

  it('go on where the one that asked is gone', async () => {
    const server = await startServer();
    const [a, b] = members(server, 2, memoryBus(), 50) as [VideoClient, VideoClient];
    const { id } = await a.generate(input);
    a.subscribe(id).on('update', () => {});
    const told = b.subscribe(id).completed();
    await expect.poll(() => statusCalls(server)).toBeGreaterThanOrEqual(4);
    await a.close();
    server.jobs.get(id)?.complete();
    expect(await told).toMatchObject({ status: 'completed' });
  });
});

/** A bus that does as it is told to. */
function bad(bus: Partial<JobBus>): JobBus {
  return { ...memoryBus(), ...bus };
}

describe('a client on a bus', () => {
  it('rejects an event that cannot be told to the others, so that the sender comes again', async () => {
    const server = await startServer();
    const gone = new Error('redis is gone');
    const [client] = members(server, 1, bad({ publish: () => Promise.reject(gone) })) as [VideoClient];
    await expect(client.ingest(eventOf('job-1'))).rejects.toBe(gone);
  });

  it('gives up one that hangs after 2 s', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const client = new VideoClient({
      ...{ baseUrl: 'http://127.0.0.1:1', logger: 'silent' },
      bus: bad({ publish: () => new Promise(() => {}) }),
    });
    const error = errorOf(client.ingest(eventOf('job-1')));
    await vi.advanceTimersByTimeAsync(2_000);
    const { code, message } = await error;
    expect([code, message]).toEqual(['bus', 'the bus did not answer within 2000 ms']);
    await client.close();
  });

  it('warns of what it cannot share once, and follows all the same', async () => {
    const server = await startServer();
    const warned: string[] = [];
    const client = connect(server, {
      bus: bad({ publish: () => Promise.reject(new Error('redis is gone')) }),
      logger: { debug() {}, info() {}, error() {}, warn: (message) => warned.push(message) },
    });
    const jobs = await Promise.all([client.generate(input), client.generate(input)]);
    const ends = jobs.map((job) => job.completed());
    for (const { id } of jobs) server.jobs.get(id)?.complete();
    await Promise.all(ends);
    await expect.poll(() => warned).toHaveLength(1);
    expect(warned[0]).toMatch(/^other processes were not told of job job-\w+: Error: redis is gone$/);
  });

  const fail = () => {
    throw new Error('no');
  };
  const hang = () => new Promise<never>(() => {});

  it.each<[string, Partial<JobBus>]>([
    ['throws', { watch: fail, claim: fail, unclaim: fail, publish: fail }],
    ['refuses to say whose turn it is', { claim: async () => fail() }],
    ['answers nobody', { claim: hang, publish: hang }],
  ])('that %s polls its jobs to their ends', async (_, bus) => {
    const server = await startServer();
    const client = connect(server, {
      ...{ bus: bad(bus), transports: ['polling'], polling: { intervalMs: 20 }, logger: 'silent' },
    });
    const job = await client.generate(input);
    const completed = job.completed();
    await expect.poll(() => statusCalls(server)).toBeGreaterThanOrEqual(1);
    server.jobs.get(job.id)?.complete();
    expect(await completed).toMatchObject({ status: 'completed' });
  });

  it('that hands on what is no snapshot, or of another job, believes none of it', async () => {
    const server = await startServer();
    let tell = (_: unknown) => {};
    const watch: JobBus['watch'] = (id, listener) => {
      tell = (change) => listener({ id, status: 'processing', progress: 1, at: 0, ...Object(change) });
      listener(undefined as never);
      listener('news' as never);
      return () => {};
    };
    const [client] = members(server, 1, bad({ watch })) as [VideoClient];
    const job = await client.generate(input);
    const told: string[] = [];
    job.on('update', ({ status, progress }) => told.push(`${status} ${progress}`));
    const completed = job.completed();
    await expect.poll(() => statusCalls(server)).toBe(1);
    for (const forged of [{ id: 'x', status: 'failed' }, { status: 'done' }, { progress: Number.NaN }])
      tell(forged);
    tell({ progress: Number.POSITIVE_INFINITY });
    tell({ progress: 40 });
    tell({ status: 'completed', progress: 100 });
    await completed;
    expect(told).toEqual(['processing 40', 'completed 100']);
  });

  it('that rejects where nobody waits for it is a warning, and ends no process', async () => {
    const server = await startServer({
      faults: [{ route: 'status', type: 'status', status: 500, after: 2, times: 2 }],
    });
    const warned: string[] = [];
    const unclaimed = () => Promise.reject(new Error('no unclaim'));
    const stop = () => Promise.reject(new Error('no stop'));
    const client = connect(server, {
      ...{ transports: ['polling'], polling: { intervalMs: 20 } },
      bus: bad({ unclaim: unclaimed, watch: () => stop }),
      logger: { debug() {}, info() {}, error() {}, warn: (message) => warned.push(message) },
    });
    const job = await client.generate(input);
    const completed = job.completed();
    await expect.poll(() => statusCalls(server)).toBeGreaterThanOrEqual(4);
    server.jobs.get(job.id)?.complete();
    await completed;
    await expect.poll(() => warned).toContain('the bus threw: Error: no stop');
    expect(warned).toContain('the bus threw: Error: no unclaim');
  });

  it('leaves it open when it is closed, and watches nothing more', async () => {
    const server = await startServer();
    const watched = new Set<string>();
    const bus = memoryBus();
    const seen: JobBus = {
      ...bus,
      watch(id, listener) {
        watched.add(id);
        const stop = bus.watch(id, listener);
        return () => {
          watched.delete(id);
          stop();
        };
      },
      close: () => Promise.reject(new Error('a client must not close it')),
    };
    const client = connect(server, { bus: seen });
    const job = await client.generate(input);
    job.on('update', () => {});
    await expect.poll(() => watched.size).toBe(1);
    await client.close();
    expect(watched.size).toBe(0);
    await bus.publish({ id: 'x', status: 'queued', progress: 0, at: 0 });
  });

  it('refuses what is no bus', () => {
    const make = () => new VideoClient({ baseUrl: 'http://127.0.0.1:1', bus: {} as JobBus });
    expect(make).toThrow('bus must be what memoryBus(), redisBus(client) or the like returns');
  });
});
