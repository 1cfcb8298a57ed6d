import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JobStoreError } from '../../../src/errors.js';
import { recordOf } from '../../../src/jobs/contract/check.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { FRESH_MS, Records } from '../../../src/relay/records.js';

const own: JobRecord = { ...recordOf({ key: 'key' }), state: 'submitted', jobId: 'job-1', group: 'ada' };
const away = new JobStoreError('redis is away');

/** A store that fails while it is away. */
function storeOf(record: JobRecord | undefined) {
  const store = { isAway: false, reads: 0 };
  const records = new Records({
    async get() {
      store.reads++;
      if (store.isAway) throw away;
      return record;
    },
    async *list() {},
  });
  return { store, records };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
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
});
