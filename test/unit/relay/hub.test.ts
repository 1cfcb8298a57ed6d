import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AnyBackend, ApiError, type VideoClient } from '../../../src/index.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { JobHub } from '../../../src/relay/hub.js';
import { Records } from '../../../src/relay/records.js';
import { tellAll } from '../../../src/relay/tell-all.js';
import { WatchedJob } from '../../../src/relay/watched-job.js';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'setImmediate'] }),
);
afterEach(() => void vi.useRealTimers());

function record(key: string, more: Partial<JobRecord> = {}): JobRecord {
  return {
    ...{ version: 1, key, group: 'ada', backend: 'b', baseUrl: 'https://x', state: 'submitted' },
    ...{
      idempotencyKey: 't',
      inputDigest: 'd',
      decidedBy: 0,
      jobId: `up-${key}`,
      createdAt: 0,
      updatedAt: 0,
    },
    ...more,
  };
}

describe('whose a job is', () => {
  function storeOf(...records: JobRecord[]) {
    const stored = new Map(records.map((one) => [one.key, one]));
    const get = vi.fn(async (key: string) => stored.get(key));
    return { stored, get, records: new Records({ get, list: async function* () {} }) };
  }

  it('is asked of the store once in five seconds', async () => {
    const { get, records } = storeOf(record('k'));
    for (let asked = 0; asked < 10; asked++) expect((await records.own('ada', 'k')).jobId).toBe('up-k');
    expect(get).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(5_000);
    await records.own('ada', 'k');
    expect(get).toHaveBeenCalledTimes(2);
  });

  it('is remembered no longer than it may be believed, a store that is away included', async () => {
    const { records } = storeOf(record('a'), record('b'));
    await records.own('ada', 'a');
    vi.advanceTimersByTime(4_000);
    await records.own('ada', 'b');
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(306_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not remembered of what may change in a moment: a job that is not there, or has no id', async () => {
    const { stored, records } = storeOf(record('new', { state: 'submitting', jobId: undefined }));
    await expect(records.own('ada', 'k')).rejects.toMatchObject({ answer: { status: 404 } });
    stored.set('k', record('k'));
    await records.own('ada', 'k');
    expect((await records.own('ada', 'new')).jobId).toBeUndefined();
    stored.set('new', record('new'));
    expect((await records.own('ada', 'new')).jobId).toBe('up-new');
  });

  it('is told alike of what is another’s, of nobody’s, of what is not there, and of what cannot be', async () => {
    const { get, records } = storeOf(record('k'), record('nobody', { group: undefined }));
    const told = await Promise.all(
      ['k', 'nobody', 'absent', 'a b', ''].map((key) =>
        records.own('eve', key).catch(({ answer }) => answer),
      ),
    );
    for (const answer of told) expect(answer).toEqual({ status: 404, body: { error: 'No such job' } });
    expect(get.mock.calls.flat()).toEqual(['k', 'nobody', 'absent']);
  });
});

describe('many who watch one job', () => {
  function watched(count: number) {
    const job = new WatchedJob('k');
    const told: string[] = [];
    for (let index = 0; index < count; index++)
      job.watchers.add({
        tell: ({ progress }) => void told.push(`${index} ${progress}`),
        forgotten: () => {},
      });
    return { job, told };
  }
  const at = (progress: number) => ({ jobId: 'k', status: 'processing' as const, progress });

  it('are told at once where they are few', () => {
    const { job, told } = watched(500);
    const done = vi.fn();
    job.learn(at(1));
    tellAll(job, done);
    expect(told).toHaveLength(500);
    expect(done).toHaveBeenCalledTimes(1);
  });

  it('leave room for others in between where they are many', async () => {
    const { job, told } = watched(1_200);
    const done = vi.fn();
    job.learn(at(1));
    tellAll(job, done);
    expect(told).toHaveLength(500);
    await vi.advanceTimersByTimeAsync(10);
    expect(told).toHaveLength(1_200);
    expect(new Set(told).size).toBe(1_200);
    expect(done).toHaveBeenCalledTimes(1);
  });

  it('are each told the newest last, whatever comes while they are being told', async () => {
    const { job, told } = watched(1_200);
    const done = vi.fn();
    job.learn(at(1));
    tellAll(job, done);
    job.learn(at(2));
    tellAll(job, done);
    await vi.advanceTimersByTimeAsync(20);
    const last = new Map(told.map((one) => one.split(' ') as [string, string]));
    expect(last.size).toBe(1_200);
    expect(new Set(last.values())).toEqual(new Set(['2']));
    expect(done).toHaveBeenCalledTimes(1);
  });

  it('are told no more once they have left', async () => {
    const { job, told } = watched(1_200);
    job.learn(at(1));
    tellAll(job, () => {});
    job.watchers.clear();
    await vi.advanceTimersByTimeAsync(10);
    expect(told).toHaveLength(500);
  });
});

describe('what is known of a job', () => {
  it('changes by news alone, and is fresh by whatever is heard', () => {
    const job = new WatchedJob('k');
    const view = { jobId: 'k', status: 'processing' as const, progress: 30 };
    expect(job.learn(view)).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(job.learn({ ...view })).toBe(false);
    expect(job.heardAt).toBe(performance.now());
    expect(job.learn({ ...view, progress: 20 })).toBe(false);
    expect(job.learn({ ...view, message: 'Rendering' })).toBe(true);
    expect(JSON.parse(job.frame)).toEqual({ ...view, message: 'Rendering' });
    expect(job.isOver).toBe(false);
    expect(job.learn({ jobId: 'k', status: 'failed', progress: 30, error: '' })).toBe(true);
    expect(job.isOver).toBe(true);
    job.startOver();
    expect([job.isOver, job.isKnown, job.progress]).toEqual([false, false, 0]);
  });
});

describe('a server that refuses to tell of a job that was made', () => {
  function hubOver(status: () => unknown): JobHub {
    const client = { status: async () => status() } as Pick<VideoClient<AnyBackend>, 'status'>;
    return new JobHub(client as VideoClient<AnyBackend>, new Records({ get: vi.fn(), list: vi.fn() }));
  }

  it.each([400, 404, 410])('by a %i is not believed before it has done so for a minute', async (status) => {
    const hub = hubOver(() => {
      throw new ApiError('no', { status });
    });
    for (let seconds = 0; seconds < 60; seconds += 2) {
      await expect(hub.status(record('k'))).rejects.toMatchObject({ answer: { status: 502 } });
      vi.advanceTimersByTime(2_000);
    }
    await expect(hub.status(record('k'))).rejects.toMatchObject({ name: 'ApiError', status });
  });

  it('is not believed for another minute once it has told', async () => {
    let isThere = false;
    const hub = hubOver(() => {
      if (!isThere) throw new ApiError('no', { status: 404 });
      return { id: 'up-k', status: 'processing', progress: 10, updatedAt: new Date(0), raw: undefined };
    });
    await expect(hub.status(record('k'))).rejects.toMatchObject({ answer: { status: 502 } });
    vi.advanceTimersByTime(50_000);
    isThere = true;
    expect(JSON.parse(await hub.status(record('k')))).toMatchObject({ jobId: 'k', progress: 10 });
    isThere = false;
    vi.advanceTimersByTime(50_000);
    await expect(hub.status(record('k'))).rejects.toMatchObject({ answer: { status: 502 } });
  });

  it('is not believed for what it said long ago, nor for an outage before', async () => {
    let status = 503;
    const hub = hubOver(() => {
      throw new ApiError('no', { status });
    });
    for (let seconds = 0; seconds < 90; seconds += 30) {
      await expect(hub.status(record('k'))).rejects.toMatchObject({ status: 503 });
      vi.advanceTimersByTime(30_000);
    }
    status = 404;
    await expect(hub.status(record('k'))).rejects.toMatchObject({ answer: { status: 502 } });
    vi.advanceTimersByTime(600_000);
    await expect(hub.status(record('k'))).rejects.toMatchObject({ answer: { status: 502 } });
  });

  it('by a pause is not taken for one that refuses', async () => {
    const hub = hubOver(() => {
      throw new ApiError('wait', { status: 429, retryAfterMs: 7_000 });
    });
    await expect(hub.status(record('k'))).rejects.toMatchObject({ name: 'ApiError', status: 429 });
  });
});
