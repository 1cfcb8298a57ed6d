import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SubmitOutcomeUnknownError } from '../../../src/errors.js';
import { Sweep } from '../../../src/relay/sweep.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start(
  keys: readonly string[],
  options: { hasWebhooks?: boolean; followed?: readonly string[] } = {},
) {
  const closed: string[] = [];
  const asked: string[] = [];
  const warned: string[] = [];
  let underWay = 0;
  let most = 0;
  const resume = vi.fn(async function* (_options: object) {
    for (const key of keys) {
      if (key.startsWith('lost')) {
        yield { record: { key }, error: new SubmitOutcomeUnknownError('nobody knows') };
      } else yield { record: { key }, job: { id: `up-${key}`, close: () => void closed.push(key) } };
    }
  });
  const status = vi.fn(async (jobId: string) => {
    asked.push(jobId);
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 10));
    underWay -= 1;
    if (jobId === 'up-gone') throw new Error('not found');
  });
  const sweep = new Sweep({
    client: { resume, status } as never,
    hub: { isFollowed: (key) => options.followed?.includes(key) === true },
    logger: { warn: (message) => void warned.push(message) },
    hasWebhooks: options.hasWebhooks ?? false,
  });
  return { sweep, resume, asked, closed, warned, most: () => most };
}

describe('jobs nobody watches', () => {
  it('are asked about every thirty seconds, once that has begun', async () => {
    const { sweep, resume, asked } = start(['a', 'b']);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(resume).not.toHaveBeenCalled();
    sweep.start();
    sweep.start();
    await vi.advanceTimersByTimeAsync(28_000);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(asked).toEqual(['up-a', 'up-b']);
    expect(resume).toHaveBeenCalledWith(expect.objectContaining({ open: true }));
    await vi.advanceTimersByTimeAsync(32_000);
    expect(asked).toHaveLength(4);
    sweep.stop();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(asked).toHaveLength(4);
    sweep.start();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(asked).toHaveLength(4);
  });

  it('are asked about every ten minutes where webhooks come', async () => {
    const { sweep, asked } = start(['a'], { hasWebhooks: true });
    sweep.start();
    await vi.advanceTimersByTimeAsync(560_000);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(80_000);
    expect(asked).toEqual(['up-a']);
  });

  it('are asked about six at once, and given back whatever the answer', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const { sweep, asked, closed, most } = start(['gone', ...keys]);
    const pass = sweep.pass();
    await vi.advanceTimersByTimeAsync(1_000);
    await pass;
    expect(asked).toHaveLength(21);
    expect(closed.sort()).toEqual(['gone', ...keys].sort());
    expect(most()).toBe(6);
  });

  it('are left to whoever follows them', async () => {
    const { sweep, asked, closed } = start(['a', 'b'], { followed: ['a'] });
    const pass = sweep.pass();
    await vi.advanceTimersByTimeAsync(100);
    await pass;
    expect(asked).toEqual(['up-b']);
    expect(closed.sort()).toEqual(['a', 'b']);
  });

  it('are warned of once where nobody knows of them', async () => {
    const { sweep, warned } = start(['lost-1', 'lost-2']);
    await sweep.pass();
    await sweep.pass();
    expect(warned).toEqual(['relay: job lost-1: nobody knows', 'relay: job lost-2: nobody knows']);
  });

  it('are asked about again after a store that failed', async () => {
    const { sweep, resume, asked, warned } = start(['a']);
    resume.mockImplementationOnce(() => {
      throw new Error('no store');
    });
    sweep.start();
    await vi.advanceTimersByTimeAsync(32_000);
    expect(warned).toEqual([expect.stringContaining('no store')]);
    await vi.advanceTimersByTimeAsync(32_000);
    expect(asked).toEqual(['up-a']);
  });
});
