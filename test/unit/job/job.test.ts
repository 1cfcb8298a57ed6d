import { describe, expect, it, vi } from 'vitest';
import { applyUpdate } from '../../../src/core/job-state.js';
import type { JobSnapshot } from '../../../src/core/model.js';
import { ApiError, type JobTimeoutError, VideoError } from '../../../src/errors.js';
import { all, processing, setUp } from './support.js';

describe('following', () => {
  it('starts with the first listener and stops with the last', () => {
    const { job, sinks, follows } = setUp();
    expect(follows()).toBe(0);
    const first = job.on('progress', () => {});
    const second = job.on('completed', () => {});
    expect(follows()).toBe(1);
    first();
    first();
    expect(sinks.size).toBe(1);
    second();
    expect(sinks.size).toBe(0);
    job.on('update', () => {});
    expect(follows()).toBe(2);
    job.close();
  });

  it('stops when the last listener was there for one event only, and has had it', () => {
    const { job, sinks, say } = setUp();
    const stop = job.on('status', () => {});
    job.once('progress', () => {});
    say(processing(10));
    expect(sinks.size).toBe(1);
    stop();
    expect(sinks.size).toBe(0);
    job.once('progress', () => {});
    say(processing(20));
    expect(sinks.size).toBe(0);
  });

  it('goes on while somebody else waits', async () => {
    const { job, sinks, say } = setUp();
    const stop = job.on('progress', () => {});
    const completed = job.completed();
    stop();
    expect(sinks.size).toBe(1);
    say({ status: 'completed' });
    await expect(completed).resolves.toMatchObject({ status: 'completed', progress: 100 });
    expect(sinks.size).toBe(0);
  });

  it('an iterator follows from its first read, and no longer than to its break', async () => {
    const { job, sinks, say } = setUp();
    const iterator = job[Symbol.asyncIterator]();
    expect(sinks.size).toBe(0);
    const reading = iterator.next();
    expect(sinks.size).toBe(1);
    say(processing(10));
    expect((await reading).value).toMatchObject({ progress: 10 });
    await iterator.return?.();
    expect(sinks.size).toBe(0);
  });

  it('using a job closes it', () => {
    const { job, sinks } = setUp();
    {
      using following = job;
      following.on('update', () => {});
      expect(sinks.size).toBe(1);
    }
    expect(sinks.size).toBe(0);
  });
});

describe('events', () => {
  it('come by their names, each for what it says', () => {
    const { job, say } = setUp();
    const told: string[] = [];
    job.on('update', ({ status, progress }) => told.push(`update ${status} ${progress}`));
    job.on('status', ({ status }) => told.push(`status ${status}`));
    job.on('progress', ({ progress }) => told.push(`progress ${progress}`));
    job.on('completed', ({ id }) => told.push(`completed ${id}`));
    say(processing(10));
    say(processing(20));
    say({ status: 'completed' });
    expect(told).toEqual([
      ...['update processing 10', 'status processing', 'progress 10'],
      ...['update processing 20', 'progress 20'],
      ...['update completed 100', 'status completed', 'progress 100', 'completed job-1'],
    ]);
  });

  it('a failed job tells failed with the reason, and not completed', () => {
    const { job, say } = setUp();
    const completed = vi.fn();
    const failed = vi.fn();
    job.on('completed', completed);
    job.on('failed', failed);
    say({ status: 'failed', error: 'out of memory' });
    expect(completed).not.toHaveBeenCalled();
    expect(failed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ error: 'out of memory' }));
  });

  it('once is called once, and off removes it before', () => {
    const { job, say } = setUp();
    const once = vi.fn();
    const removed = vi.fn();
    job.once('progress', once);
    job.once('progress', removed);
    job.off('progress', removed);
    say(processing(1));
    say(processing(2));
    expect(once).toHaveBeenCalledOnce();
    expect(removed).not.toHaveBeenCalled();
    job.close();
  });

  it('a listener for once may ask for once more, whoever else listens for once', () => {
    const { job, say } = setUp();
    const told: string[] = [];
    const again = ({ progress }: JobSnapshot) => {
      told.push(`again ${progress}`);
      job.once('progress', again);
    };
    job.once('progress', again);
    job.once('progress', ({ progress }) => told.push(`once ${progress}`));
    say(processing(1));
    say(processing(2));
    expect(told).toEqual(['again 1', 'once 1', 'again 2']);
    job.off('progress', again);
    say(processing(3));
    expect(told).toHaveLength(3);
  });

  it('a listener added after the end is told the end, once', async () => {
    const { job, say } = setUp();
    job.on('update', () => {});
    say({ status: 'completed' });
    const late = vi.fn();
    const removed = vi.fn();
    job.on('completed', late);
    job.on('completed', removed)();
    job.on('failed', removed);
    expect(late).not.toHaveBeenCalled();
    await Promise.resolve();
    expect(late).toHaveBeenCalledExactlyOnceWith(job.snapshot);
    expect(removed).not.toHaveBeenCalled();
  });

  it('a listener that throws, or rejects, keeps nothing from the others, and the logger is told', async () => {
    const { job, say, error } = setUp();
    const other = vi.fn();
    job.on('completed', () => {
      throw new Error('mine');
    });
    job.on('completed', () => Promise.reject(new Error('mine, later')));
    job.once('completed', () => {
      throw 'no error';
    });
    job.on('completed', other);
    const completed = job.completed();
    say({ status: 'completed' });
    job.on('completed', () => {
      throw new Error('mine, after the end');
    });
    expect(other).toHaveBeenCalledOnce();
    await expect(completed).resolves.toBeDefined();
    const told = error.mock.calls.map(([message]) => String(message).split('\n')[0]);
    expect(new Set(told)).toEqual(
      new Set([
        'a listener of job job-1 threw: Error: mine',
        'a listener of job job-1 threw: Error: mine, later',
        'a listener of job job-1 threw: no error',
        'a listener of job job-1 threw: Error: mine, after the end',
      ]),
    );
  });

  it('a logger that throws keeps the end from nobody', async () => {
    const { job, say, error } = setUp();
    error.mockImplementation(() => {
      throw new Error('the disk is full');
    });
    job.on('completed', () => {
      throw new Error('mine');
    });
    const completed = job.completed();
    say({ status: 'completed' });
    await expect(completed).resolves.toBeDefined();
  });

  it.each(['on', 'once', 'off'] as const)('%s throws at once for an event that there is not', (method) => {
    const { job, sinks } = setUp();
    const event = 'complete' as 'completed';
    expect(() => job[method](event, () => {})).toThrow(
      expect.objectContaining({ code: 'invalid-input', field: 'event', hint: 'Did you mean "completed"?' }),
    );
    expect(() => job[method]('toString' as 'completed', () => {})).toThrow('a job has no event "toString"');
    expect(sinks.size).toBe(0);
  });

  it.each(['on', 'once'] as const)('%s throws at once for a listener that is no function', (method) => {
    const { job, sinks } = setUp();
    const listener = 'say' as unknown as () => void;
    expect(() => job[method]('completed', listener)).toThrow(
      expect.objectContaining({ code: 'invalid-input', field: 'listener', jobId: 'job-1' }),
    );
    expect(sinks.size).toBe(0);
  });

  it('following that ends without the job is told as stopped, and is no warning', () => {
    const { job, sinks, error } = setUp();
    const [stopped, warning] = [vi.fn(), vi.fn()];
    job.on('stopped', stopped);
    job.on('warning', warning);
    const reason = new ApiError('there is no such job', { status: 404, jobId: 'job-1' });
    for (const sink of [...sinks]) sink.stopped(reason);
    expect(stopped).toHaveBeenCalledExactlyOnceWith(reason);
    expect(warning).not.toHaveBeenCalled();
    expect(error).not.toHaveBeenCalled();
  });

  describe('following that ends without the job, where nobody listens for that', () => {
    const reason = new ApiError('there is no such job', { status: 404, jobId: 'job-1', hint: 'Look.' });

    it('nor waits, is an error for the logger', () => {
      const { job, sinks, error } = setUp();
      job.on('completed', () => {});
      for (const sink of [...sinks]) sink.stopped(reason);
      expect(error).toHaveBeenCalledExactlyOnceWith(
        'job job-1 is followed no longer: there is no such job. Look.',
      );
    });

    it('is none where somebody waits', async () => {
      const { job, sinks, error } = setUp();
      job.on('completed', () => {});
      const completed = job.completed().catch((caught: unknown) => caught);
      for (const sink of [...sinks]) sink.stopped(reason);
      expect(await completed).toBe(reason);
      expect(error).not.toHaveBeenCalled();
    });

    it('is none where somebody iterates', async () => {
      const { job, sinks, error } = setUp();
      job.on('completed', () => {});
      const reading = all(job);
      for (const sink of [...sinks]) sink.stopped(reason);
      await expect(reading).rejects.toBe(reason);
      expect(error).not.toHaveBeenCalled();
    });

    it('is none where the caller ended it', async () => {
      const controller = new AbortController();
      const { job, error } = setUp({ signal: controller.signal });
      job.on('completed', () => {});
      controller.abort();
      const closed = setUp();
      closed.job.on('completed', () => {});
      closed.job.close();
      await Promise.resolve();
      expect(error).not.toHaveBeenCalled();
      expect(closed.error).not.toHaveBeenCalled();
    });

    it('is one where the time of the listeners has run out', async () => {
      vi.useFakeTimers();
      const { job, error } = setUp({ timeoutMs: 1_000 });
      job.on('completed', () => {});
      await vi.advanceTimersByTimeAsync(1_000);
      vi.useRealTimers();
      expect(error).toHaveBeenCalledExactlyOnceWith(
        expect.stringContaining('job job-1 is followed no longer: job job-1 did not end within 1000 ms'),
      );
    });
  });

  it('whoever follows anew, when told that following ended, is followed anew', async () => {
    const { job, sinks, say } = setUp();
    const anew: Promise<unknown>[] = [];
    job.on('stopped', () => anew.push(job.completed()));
    const before = job.completed().catch((error: unknown) => error);
    const error = new ApiError('there is no such job', { status: 404, jobId: 'job-1' });
    for (const sink of [...sinks]) {
      sinks.delete(sink);
      sink.stopped(error);
    }
    expect(await before).toBe(error);
    expect(anew).toHaveLength(1);
    expect(sinks.size).toBe(1);
    say({ status: 'completed' });
    await expect(anew[0]).resolves.toMatchObject({ status: 'completed' });
  });
});

describe('what is done within a callback', () => {
  it.each(['completed', 'update'] as const)(
    'closing or aborting on %s keeps the end from nobody',
    async (event) => {
      const { job, say } = setUp();
      const controller = new AbortController();
      const stopped = vi.fn();
      const ends = [job.completed(), job.completed({ signal: controller.signal })];
      job.on('stopped', stopped);
      job.on(event, () => {
        controller.abort();
        job.close();
      });
      say({ status: 'completed' });
      for (const end of ends) await expect(end).resolves.toMatchObject({ status: 'completed' });
      expect(stopped).not.toHaveBeenCalled();
    },
  );

  it('listening anew each time that all is over goes round once', async () => {
    const controller = new AbortController();
    const { job } = setUp({ signal: controller.signal });
    const warning = vi.fn(() => void job.on('update', () => {}));
    job.on('stopped', warning);
    controller.abort();
    await Promise.resolve();
    expect(warning).toHaveBeenCalledOnce();
  });

  it('a listener of a job that was aborted before is told so, in whatever order they come', async () => {
    const { job } = setUp({ signal: AbortSignal.abort() });
    const stopped = vi.fn();
    job.on('completed', () => {});
    job.on('stopped', stopped);
    expect(stopped).not.toHaveBeenCalled();
    await Promise.resolve();
    expect(stopped).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ name: 'AbortError' }));
  });
});

it('what says less than is known, or the same once more, is not told', () => {
  const { job, sinks } = setUp();
  const told: number[] = [];
  job.on('update', ({ progress }) => told.push(progress));
  const [ten, sixty] = [10, 60].map((progress) =>
    applyUpdate(undefined, { jobId: 'job-1', raw: 0, status: 'processing', progress }, 'polling', 1),
  ) as [JobSnapshot, JobSnapshot];
  for (const snapshot of [sixty, sixty, ten]) for (const sink of sinks) sink.update(snapshot);
  expect(told).toEqual([60]);
  expect(job.snapshot).toBe(sixty);
  job.close();
});

it('the way to remove a listener removes that one, once', () => {
  const { job, say } = setUp();
  const listener = vi.fn();
  const first = job.on('progress', listener);
  first();
  job.on('progress', listener);
  first();
  const once = job.once('progress', listener);
  once();
  say(processing(1));
  expect(listener).toHaveBeenCalledOnce();
  job.close();
});

describe('the iterator', () => {
  it('may be read several times at once: each gets its own', async () => {
    const { job, say } = setUp();
    const iterator = job[Symbol.asyncIterator]();
    const reads = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
    say(processing(1));
    say(processing(2));
    say({ status: 'completed' });
    const values = (await Promise.all(reads)).map(({ done, value }) => [done, value?.progress]);
    expect(values).toEqual([
      [false, 1],
      [false, 2],
      [false, 100],
      [true, undefined],
    ]);
  });

  it('gives every snapshot, the known one first, and ends after the terminal one', async () => {
    const { job, say } = setUp({ known: true });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { status, progress } of job) seen.push(`${status} ${progress}`);
    })();
    await Promise.resolve();
    say(processing(10));
    say(processing(20));
    say({ status: 'completed' });
    await reading;
    expect(seen).toEqual(['queued 0', 'processing 10', 'processing 20', 'completed 100']);
  });

  it('begins with what a server said where nothing is known before', async () => {
    const { job, say } = setUp();
    const reading = job[Symbol.asyncIterator]().next();
    say(processing(5));
    expect((await reading).value).toMatchObject({ status: 'processing', progress: 5 });
    job.close();
  });

  it('gives a failed job as its last snapshot and does not throw', async () => {
    const { job, say } = setUp();
    const reading = all(job);
    await Promise.resolve();
    say({ status: 'failed', error: 'no credits' });
    expect(await reading).toMatchObject([{ status: 'failed', error: 'no credits' }]);
  });

  it('of a job that has ended gives that end', async () => {
    const { job, say } = setUp();
    job.on('update', () => {});
    say({ status: 'completed' });
    expect(await all(job)).toMatchObject([{ status: 'completed' }]);
  });

  it('holds no more than a bounded number of unread snapshots, and never drops the end', async () => {
    const { job, say } = setUp();
    const iterator = job[Symbol.asyncIterator]();
    const first = iterator.next();
    for (let step = 1; step <= 5_000; step++) say({ status: 'processing', message: `step ${step}` });
    say({ status: 'completed' });
    await first;
    let count = 1;
    let last: JobSnapshot | undefined;
    for await (const snapshot of iterator) {
      count++;
      last = snapshot;
    }
    expect(count).toBeLessThanOrEqual(1_001);
    expect(last?.status).toBe('completed');
  });

  it('gives nothing after return(), though snapshots were unread', async () => {
    const { job, say } = setUp();
    const iterator = job[Symbol.asyncIterator]();
    const first = iterator.next();
    say(processing(1));
    say(processing(2));
    say(processing(3));
    expect((await first).value).toMatchObject({ progress: 1 });
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('gives a snapshot whose message alone has changed, as update tells it', async () => {
    const { job, say } = setUp();
    const told = vi.fn();
    job.on('update', told);
    const iterator = job[Symbol.asyncIterator]();
    const reads = [iterator.next(), iterator.next()];
    say({ status: 'processing', progress: 10, message: 'Drawing' });
    say({ status: 'processing', progress: 10, message: 'Rendering' });
    const messages = (await Promise.all(reads)).map(({ value }) => value?.message);
    expect(messages).toEqual(['Drawing', 'Rendering']);
    expect(told.mock.calls.map(([snapshot]) => snapshot.message)).toEqual(messages);
    job.close();
  });

  it('throws what ended following, once', async () => {
    const { job, sinks } = setUp();
    const iterator = job[Symbol.asyncIterator]();
    const reading = iterator.next();
    const error = new VideoError('closed', 'the client was closed', { jobId: 'job-1' });
    for (const sink of [...sinks]) sink.stopped(error);
    await expect(reading).rejects.toBe(error);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});

describe('completed', () => {
  it('tells in its timeout why the status could not be had', async () => {
    const failure = new ApiError('GET /status answered 503: away', { status: 503 });
    const { job } = setUp({ failure });
    const error: unknown = await job.completed({ timeoutMs: 1 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'job-timeout', cause: failure });
    expect(String(error)).toContain(
      'did not end within 1 ms; could not read its status: GET /status answered 503',
    );
  });

  it('rejects with the reason of a failed job', async () => {
    const { job, say } = setUp();
    const completed = job.completed();
    say({ status: 'failed', error: 'out of memory', errorCode: 'oom' });
    const error: unknown = await completed.catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'job-failed',
      jobId: 'job-1',
      reason: 'out of memory',
      reasonCode: 'oom',
    });
  });

  it('rejects with the signal’s own reason at once, and lets go of everything', async () => {
    const { job, sinks } = setUp();
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const completed = job.completed({ signal: controller.signal });
    const reason = { mine: true };
    controller.abort(reason);
    await expect(completed).rejects.toBe(reason);
    await expect(job.completed({ signal: controller.signal })).rejects.toBe(reason);
    expect(sinks.size).toBe(0);
    expect(removed).toHaveBeenCalled();
  });

  it('rejects after its own timeout, which wins over the job’s', async () => {
    vi.useFakeTimers();
    try {
      const { job, sinks } = setUp({ timeoutMs: 1_000 });
      const listener = vi.fn();
      job.on('stopped', listener);
      const longer = job.completed({ timeoutMs: 5_000 });
      const caught = longer.catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(listener).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'job-timeout' }));
      expect(sinks.size).toBe(1);
      await vi.advanceTimersByTimeAsync(4_000);
      const error = (await caught) as JobTimeoutError;
      expect(error).toMatchObject({ code: 'job-timeout', jobId: 'job-1' });
      expect(error.message).toContain('5000 ms');
      expect(sinks.size).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses a timeout that is none', async () => {
    const { job } = setUp();
    await expect(job.completed({ timeoutMs: Number.NaN })).rejects.toMatchObject({ option: 'timeoutMs' });
  });

  it('leaves no timer behind after the end', async () => {
    vi.useFakeTimers();
    try {
      const { job, say } = setUp();
      job.on('update', () => {});
      const completed = job.completed();
      say({ status: 'completed' });
      await completed;
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('closing', () => {
  it('rejects whoever waits, with the job’s id and how to go on', async () => {
    const { job, sinks } = setUp();
    const completed = job.completed();
    job.close();
    await expect(completed).rejects.toMatchObject({ code: 'closed', jobId: 'job-1' });
    await expect(job.completed()).rejects.toMatchObject({ code: 'closed' });
    expect(sinks.size).toBe(0);
  });

  it('after the end changes nothing: the end is still told', async () => {
    const { job, say } = setUp();
    job.on('update', () => {});
    say({ status: 'completed' });
    job.close();
    await expect(job.completed()).resolves.toMatchObject({ status: 'completed' });
  });
});

it('the signal of the job ends all who wait', async () => {
  const controller = new AbortController();
  const { job, sinks } = setUp({ signal: controller.signal });
  const completed = job.completed();
  const reading = job[Symbol.asyncIterator]().next();
  controller.abort('enough');
  await expect(completed).rejects.toBe('enough');
  await expect(reading).rejects.toBe('enough');
  expect(sinks.size).toBe(0);
});

it('download waits for the end and hands the completed job over', async () => {
  const { job, host, say } = setUp();
  const download = job.download({ variant: 'reels' });
  await Promise.resolve();
  expect(host.download).not.toHaveBeenCalled();
  say({ status: 'completed', videoUrl: 'https://cdn.example.com/a.mp4' });
  await download;
  expect(host.download).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ id: 'job-1', status: 'completed' }),
    { variant: 'reels' },
  );
});
