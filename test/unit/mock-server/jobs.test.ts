import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DIALECTS } from '../../../src/mock-server/dialects.js';
import type { MockJobUpdate } from '../../../src/mock-server/job.js';
import { MockJobs } from '../../../src/mock-server/jobs.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(jobs: MockJobs): MockJobUpdate[] {
  const updates: MockJobUpdate[] = [];
  jobs.watch((update) => updates.push(update));
  return updates;
}

describe('a job of the mock server', () => {
  it('runs by itself in ten steps to its end', () => {
    const jobs = new MockJobs({ durationMs: 1_000 });
    const updates = watched(jobs);
    jobs.create();
    vi.advanceTimersByTime(999);
    expect(updates.map(({ progress }) => progress)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(new Set(updates.map(({ status }) => status))).toEqual(new Set(['processing']));
    vi.advanceTimersByTime(1);
    expect(updates.at(-1)).toMatchObject({ status: 'completed', progress: 100 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fails half way where so asked, with the reason and the code', () => {
    const jobs = new MockJobs({ failWith: { message: 'Blocked', code: 'moderation' }, failureProgress: 0 });
    const job = jobs.create();
    vi.runAllTimers();
    expect(job).toMatchObject({ status: 'failed', error: 'Blocked', errorCode: 'moderation', progress: 0 });
  });

  it('stands still where it is run by hand, and once a hand was laid on it', () => {
    const jobs = new MockJobs({});
    const manual = jobs.create({ manual: true });
    const touched = jobs.create().advance({ progress: 5 });
    vi.runAllTimers();
    expect([manual.status, touched.progress, vi.getTimerCount()]).toEqual(['queued', 5, 0]);
  });

  it('does whatever it is told: falls back, speaks after the end, uses any word', () => {
    const jobs = new MockJobs({ manual: true });
    const updates = watched(jobs);
    const job = jobs.create().complete('Done');
    job.advance({ status: 'processing', progress: 3, word: 'folding' });
    expect(updates.map(({ status, progress, word }) => [status, progress, word])).toEqual([
      ['completed', 100, undefined],
      ['processing', 3, 'folding'],
    ]);
    job.advance();
    expect(job.word).toBeUndefined();
  });

  it('is ready so much after its end', () => {
    const jobs = new MockJobs({ manual: true, notReadyMs: 100 });
    const job = jobs.create();
    expect(job.ready).toBe(false);
    job.complete();
    vi.advanceTimersByTime(99);
    expect(job.ready).toBe(false);
    vi.advanceTimersByTime(1);
    expect(job.ready).toBe(true);
    expect(jobs.create().fail().ready).toBe(false);
  });

  it('can be waited for, and the wait aborted', async () => {
    const jobs = new MockJobs({ manual: true });
    const job = jobs.create();
    const watch = (listener: (update: MockJobUpdate) => void) => jobs.watch(listener);
    const abort = new AbortController();
    const aborted = job.untilEnd(abort.signal, watch);
    const ended = job.untilEnd(new AbortController().signal, watch);
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    job.complete();
    await ended;
    await job.untilEnd(new AbortController().signal, watch);
  });
});

describe('the jobs of the mock server', () => {
  it('are found by their id and by that of their upstream', () => {
    const jobs = new MockJobs({ manual: true });
    const job = jobs.create({ id: 'job-1' });
    expect(jobs.get('job-1')).toBe(job);
    expect(jobs.get(job.upstreamId)).toBe(job);
    expect([jobs.has('job-1'), jobs.has('job-2'), jobs.size]).toEqual([true, false, 1]);
    expect(jobs.last).toBe(job);
    expect([...jobs]).toEqual([job]);
  });

  it('have ids in the manner of their dialect', () => {
    const jobs = new MockJobs({ manual: true }, (dialect) => DIALECTS[dialect].newId());
    expect(jobs.create().id).toMatch(/^job-[0-9a-f]{16}$/);
    expect(jobs.create({ dialect: 'vidBuilder' }).id).toMatch(/^[0-9a-f]{12}$/);
    const video = jobs.create({ dialect: 'openAIVideos' });
    expect(video.id).toMatch(/^video_[0-9a-f]{24}$/);
    expect(video.upstreamId).toBe(video.id);
  });

  it('are gone when deleted, and run no more', () => {
    const jobs = new MockJobs({});
    const job = jobs.create();
    expect([jobs.delete(job.id), jobs.delete(job.id)]).toEqual([true, false]);
    expect(jobs.has(job.upstreamId)).toBe(false);
    jobs.create();
    jobs.clear();
    expect([jobs.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('are watched until the watcher stops', () => {
    const jobs = new MockJobs({ manual: true });
    const seen: string[] = [];
    const stop = jobs.watch(({ status }) => seen.push(status));
    const job = jobs.create().advance();
    stop();
    stop();
    job.complete();
    expect(seen).toEqual(['queued']);
  });
});
