import { describe, expect, it, vi } from 'vitest';
import { ApiError, VideoError } from '../../../src/errors.js';
import type { VideoJobEvents } from '../../../src/job/listeners.js';
import { all, processing, setUp } from './support.js';

const change = { from: 'websocket', to: 'polling', reason: 'closed' } as const;
const warning = { code: 'status-unknown', message: 'a word nobody knows' } as const;

describe('a listener', () => {
  it('is told of another transport, and of a warning, as they are', () => {
    const { job, sinks } = setUp();
    const told: unknown[] = [];
    job.on('transport', (payload) => told.push(['transport', payload]));
    job.on('warning', (payload) => told.push(['warning', payload]));
    for (const sink of sinks) {
      sink.transport(change as never);
      sink.warning(warning as never);
    }
    expect(told).toEqual([
      ['transport', change],
      ['warning', warning],
    ]);
    job.close();
  });

  it('is told so beside those who wait for the end alone and do not ask for that', async () => {
    const { job, sinks, say } = setUp();
    const completed = job.completed();
    const told = vi.fn();
    job.on('transport', told);
    job.on('warning', told);
    const also = job.completed();
    for (const sink of sinks) {
      sink.transport(change as never);
      sink.warning(warning as never);
    }
    expect(told.mock.calls).toEqual([[change], [warning]]);
    say({ status: 'completed' });
    await Promise.all([completed, also]);
  });

  it('is told of progress only where it has changed, the first time from nought', () => {
    const { job, say } = setUp();
    const told: number[] = [];
    job.on('progress', ({ progress }) => told.push(progress));
    say({ status: 'processing' });
    say(processing(10));
    say({ status: 'processing', progress: 10, message: 'Drawing' });
    say(processing(20));
    expect(told).toEqual([10, 20]);
    job.close();
  });

  it('of an event that does not exist is refused with the one that was meant, or with all there are', () => {
    const { job, follows } = setUp();
    const on = (event: string) => () => job.on(event as keyof VideoJobEvents, () => {});
    expect(on('complete')).toThrowError(
      expect.objectContaining({ code: 'invalid-input', hint: 'Did you mean "completed"?' }),
    );
    expect(on('much too long to be any of them')).toThrowError(
      expect.objectContaining({
        hint: 'Choose from update, status, progress, completed, failed, transport, warning, stopped.',
      }),
    );
    expect(() => job.off('x' as 'update', () => {})).toThrowError('a job has no event "x"');
    expect(follows()).toBe(0);
  });

  it('that is no function is refused with the event and the job', () => {
    const { job, follows } = setUp();
    expect(() => job.on('failed', undefined as never)).toThrowError(
      expect.objectContaining({ message: 'the listener for failed is no function', jobId: 'job-1' }),
    );
    expect(follows()).toBe(0);
  });

  it('added after the end is told by update and by the end itself, and by nothing else', async () => {
    const { job, say, follows } = setUp();
    job.on('update', () => {});
    say({ status: 'completed' });
    const told: string[] = [];
    for (const event of ['update', 'status', 'progress', 'completed', 'failed', 'stopped'] as const)
      job.on(event, () => told.push(event));
    await Promise.resolve();
    await Promise.resolve();
    expect(told).toEqual(['update', 'completed']);
    expect(follows()).toBe(1);
  });

  it('that answers something which is no promise is no mistake', () => {
    const { job, say, error } = setUp();
    const answers = [undefined, null, 1, 'done', {}, Object.fromEntries([['then', 'later']])];
    for (const answer of answers) job.on('update', (() => answer) as () => void);
    say(processing(10));
    expect(error).not.toHaveBeenCalled();
    job.close();
  });

  it('of one event goes on when the last one of another, there for once, was told', () => {
    const { job, say, sinks } = setUp();
    const told = vi.fn();
    job.on('progress', told);
    job.on('progress', told);
    job.once('status', () => {});
    say(processing(10));
    say(processing(20));
    expect(told).toHaveBeenCalledTimes(4);
    expect(sinks.size).toBe(1);
    job.close();
  });

  it('is not told of an end from which it was removed in the meantime', async () => {
    const { job, say } = setUp();
    job.on('update', () => {});
    say({ status: 'completed' });
    const told = vi.fn();
    job.on('completed', told)();
    await Promise.resolve();
    expect(told).not.toHaveBeenCalled();
  });
});

describe('an error that ended following, told to the logger', () => {
  it('ends with its message where it has no hint', () => {
    const { job, sinks, error } = setUp();
    job.on('completed', () => {});
    for (const sink of [...sinks]) sink.stopped(new VideoError('network', 'it went away', {}));
    expect(error).toHaveBeenCalledExactlyOnceWith('job job-1 is followed no longer: it went away.');
  });

  it('is not told where somebody else waits, however many', async () => {
    const { job, sinks, error } = setUp();
    const waits = [job.completed(), job.completed()];
    job.on('completed', () => {});
    const reason = new ApiError('no', { status: 403 });
    for (const sink of [...sinks]) sink.stopped(reason);
    for (const wait of waits) await expect(wait).rejects.toBe(reason);
    expect(error).not.toHaveBeenCalled();
  });

  it('is told where only the listeners ran out of time and whoever waited has left', async () => {
    vi.useFakeTimers();
    try {
      const { job, error } = setUp({ timeoutMs: 1_000 });
      job.on('completed', () => {});
      const left = job.completed({ signal: AbortSignal.abort('gone') }).catch((reason: unknown) => reason);
      expect(await left).toBe('gone');
      const stays = job.completed({ timeoutMs: 5_000 }).catch(({ code }) => code);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(error).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(4_000);
      expect(await stays).toBe('job-timeout');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('waiting for a job', () => {
  it('lets go of what it is followed by, once, when the last has left', () => {
    const { job, release } = setUp();
    const [first, second] = [job.on('update', () => {}), job.on('update', () => {})];
    first();
    expect(release).not.toHaveBeenCalled();
    second();
    second();
    expect(release).toHaveBeenCalledOnce();
  });

  it('that was closed by its client stays closed: nobody follows it again', async () => {
    const { job, sinks, follows } = setUp();
    const waiting = job.completed().catch((reason: unknown) => reason);
    const closed = new VideoError('closed', 'the client was closed', { jobId: 'job-1' });
    for (const sink of [...sinks]) sink.stopped(closed);
    expect(await waiting).toBe(closed);
    await expect(job.completed()).rejects.toBe(closed);
    expect(follows()).toBe(1);
  });

  it('that ended for another reason may begin again', async () => {
    const { job, sinks, say, follows } = setUp();
    const waiting = job.completed().catch((reason: unknown) => reason);
    const refused = new ApiError('no', { status: 403 });
    for (const sink of [...sinks]) sink.stopped(refused);
    expect(await waiting).toBe(refused);
    const again = job.completed();
    expect(follows()).toBe(2);
    say({ status: 'completed' });
    await expect(again).resolves.toMatchObject({ status: 'completed' });
  });

  it('says of a closed job which it was and how to go on', async () => {
    const { job } = setUp();
    const waiting = job.completed();
    job.close();
    await expect(waiting).rejects.toMatchObject({
      message: 'job job-1 was closed before it ended',
      hint: 'The job may still be running. Resume with client.subscribe("job-1").',
    });
  });

  it('after the end is no closing: whoever asks then is told the end', async () => {
    const { job, say } = setUp();
    const waiting = job.completed();
    say({ status: 'completed' });
    await waiting;
    job.close();
    await expect(job.completed()).resolves.toMatchObject({ status: 'completed' });
    expect(await all(job)).toMatchObject([{ status: 'completed' }]);
  });

  it('refuses a time limit of the job that is none by its name', () => {
    expect(() => setUp({ timeoutMs: -1 })).toThrowError(/timeoutMs/);
  });

  it('tells a failure with its reason, its code and what to do', async () => {
    const { job, say } = setUp();
    const waiting = job.completed();
    say(processing(10));
    say({ status: 'failed', error: 'no credits', errorCode: 'E7' });
    await expect(waiting).rejects.toMatchObject({
      code: 'job-failed',
      reasonCode: 'E7',
      hint: 'The server ended this job. Fix the cause, then submit a new job.',
    });
  });

  it('ends a download’s wait by the signal of the download', async () => {
    const { job, host, sinks } = setUp();
    const controller = new AbortController();
    const download = job.download({ signal: controller.signal });
    controller.abort('enough');
    await expect(download).rejects.toBe('enough');
    expect(host.download).not.toHaveBeenCalled();
    expect(sinks.size).toBe(0);
  });

  it('of somebody who leaves while an end is told, is told no more', async () => {
    const { job, say } = setUp();
    const told: string[] = [];
    const controller = new AbortController();
    const later = job.completed({ signal: controller.signal }).then(
      () => told.push('completed'),
      (reason) => told.push(String(reason)),
    );
    job.on('update', ({ status }) => {
      if (status === 'processing') controller.abort('left');
    });
    say(processing(10));
    say({ status: 'completed' });
    await later;
    expect(told).toEqual(['left']);
  });
});

describe('cancel', () => {
  it('tells everything that waits the end that the server made of it', async () => {
    const { job, host, say, sinks } = setUp();
    say(processing(10));
    const ended = job.completed();
    vi.mocked(host.cancel).mockResolvedValue({
      ...job.snapshot,
      status: 'failed',
      error: 'cancelled',
      errorCode: 'cancelled',
    } as never);
    const signal = new AbortController().signal;
    expect(await job.cancel({ signal })).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
    expect(host.cancel).toHaveBeenCalledExactlyOnceWith('job-1', { signal });
    await expect(ended).rejects.toMatchObject({ reasonCode: 'cancelled' });
    expect(sinks.size).toBe(0);
  });

  it('changes nothing of a job that has ended in the meantime', async () => {
    const { job, host, say } = setUp();
    job.on('update', () => {});
    vi.mocked(host.cancel).mockImplementation(async () => {
      const before = job.snapshot;
      say({ status: 'completed' });
      return { ...before, status: 'failed', error: 'cancelled' } as never;
    });
    expect(await job.cancel()).toMatchObject({ status: 'completed' });
    expect(job.snapshot.status).toBe('completed');
  });
});

describe('reading snapshots one by one', () => {
  it('says that it is over when it is left, also before it was begun', async () => {
    const { job, follows } = setUp();
    const iterator = job[Symbol.asyncIterator]();
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(follows()).toBe(0);
  });

  it('keeps the last thousand for a slow reader', async () => {
    const { job, say } = setUp();
    const iterator = job[Symbol.asyncIterator]();
    const first = iterator.next();
    for (let step = 0; step < 1_001; step++) say({ status: 'processing', message: `step ${step}` });
    expect((await first).value?.message).toBe('step 1');
    await iterator.return?.();
  });
});
