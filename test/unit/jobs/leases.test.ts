import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Leases } from '../../../src/jobs/leases.js';
import { MemoryJobStore } from '../../../src/jobs/memory-store.js';
import { SafeStore } from '../../../src/jobs/safe-store.js';
import { hostOf, processOf, recordOf } from './support.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function leasesOf(store: MemoryJobStore): Leases {
  const host = hostOf();
  return new Leases(new SafeStore(store, 1_000, host.runtime), host);
}

describe('leases', () => {
  it('keep others away for as long as their holder lives, and 30 s more', async () => {
    const store = new MemoryJobStore();
    const holder = leasesOf(store);
    expect(await holder.take('a')).toBe(true);
    await vi.advanceTimersByTimeAsync(305_000);
    expect(await store.lease('a', 'another', 1)).toBe(false);
    // It dies: nothing of it arrives any more.
    vi.spyOn(store, 'lease')
      .mockRejectedValueOnce(new Error('dead'))
      .mockRejectedValueOnce(new Error('dead'));
    await vi.advanceTimersByTimeAsync(24_900);
    expect(await store.lease('a', 'another', 1)).toBe(false);
    // Before it would come for the third time.
    await vi.advanceTimersByTimeAsync(99);
    vi.setSystemTime(Date.now() + 2);
    expect(await store.lease('a', 'another', 1)).toBe(true);
  });

  it('are taken of what was submitted with the first beat, after 10 s', async () => {
    const store = new MemoryJobStore();
    const holder = leasesOf(store);
    holder.hold('a');
    await vi.advanceTimersByTimeAsync(9_900);
    expect(await store.lease('a', 'another', 1)).toBe(true);
    await vi.advanceTimersByTimeAsync(200);
    expect(await store.lease('a', 'another', 1)).toBe(false);
  });

  it('are given back when they are released, and all of them when the client is closed', async () => {
    const store = new MemoryJobStore();
    const holder = leasesOf(store);
    for (const key of ['a', 'b', 'c']) await holder.take(key);
    await holder.release('a');
    expect(await store.lease('a', 'another', 1_000)).toBe(true);
    expect(await holder.take('a')).toBe(false);
    await holder.close();
    for (const key of ['b', 'c']) expect(await store.lease(key, 'another', 1_000)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not fought over with who took one on while this process slept', async () => {
    const store = new MemoryJobStore();
    const holder = leasesOf(store);
    await holder.take('a');
    vi.setSystemTime(Date.now() + 60_000);
    expect(await store.lease('a', 'another', 3_600_000)).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await store.lease('a', 'another', 1)).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await store.lease('a', 'a third', 1)).toBe(true);
  });

  it('are renewed again after a store that failed', async () => {
    const store = new MemoryJobStore();
    const holder = leasesOf(store);
    await holder.take('a');
    const lease = vi.spyOn(store, 'lease').mockRejectedValueOnce(new Error('down'));
    await vi.advanceTimersByTimeAsync(10_100);
    expect(lease).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(25_000);
    expect(await store.lease('a', 'another', 1)).toBe(false);
  });
});

it.each([
  [
    'a delivery told',
    (jobs: ReturnType<typeof processOf>) => jobs.deliver('idem-1', { jobId: 'job-1' } as never),
  ],
  ['was adopted', (jobs: ReturnType<typeof processOf>) => jobs.adopt('order-7', 'job-1')],
])(
  'a job that %s is nobody’s who only hears of it: another process may resume it at once',
  async (_, tell) => {
    const store = new MemoryJobStore();
    await store.add(recordOf());
    await tell(processOf(store));
    expect(await store.get('order-7')).toMatchObject({ state: 'submitted', jobId: 'job-1' });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await store.lease('order-7', 'another', 1_000)).toBe(true);
  },
);
