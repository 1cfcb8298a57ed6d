import { describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../../src/errors.js';
import { memoryStore } from '../../../src/webhooks/stores/memory.js';

function storeWithClock(options: { ttlMs?: number; max?: number } = {}) {
  const clock = { now: 0 };
  const store = memoryStore({ ...options, now: () => clock.now });
  const claim = async (id: string, leaseMs = 1_000) => {
    const answer = await store.claim(id, leaseMs);
    return answer.status === 'claimed' ? answer.token : answer.status;
  };
  return { store, clock, claim };
}

describe('memoryStore', () => {
  it('gives a delivery to one, until it is released', async () => {
    const { store, claim } = storeWithClock();
    const token = await claim('a');
    expect(await claim('a')).toBe('busy');
    expect(await claim('b')).not.toBe('busy');
    await store.release('a', token);
    expect(await claim('a')).not.toBe('busy');
  });

  it('gives a completed delivery to nobody', async () => {
    const { store, claim } = storeWithClock();
    await store.complete('a', await claim('a'));
    expect(await claim('a')).toBe('done');
  });

  it('gives it to the next one once the lease of the first has run out', async () => {
    const { store, clock, claim } = storeWithClock();
    const first = await claim('a');
    clock.now = 1_000;
    const second = await claim('a');
    expect(second).not.toBe('busy');
    await store.release('a', first); // The first wakes up again: it is not its any more.
    expect(await claim('a')).toBe('busy');
    await store.complete('a', first);
    expect(await claim('a')).toBe('busy');
    await store.complete('a', second);
    expect(await claim('a')).toBe('done');
  });

  it('remembers work that was done after its lease, where nobody else took it', async () => {
    const { store, clock, claim } = storeWithClock();
    const token = await claim('a');
    clock.now = 5_000;
    await store.complete('a', token);
    expect(await claim('a')).toBe('done');
  });

  it('remembers for 76 hours unless told otherwise', async () => {
    const { store, clock, claim } = storeWithClock();
    await store.complete('a', await claim('a'));
    clock.now = 76 * 3_600_000 - 1;
    expect(await claim('a')).toBe('done');
    clock.now += 1;
    expect(await claim('a')).not.toBe('done');
    const short = storeWithClock({ ttlMs: 10 });
    await short.store.complete('a', await short.claim('a'));
    short.clock.now = 10;
    expect(await short.claim('a')).not.toBe('done');
  });

  it('keeps no more than it may, and forgets the oldest', async () => {
    const { store, claim } = storeWithClock({ max: 2 });
    for (const id of ['a', 'b', 'c']) await store.complete(id, await claim(id));
    expect(await claim('b')).toBe('done');
    expect(await claim('c')).toBe('done');
    expect(await claim('a')).not.toBe('done');
    for (const id of ['a', 'b', 'c']) await store.advance(id, 1);
    expect(await store.position('a')).toBeUndefined();
    expect(await store.position('c')).toBe(1);
  });

  it('forgets last the job that advanced last', async () => {
    const { store } = storeWithClock({ max: 2 });
    for (const id of ['a', 'b', 'a', 'c']) await store.advance(id, 1);
    expect(await store.position('b')).toBeUndefined();
    expect(await store.position('a')).toBe(1);
  });

  it('keeps nothing whose time is over', async () => {
    const { store, clock, claim } = storeWithClock({ ttlMs: 10, max: 2 });
    await store.advance('a', 1);
    clock.now = 10;
    for (const id of ['b', 'c']) await store.advance(id, 1);
    expect(await store.position('b')).toBe(1);
    expect(await claim('a')).not.toBe('done');
  });

  it('remembers more than 10,000 jobs unless told otherwise', async () => {
    const { store } = storeWithClock();
    for (let n = 0; n <= 150_000; n++) await store.advance(`job ${n}`, 1);
    expect(await store.position('job 0')).toBe(1);
  });

  it('lets a job only go forward', async () => {
    const { store } = storeWithClock();
    expect(await store.position('job')).toBeUndefined();
    for (const position of [1_040, 2_000, 1_090]) await store.advance('job', position);
    expect(await store.position('job')).toBe(2_000);
  });

  it('refuses limits that are none', () => {
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => memoryStore({ ttlMs: bad })).toThrow(ConfigurationError);
      expect(() => memoryStore({ max: bad })).toThrow(ConfigurationError);
    }
  });
});

it('frees a delivery after its lease, though the clock is set back meanwhile', async () => {
  const wall = vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
  const store = memoryStore();
  await store.claim('a', 5);
  wall.mockReturnValue(0);
  await expect.poll(async () => (await store.claim('a', 5)).status).toBe('claimed');
  wall.mockRestore();
});
