import { describe, expect, it, vi } from 'vitest';
import { DownloadPace } from '../../../src/download/pace.js';
import { ApiError, type DownloadError } from '../../../src/errors.js';
import { FakeTimers } from '../transports/support.js';

const retry = { attempts: 3, minDelayMs: 1_000, maxDelayMs: 8_000 };
const refused = (status: number, retryAfterMs?: number) =>
  new ApiError(`answered ${status}`, { status, retryAfterMs });

function setUp(notReadyMs = 60_000) {
  const timers = new FakeTimers();
  const onDoubt = vi.fn();
  const life = new AbortController();
  const options = { notReadyMs, retry, runtime: timers.runtime as never, onDoubt };
  const pace = new DownloadPace('job-1', options, life.signal);
  /** How long it made the download wait, or what it threw. */
  const took = async (wait: Promise<void>): Promise<number | DownloadError> => {
    const start = timers.now;
    let end: number | DownloadError | undefined;
    wait.then(
      () => {
        end = timers.now - start;
      },
      (error: DownloadError) => {
        end = error;
      },
    );
    for (let step = 0; end === undefined && step < 10_000; step++) await timers.pass(100);
    return end ?? Number.NaN;
  };
  return { pace, took, onDoubt, life };
}

describe('a file that is not there yet', () => {
  it('is waited for a little longer each time, in all no longer than it may take', async () => {
    const { pace, took } = setUp(20_000);
    const waits: number[] = [];
    for (;;) {
      const end = await took(pace.notReady(refused(404)));
      if (typeof end !== 'number') {
        expect(end).toMatchObject({ code: 'download-not-ready', jobId: 'job-1', status: 404 });
        expect(end.message).toBe('the video of job job-1 was not there within 20000 ms: answered 404');
        break;
      }
      waits.push(end);
    }
    expect(waits.length).toBeGreaterThan(2);
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(20_500);
  });

  it('is not waited for at all where the server wants more time than there is', async () => {
    const { pace, took } = setUp(20_000);
    expect(await took(pace.notReady(refused(404, 20_001)))).toMatchObject({ code: 'download-not-ready' });
  });

  it('is waited for as long as the server says, where there is so much time', async () => {
    const { pace, took } = setUp(20_000);
    expect(await took(pace.notReady(refused(404, 15_000)))).toBeGreaterThanOrEqual(15_000);
  });

  it('is given up at once where nothing is to be waited for', async () => {
    const { pace, took } = setUp(0);
    expect(await took(pace.notReady(undefined))).toMatchObject({
      message: 'the video of job job-1 was not there within 0 ms: the job names no file',
    });
  });

  it('of which a 400 tells is doubted once: the call may be wrong', async () => {
    const { pace, took, onDoubt } = setUp();
    await took(pace.notReady(refused(404)));
    await took(pace.notReady(undefined));
    expect(onDoubt).not.toHaveBeenCalled();
    const doubt = refused(400);
    await took(pace.notReady(doubt));
    await took(pace.notReady(refused(400)));
    expect(onDoubt.mock.calls).toEqual([[doubt]]);
  });

  it('ends the wait with the download', async () => {
    const { pace, took, life } = setUp();
    const wait = took(pace.notReady(refused(404)));
    life.abort('enough');
    expect(await wait).toBe('enough');
  });
});

describe('a URL that expired', () => {
  it('is had anew at once, then after a while, three times in all without a byte', async () => {
    const { pace, took } = setUp();
    expect(await took(pace.expired(refused(403)))).toBe(0);
    expect(await took(pace.expired(refused(403)))).toBeGreaterThan(0);
    expect(await took(pace.expired(refused(403)))).toBeGreaterThan(0);
    expect(await took(pace.expired(refused(403)))).toMatchObject({
      code: 'download-expired',
      message: 'the video of job job-1 has a URL that expired, as did each new one: answered 403',
    });
  });

  it('counts from the start again once there were bytes', async () => {
    const { pace, took } = setUp();
    for (let round = 0; round < 5; round++) {
      expect(await took(pace.expired(refused(403)))).toBe(0);
      await took(pace.expired(refused(403)));
      pace.progressed();
    }
  });
});

describe('a connection that broke', () => {
  it('is tried anew as often as calls are, and ends with the error that is to be told', async () => {
    const { pace, took } = setUp();
    const final = new Error('it broke off');
    const broken = new TypeError('terminated');
    expect(await took(pace.failed(broken, final))).toBeGreaterThan(0);
    expect(await took(pace.failed(broken, final))).toBeGreaterThan(0);
    expect(await took(pace.failed(broken, final))).toBe(final);
  });

  it('is tried for ever while each brings bytes, but no more than a thousand times', async () => {
    const { pace, took } = setUp();
    const final = new Error('it broke off');
    let drops = 0;
    for (; drops < 1_100; drops++) {
      pace.progressed();
      if ((await took(pace.failed(new TypeError('terminated'), final))) === (final as never)) break;
    }
    expect(drops).toBe(999);
  });
});
