import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IDBFactory } from 'fake-indexeddb';
import { clear, createStore, del, get, keys, set } from 'idb-keyval';
import Keyv from 'keyv';
import { createStorage } from 'unstorage';
import fsDriver from 'unstorage/drivers/fs';
import { afterAll, describe, it } from 'vitest';
import { MemoryJobStore } from '../../../../src/jobs/memory-store.js';
import { FileJobStore } from '../../../../src/jobs/stores/file.js';
import { KeyValueJobStore } from '../../../../src/jobs/stores/key-value.js';
import { testJobStore } from '../../../../src/jobs/testing.js';

const folder = await mkdtemp(join(tmpdir(), 'reelwire-jobs-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the store in memory', () => {
  testJobStore(() => new MemoryJobStore(), { test: it });
});

describe('the store of files', () => {
  testJobStore(() => new FileJobStore(join(folder, 'files', 'not yet', 'there')), { test: it });
});

describe('the store in a storage of unstorage, in memory', () => {
  const storage = createStorage();
  testJobStore(() => new KeyValueJobStore(storage), { test: it });
});

describe('the store in a storage of unstorage, in a folder', () => {
  const storage = createStorage({ driver: fsDriver({ base: join(folder, 'unstorage') }) });
  testJobStore(() => new KeyValueJobStore(storage), { test: it });
});

describe('the store in a Keyv', () => {
  const keyv = new Keyv({ throwOnErrors: true });
  testJobStore(() => new KeyValueJobStore(keyv), { test: it });
});

describe('the store in idb-keyval', () => {
  globalThis.indexedDB ??= new IDBFactory();
  testJobStore(() => new KeyValueJobStore({ get, set, del, keys }), { test: it });
});

describe('the store in a database of its own by idb-keyval', () => {
  const own = createStore('videos', 'jobs');
  afterAll(() => clear(own));
  const storage = {
    get: (key: string) => get(key, own),
    set: (key: string, value: string) => set(key, value, own),
    del: (key: string) => del(key, own),
    keys: () => keys(own),
  };
  testJobStore(() => new KeyValueJobStore(storage), { test: it });
});
