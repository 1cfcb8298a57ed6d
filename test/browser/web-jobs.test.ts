import { webJobs } from 'reelwire/jobs';
import { testJobStore } from 'reelwire/jobs/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { later, recordOf } from '../../src/jobs/contract/check.js';
import type { JobRecord } from '../../src/jobs/record.js';
import { WebJobStore } from '../../src/jobs/stores/web.js';

beforeEach(() => localStorage.clear());
afterEach(() => localStorage.clear());

describe('the store in localStorage', () => {
  testJobStore(() => new WebJobStore('ann'), { test: it });
});

async function keysOf(store: WebJobStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const record of store.list()) keys.push((record as JobRecord).key);
  return keys;
}

it('records are those of who is signed in, and of nobody whose name is near to it', async () => {
  const names = ['ann', 'ann"', 'an', 'ANN', 'ann:', 'ü 🎬', '__proto__'];
  const stores = names.map((name) => new WebJobStore(name));
  for (const [i, store] of stores.entries())
    await store.add(recordOf({ key: 'order', inputDigest: String(i) }));
  for (const [i, store] of stores.entries()) {
    expect(await store.get('order')).toMatchObject({ inputDigest: String(i) });
    expect(await keysOf(store)).toEqual(['order']);
  }
  expect(() => webJobs({ name: '' })).toThrow(/name must say whose jobs these are/);
});

it('a full storage drops jobs that have ended, the oldest first, before it refuses a new one', async () => {
  const store = new WebJobStore('ann');
  const start = Date.now() - 1_000_000;
  const made = (key: string, at: number, metadata?: unknown) =>
    recordOf({ key, createdAt: start + at, updatedAt: start + at, metadata });
  const ends = { state: 'completed', jobId: 'job-1' } as const;
  const big = 'x'.repeat(4_000);
  for (const [i, key] of ['open-1', 'ended-2', 'ended-1', 'ended-3', 'open-2'].entries()) {
    const record = made(key, key.startsWith('ended') ? Number(key.at(-1)) : i, big);
    await store.add(record);
    if (key.startsWith('ended')) await store.put(later(record, ends));
  }
  // All that is left, by others: to the last character.
  for (let length = 1 << 20; length >= 1; length = Math.floor(length / 2)) {
    for (let i = 0; i < 20; i++) {
      try {
        localStorage.setItem(`other-${length}-${i}`, 'x'.repeat(length));
      } catch {
        break;
      }
    }
  }
  await store.add(made('new-1', 10, big));
  expect(await keysOf(store)).toEqual(['open-1', 'ended-2', 'ended-3', 'open-2', 'new-1']);
  await store.add(made('new-2', 11, big));
  await store.add(made('new-3', 12, big));
  expect(await keysOf(store)).toEqual(['open-1', 'open-2', 'new-1', 'new-2', 'new-3']);
  await expect(store.add(made('new-4', 13, big))).rejects.toThrow('localStorage is full');
  expect(await keysOf(store)).toEqual(['open-1', 'open-2', 'new-1', 'new-2', 'new-3']);
  expect(localStorage.getItem('other-1048576-0')).toHaveLength(1_048_576);
});

it('what was kept long enough is gone, and what cannot be read is its key alone', async () => {
  const store = new WebJobStore('ann');
  await store.add(recordOf({ key: 'old', updatedAt: Date.now() - 31 * 86_400_000 }));
  await store.add(recordOf({ key: 'a' }));
  const name = Object.keys(localStorage).find((name) => name.endsWith('"a')) ?? '';
  expect(await store.get('old')).toBeUndefined();
  expect(await keysOf(store)).toEqual(['a']);
  expect(localStorage).toHaveLength(1);
  localStorage.setItem(name, '{"version":');
  expect(await store.get('a')).toEqual({ key: 'a' });
  expect(await store.add(recordOf({ key: 'a' }))).toEqual({ key: 'a' });
  expect(localStorage.getItem(name)).toBe('{"version":');
});

it('works where there are no Web Locks, as in a page of http', async () => {
  const locks = Object.getOwnPropertyDescriptor(Navigator.prototype, 'locks') ?? {};
  Object.defineProperty(Navigator.prototype, 'locks', { value: undefined, configurable: true });
  try {
    const store = new WebJobStore('ann');
    const records = Array.from({ length: 20 }, () => recordOf({ key: 'a' }));
    await Promise.all(records.map((record) => store.add(record)));
    expect(await store.get('a')).toEqual(records[0]);
  } finally {
    Object.defineProperty(Navigator.prototype, 'locks', locks);
  }
});

it('a frozen tab that holds a lock is not waited for longer than 5 s, and nothing is written', async () => {
  const store = new WebJobStore('ann');
  let thaw = () => {};
  const frozen = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  await new Promise<void>((held) => {
    void navigator.locks.request('reelwire:jobs:"ann"a', () => {
      held();
      return frozen;
    });
  });
  await expect(store.add(recordOf({ key: 'a' }))).rejects.toMatchObject({ name: 'TimeoutError' });
  thaw();
  const record = recordOf({ key: 'a' });
  expect(await store.add(record)).toEqual(record);
});
