import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JobStoreError } from '../../../src/errors.js';
import { recordOf } from '../../../src/jobs/contract/check.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { FRESH_MS, Records } from '../../../src/relay/records.js';

const own: JobRecord = { ...recordOf({ key: 'key' }), state: 'submitted', jobId: 'job-1', group: 'ada' };
const away = new JobStoreError('redis is away');

/** A store that fails while it is away. */
function storeOf(record: JobRecord | undefined) {
  const store = { isAway: false, reads: 0, record };
  const records = new Records({
    async get() {
      store.reads++;
      if (store.isAway) throw away;
      return store.record;
    },
    async *list() {},
  });
  return { store, records };
}

/** An answer of the store that is still to come. */
function later() {
  let resolve!: (record: JobRecord | undefined) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<JobRecord | undefined>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe('what a relay knows of whose a job is', () => {
  it('stands while the store cannot be read, and that is tried again no more often than it is read else', async () => {
    const { store, records } = storeOf(own);
    await records.own('ada', 'key');
    store.isAway = true;
    vi.advanceTimersByTime(FRESH_MS);
    expect(await records.own('ada', 'key')).toEqual(own);
    expect(await records.own('ada', 'key')).toEqual(own);
    expect(store.reads).toBe(2);
    await expect(records.own('eve', 'key')).rejects.toThrow('No such job');
  });

  it('stands for minutes: a page whose calls are spread over processes may not come to this one for long', async () => {
    const { store, records } = storeOf(own);
    await records.own('ada', 'key');
    store.isAway = true;
    vi.advanceTimersByTime(250_000);
    expect(await records.own('ada', 'key')).toEqual(own);
    vi.advanceTimersByTime(400_000);
    await expect(records.own('ada', 'key')).rejects.toBe(away);
  });

  it('is that of the newest 10,000 jobs', async () => {
    const { store, records } = storeOf(own);
    for (let index = 0; index < 10_001; index++) {
      store.record = { ...own, key: `key-${index}` };
      await records.own('ada', `key-${index}`);
    }
    store.isAway = true;
    vi.advanceTimersByTime(FRESH_MS);
    await expect(records.own('ada', 'key-0')).rejects.toBe(away);
    expect(await records.own('ada', 'key-1')).toMatchObject({ key: 'key-1' });
    expect(await records.own('ada', 'key-10000')).toMatchObject({ key: 'key-10000' });
  });

  it('is not made up: a job that it has not heard of is refused with what the store says', async () => {
    const { store, records } = storeOf(own);
    store.isAway = true;
    await expect(records.own('ada', 'key')).rejects.toBe(away);
  });

  it('is what the store says as soon as that can be read again', async () => {
    const { store, records } = storeOf(own);
    await records.own('ada', 'key');
    store.isAway = true;
    vi.advanceTimersByTime(FRESH_MS);
    await records.own('ada', 'key');
    store.isAway = false;
    vi.advanceTimersByTime(FRESH_MS);
    await records.own('ada', 'key');
    expect(store.reads).toBe(3);
  });

  it('is nothing once it was forgotten, though the store had been asked before and answers after', async () => {
    const answer = later();
    const answers = [answer.promise, Promise.resolve(undefined)];
    const records = new Records({ get: async () => answers.shift(), async *list() {} });
    const asked = records.own('ada', 'key');
    records.forget('key');
    answer.resolve(own);
    await expect(asked).rejects.toThrow('No such job');
    await expect(records.own('ada', 'key')).rejects.toThrow('No such job');
  });

  it('is nothing once it was forgotten, though the store had been asked before and fails after', async () => {
    const answer = later();
    const answers = [Promise.resolve(own), answer.promise, Promise.resolve(undefined)];
    const records = new Records({ get: async () => answers.shift(), async *list() {} });
    await records.own('ada', 'key');
    vi.advanceTimersByTime(FRESH_MS);
    const asked = records.own('ada', 'key');
    records.forget('key');
    answer.reject(away);
    await expect(asked).rejects.toBe(away);
    await expect(records.own('ada', 'key')).rejects.toThrow('No such job');
  });
});
