import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Following, JobSink } from '../../../src/core/follower.js';
import type { JobSnapshot, JobUpdate } from '../../../src/core/model.js';
import { NetworkError, partNotLoaded, VideoError } from '../../../src/errors.js';
import { createRunner, type RunnerDeps } from '../../../src/transports/runner.js';
import { StatusCalls } from '../../../src/transports/status-calls.js';
import { codec, FakeTimers, FakeWebSocket, settled } from './support.js';

let timers: FakeTimers;
let asked: string[];
let answer: (jobId: string) => Promise<JobUpdate>;
const loadSse = vi.fn<RunnerDeps['loadSse']>();
const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

beforeEach(() => {
  timers = new FakeTimers();
  FakeWebSocket.made = [];
  asked = [];
  answer = async (jobId) => ({ jobId, status: 'processing', progress: 10, raw: 0 });
  vi.resetAllMocks();
});

function start(
  transports: readonly ('websocket' | 'sse' | 'polling')[] = ['websocket', 'polling'],
  backend: RunnerDeps['backend'] = { webSocket: codec },
) {
  return createRunner({
    runtime: {
      ...timers.runtime,
      fetch: () => Promise.reject(new Error('not used')),
      webSocket: () => FakeWebSocket,
    },
    backend,
    settings: {
      transports,
      polling: { intervalMs: 5_000, concurrency: 6 },
      timeouts: {
        requestMs: 30_000,
        connectMs: 10_000,
        headStartMs: 300,
        silenceMs: 30_000,
        jobMs: 1,
        notReadyMs: 1,
        missingMs: 60_000,
      },
      retry: { attempts: 3, minDelayMs: 1_000, maxDelayMs: 30_000 },
    },
    calls: new StatusCalls({
      runtime: timers.runtime,
      concurrency: 6,
      maxPauseMs: 30_000,
      quickMs: 1_000,
      askStatus: (jobId) => {
        asked.push(jobId);
        return answer(jobId);
      },
    }),
    locate: (update) => ({ ...update, videoUrl: `http://host${update.videoUrl}` }),
    loadSse,
    webSocketUrl: () => 'ws://host/',
    logger,
  });
}

function sink(overrides: Partial<JobSink> = {}) {
  const told: unknown[] = [];
  return {
    told,
    update: (snapshot: JobSnapshot) => void told.push(snapshot.status, snapshot.progress),
    transport: () => {},
    warning: () => {},
    stopped: (error: VideoError) => void told.push(error.code),
    ...overrides,
  };
}

const urlOf = (snapshot: JobSnapshot) => (snapshot.status === 'completed' ? snapshot.videoUrl : undefined);
const completed = (jobId: string): JobUpdate => ({ jobId, status: 'completed', raw: 0 });

describe('a runner', () => {
  it('calls nobody before follow has returned', async () => {
    const one = sink();
    start().follow('a', one);
    expect(one.told).toEqual([]);
    await settled();
    expect(one.told).toEqual(['processing', 10]);
  });

  it('does nothing for a job that is left in the same moment', async () => {
    start().follow('a', sink()).stop();
    await settled();
    expect(asked).toEqual([]);
    expect(FakeWebSocket.made).toEqual([]);
  });

  it('makes one job of two sinks, and tells the second what is known', async () => {
    const follower = start();
    const [one, two] = [sink(), sink()];
    follower.follow('a', one);
    await settled();
    const following = follower.follow('a', two);
    await settled();
    expect(asked).toEqual(['a']);
    expect(two.told).toEqual(['processing', 10]);
    following.stop();
    following.stop();
    follower.ingest(completed('a'), 'webhook');
    await settled();
    expect(one.told).toEqual(['processing', 10, 'completed', 100]);
    expect(two.told).toEqual(['processing', 10]);
  });

  it('tells the others when one sink throws, and the logger of it', async () => {
    const follower = start();
    const two = sink();
    follower.follow('a', sink({ update: () => { throw new Error('mine'); } })); // biome-ignore format: short
    follower.follow('a', two);
    await settled();
    follower.ingest(completed('a'), 'webhook');
    await settled();
    expect(two.told).toEqual(['processing', 10, 'completed', 100]);
    expect(logger.error).toHaveBeenCalledWith('a listener, or the backend, threw: Error: mine');
  });

  it('tells the logger of an outage in ten lines and a count a minute, each warning to its job', async () => {
    answer = () => Promise.reject(new NetworkError('network', 'no way through'));
    const follower = start(['polling']);
    const warned = vi.fn();
    const jobIds = Array.from({ length: 100 }, (_, i) => `job-${i}`);
    const followings = jobIds.map((jobId) => follower.follow(jobId, sink({ warning: warned })));
    await timers.pass(1_000);
    expect(warned).toHaveBeenCalledTimes(100);
    const lines = () => logger.warn.mock.calls.map(([line]) => String(line));
    expect(lines()).toHaveLength(10);
    await timers.pass(60_000);
    expect(lines().slice(10)).toEqual([
      '90 more warnings of the kind status-failed: jobs "job-10", "job-11", "job-12" and others',
    ]);
    answer = async (jobId) => ({ jobId, unknownStatus: 'odd', raw: 0 });
    await timers.pass(60_000);
    expect(lines().slice(11)).toEqual(Array(10).fill(expect.stringContaining('"odd"')));
    for (const following of followings) following.stop();
    expect(timers.armed.size).toBe(0);
  });

  it('tells at the end what was counted, and leaves no timer for it', async () => {
    answer = () => Promise.reject(new NetworkError('network', 'no way through'));
    const follower = start(['polling']);
    const followings = Array.from({ length: 12 }, (_, i) => follower.follow(`job-${i}`, sink()));
    await timers.pass(100);
    expect(logger.warn).toHaveBeenCalledTimes(10);
    for (const following of followings) following.stop();
    expect(logger.warn.mock.calls.slice(10)).toEqual([
      ['2 more warnings of the kind status-failed: jobs "job-10", "job-11"'],
    ]);
    expect(timers.armed.size).toBe(0);
  });

  it('survives a logger that throws', async () => {
    logger.warn.mockImplementation(() => {
      throw new Error('no');
    });
    logger.error.mockImplementation(() => {
      throw new Error('no');
    });
    answer = () => Promise.reject(new Error('down'));
    const follower = start(['polling']);
    const one = sink();
    follower.follow('a', one);
    await settled();
    follower.ingest(completed('a'), 'webhook');
    await settled();
    expect(one.told).toEqual(['completed', 100]);
  });

  it('lets a sink follow and leave others from within', async () => {
    const follower = start();
    const told: string[] = [];
    const followings = new Map<string, Following>();
    const rival = (name: string, other: string) =>
      sink({
        update: () => {
          told.push(name);
          followings.get(other)?.stop();
        },
      });
    followings.set('one', follower.follow('a', rival('one', 'two')));
    followings.set('two', follower.follow('a', rival('two', 'one')));
    await settled();
    follower.ingest(completed('a'), 'webhook');
    await settled();
    expect(told).toHaveLength(2);
    expect(new Set(told).size).toBe(1);
  });

  it('makes the URL of a video that a stream brings absolute', async () => {
    const follower = start();
    const videoUrls: unknown[] = [];
    follower.follow('a', sink({ update: (snapshot) => void videoUrls.push(urlOf(snapshot)) }));
    await settled();
    const [socket] = FakeWebSocket.made;
    socket?.open();
    socket?.onmessage?.({ data: 'a' });
    await settled();
    expect(videoUrls.at(-1)).toBe('http://host/videos/a.mp4');
  });

  it('leaves no timer, no socket and no listener after the last job', async () => {
    const follower = start();
    follower.follow('a', sink());
    follower.follow('b', sink());
    await settled();
    FakeWebSocket.made[0]?.open();
    expect(timers.listeners.size).toBe(1);
    follower.ingest(completed('a'), 'webhook');
    await settled();
    expect(FakeWebSocket.made[0]?.closedWith).toBeUndefined();
    follower.ingest(completed('b'), 'webhook');
    await settled();
    expect(FakeWebSocket.made[0]?.closedWith).toBe(1000);
    expect(timers.armed.size).toBe(0);
    expect(timers.listeners.size).toBe(0);
  });

  it('follows the next job after that as it did the first', async () => {
    const follower = start();
    follower.follow('a', sink());
    await settled();
    follower.ingest(completed('a'), 'webhook');
    await settled();
    const two = sink();
    follower.follow('b', two);
    await settled();
    FakeWebSocket.made[1]?.open();
    FakeWebSocket.made[1]?.onmessage?.({ data: 'b' });
    expect(two.told).toEqual(['processing', 10, 'completed', 100]);
  });

  it('asks and connects when the window wakes it', async () => {
    const follower = start();
    follower.follow('a', sink());
    await settled();
    FakeWebSocket.made[0]?.error({});
    await settled();
    asked.length = 0;
    for (const wake of timers.listeners) wake('online');
    await settled();
    expect(asked).toEqual(['a']);
    expect(FakeWebSocket.made).toHaveLength(2);
  });

  it('that is closed tells each sink why, once, and nothing more', async () => {
    const follower = start();
    const [one, two] = [sink(), sink()];
    follower.follow('a', one);
    await settled();
    follower.follow('b', two);
    follower.close((jobId) => new VideoError('closed', 'closed', { jobId }));
    await settled();
    follower.ingest(completed('a'), 'webhook');
    await settled();
    expect(one.told).toEqual(['processing', 10, 'closed']);
    expect(two.told).toEqual(['closed']);
    expect(timers.armed.size).toBe(0);
  });

  it('hears of what is ingested in the moment the job is followed', async () => {
    const follower = start();
    const one = sink();
    follower.follow('a', one);
    follower.ingest(completed('a'), 'webhook');
    await settled();
    expect(one.told).toEqual(['completed', 100]);
  });

  it('does not try a stream that the backend has not', async () => {
    const follower = start(['sse', 'polling']);
    const transport = vi.fn();
    follower.follow('a', sink({ transport }));
    await settled();
    expect(transport).toHaveBeenCalledWith(expect.objectContaining({ transport: 'polling' }));
  });

  it('stops the jobs that nothing but a stream whose part cannot be had would follow, and tries it again for the next', async () => {
    loadSse.mockRejectedValue(partNotLoaded('sse', undefined, new TypeError('Failed to fetch')));
    const follower = start(['sse'], { sse: { url: () => '/', parse: () => ({ type: 'control' }) } });
    const errors: VideoError[] = [];
    for (const jobId of ['a', 'b']) {
      follower.follow(jobId, sink({ stopped: (error) => void errors.push(error) }));
      await timers.pass(2_500); // After a failure, the next attempt waits its turn.
    }
    expect(errors.map(({ code, jobId, hint }) => [code, jobId, hint])).toEqual(
      ['a', 'b'].map((id) => ['part-not-loaded', id, expect.stringContaining(`subscribe("${id}")`)]),
    );
    expect(errors[0]?.message).toBe(
      'the part "sse" of reelwire could not be loaded for job a: Failed to fetch',
    );
  });

  it.each([
    [['a'], 'job "a"'],
    [['a', 'b'], 'jobs "a", "b"'],
    [['a', 'b', 'c'], 'jobs "a", "b", "c"'],
    [['a', 'b', 'c', 'd', 'e'], 'jobs "a", "b", "c" and 2 more'],
  ])('names in its log whom a stream that failed had carried: of %j, %s', async (ids, names) => {
    const follower = start();
    for (const id of ids) follower.follow(id, sink());
    await settled();
    FakeWebSocket.made[0]?.onclose?.({ code: 1006 } as never);
    expect(logger.info).toHaveBeenCalledExactlyOnceWith(`WebSocket closed (1006); ${names}`);
  });

  it('says why the status cannot be had, as long as it cannot', async () => {
    const away = new NetworkError('network', 'the server is away');
    answer = () => Promise.reject(away);
    const follower = start(['polling']);
    follower.follow('a', sink());
    await settled();
    expect(follower.failureOf('a')).toBe(away);
    expect(follower.failureOf('nobody')).toBeUndefined();
    answer = async (jobId) => ({ jobId, status: 'processing', progress: 10, raw: 0 });
    await timers.pass(3_000);
    expect(follower.failureOf('a')).toBeUndefined();
  });

  it('tells whoever follows after it was closed so, and calls nobody before that', async () => {
    const follower = start();
    follower.close((jobId) => new VideoError('closed', 'the client was closed', { jobId }));
    const later = sink();
    const following = follower.follow('a', later);
    expect(later.told).toEqual([]);
    await settled();
    expect(later.told).toEqual(['closed']);
    expect(asked).toEqual([]);
    following.stop();
  });

  it('takes what a webhook says by the id that webhooks use, for the job of that id alone', async () => {
    const webhookIdOf = (jobId: string) => `request-${jobId}`;
    const follower = start(['polling'], { webhookIdOf });
    answer = () => new Promise(() => {});
    const [first, second] = [sink(), sink()];
    follower.follow('a', first);
    follower.follow('b', second);
    await settled();
    follower.ingest(completed('request-b'), 'webhook');
    follower.ingest(completed('request-c'), 'webhook');
    await settled();
    expect(first.told).toEqual([]);
    expect(second.told).toEqual(['completed', 100]);
    follower.ingest(completed('a'), 'webhook');
    await settled();
    expect(first.told).toEqual(['completed', 100]);
  });

  it('takes it by the job’s own id where the backend throws when it is asked for the other', async () => {
    const webhookIdOf = () => {
      throw new Error('no such id');
    };
    const follower = start(['polling'], { webhookIdOf });
    answer = () => new Promise(() => {});
    const only = sink();
    follower.follow('b', sink());
    follower.follow('a', only);
    await settled();
    follower.ingest(completed('a'), 'webhook');
    await settled();
    expect(only.told).toEqual(['completed', 100]);
    expect(logger.error).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('no such id'));
  });

  it('closes the socket and ends the subscription of what it follows no longer', async () => {
    const follower = start(['websocket', 'polling']);
    const [first, second] = ['a', 'b'].map((id) => follower.follow(id, sink()));
    await settled();
    const [socket] = FakeWebSocket.made;
    socket?.open();
    await settled();
    first?.stop();
    expect(socket?.sent).toContain('-a');
    expect(socket?.closedWith).toBeUndefined();
    second?.stop();
    expect(socket?.readyState).toBe(2);
  });
});
