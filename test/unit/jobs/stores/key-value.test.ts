import { IDBFactory } from 'fake-indexeddb';
import * as idbKeyval from 'idb-keyval';
import Keyv from 'keyv';
import { createStorage } from 'unstorage';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, JobStoreError } from '../../../../src/errors.js';
import { later, recordOf } from '../../../../src/jobs/contract/check.js';
import type { JobRecord } from '../../../../src/jobs/record.js';
import { KeyValueJobStore, keyValueJobs } from '../../../../src/jobs/stores/key-value.js';

const DAY_MS = 86_400_000;

async function keysOf(store: KeyValueJobStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const record of store.list()) keys.push((record as JobRecord).key);
  return keys.sort();
}

describe('keyValueJobs', () => {
  it('takes a storage of unstorage, a Keyv and the module idb-keyval as they are', async () => {
    globalThis.indexedDB ??= new IDBFactory();
    for (const jobs of [
      keyValueJobs(createStorage()),
      keyValueJobs(new Keyv({ throwOnErrors: true })),
      keyValueJobs(idbKeyval),
    ]) {
      expect(await jobs.get('order-7')).toBeUndefined();
    }
  });

  it.each([
    ['nothing', undefined, /must be a storage of unstorage, a Keyv, or the module idb-keyval/],
    ['an object without methods', {}, /must be a storage/],
    ['a text', 'redis://localhost', /must be a storage/],
    ['a Map, which is gone with the process', new Map(), /can be listed/],
    ['a Keyv that hides its errors', new Keyv(), /throwOnErrors: true/],
    ['a Keyv that cannot be listed', { get() {}, set() {}, delete() {} }, /can be listed/],
  ])('refuses %s', (_, storage, message) => {
    expect(() => keyValueJobs(storage as never)).toThrow(ConfigurationError);
    expect(() => keyValueJobs(storage as never)).toThrow(message);
  });
});

describe('the store in a key-value storage', () => {
  it('leaves the keys of others alone', async () => {
    const storage = createStorage();
    await storage.setItem('reelwire:other', 'mine');
    await storage.setItem('reelwire:jobs:not a name', 'mine');
    await storage.setItem('settings', 'mine');
    const store = new KeyValueJobStore(storage);
    await store.add(recordOf({ key: 'a' }));
    expect(await keysOf(store)).toEqual(['a']);
    await store.delete('a');
    expect((await storage.getKeys()).length).toBe(3);
  });

  it('drops what was kept long enough when it is listed, and has its key free before', async () => {
    const keyv = new Map<string, string>();
    const storage = {
      getItem: async (key: string) => keyv.get(key),
      setItem: async (key: string, value: string) => void keyv.set(key, value),
      removeItem: async (key: string) => void keyv.delete(key),
      getKeys: async () => [...keyv.keys(), ...keyv.keys()],
    };
    const store = new KeyValueJobStore(storage);
    const updatedAt = Date.now() - 31 * DAY_MS;
    for (const key of ['old', 'older']) await store.add(recordOf({ key, updatedAt }));
    await store.add(recordOf({ key: 'young' }));
    expect(await store.get('old')).toBeUndefined();
    const again = recordOf({ key: 'old' });
    expect(await store.add(again)).toEqual(again);
    expect(await keysOf(store)).toEqual(['old', 'young']);
    expect(keyv.size).toBe(2);
  });

  it('has a Keyv forget a record when it was kept long enough', async () => {
    const ttls: number[] = [];
    const keyv = new Keyv({ throwOnErrors: true });
    const set = keyv.set.bind(keyv);
    keyv.set = (key: string, value: unknown, ttl?: number) => {
      ttls.push(Math.round((ttl ?? 0) / DAY_MS));
      return set(key, value, ttl);
    };
    const store = new KeyValueJobStore(keyv);
    const record = recordOf();
    await store.add(record);
    await store.put(later(record, { state: 'refused' }));
    expect(ttls).toEqual([30, 1]);
  });

  it('gives what cannot be read as its key alone, and writes nothing over it', async () => {
    const storage = createStorage();
    const store = new KeyValueJobStore(storage);
    await store.add(recordOf({ key: 'a' }));
    await storage.setItem('reelwire:jobs:a', '{"version":');
    expect(await store.get('a')).toEqual({ key: 'a' });
    expect(await store.add(recordOf({ key: 'a' }))).toEqual({ key: 'a' });
    expect(await storage.getItemRaw('reelwire:jobs:a')).toBe('{"version":');
    await store.delete('a');
    expect(await store.get('a')).toBeUndefined();
  });

  it('fails where the storage does not take a record, and for that key alone', async () => {
    let isFull = true;
    const keyv = new Keyv({ throwOnErrors: true });
    const { set } = keyv;
    keyv.set = async (key: string, value: unknown, ttl?: number) =>
      !isFull && set.call(keyv, key, value, ttl);
    const store = new KeyValueJobStore(keyv);
    await expect(store.add(recordOf({ key: 'a' }))).rejects.toThrow('did not take the record');
    isFull = false;
    const record = recordOf({ key: 'a' });
    expect(await store.add(record)).toEqual(record);
  });

  it('does not wait for one key where another hangs', async () => {
    const storage = createStorage();
    const { getItem } = storage;
    storage.getItem = ((key: string) =>
      key.endsWith(':a') ? new Promise(() => {}) : getItem.call(storage, key)) as typeof getItem;
    const store = new KeyValueJobStore(storage);
    void store.add(recordOf({ key: 'a' }));
    const record = recordOf({ key: 'b' });
    expect(await store.add(record)).toEqual(record);
  });

  it('that rejects is told in an error of the store', async () => {
    const storage = createStorage();
    storage.getItem = () => Promise.reject(new Error('no network'));
    const error = await keyValueJobs(storage)
      .get('a')
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(JobStoreError);
    expect(String(error)).toContain('no network');
  });
});
