import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.js';
import { recordOf } from '../../../src/jobs/contract/check.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { RedisJobStore } from '../../../src/jobs/stores/redis.js';
import type { IORedisJobsClient, NodeRedisJobsClient } from '../../../src/jobs/stores/redis-eval.js';
import { testJobStore } from '../../../src/jobs/testing.js';
import { type RedisServer, startRedis } from '../../support/redis.js';

const DAY_MS = 86_400_000;

let redis: RedisServer;
let admin: Redis;
let nodeRedis: ReturnType<typeof createClient>;

beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis({ port: redis.port, host: '127.0.0.1' });
  nodeRedis = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await nodeRedis.connect();
}, 120_000);

afterAll(async () => {
  admin?.disconnect();
  nodeRedis?.destroy();
  await redis?.stop();
});

const CLIENTS: readonly [string, () => IORedisJobsClient | NodeRedisJobsClient][] = [
  ['ioredis', () => admin],
  ['node-redis', () => nodeRedis],
];

describe.each(CLIENTS)('the store in redis over %s', (name, client) => {
  testJobStore(() => new RedisJobStore(client(), name), { test: it });
});

describe('the store in redis', () => {
  afterEach(() => admin.flushall());

  const storeOf = (prefix = 'own') => new RedisJobStore(admin, prefix);
  const later = (record: JobRecord, change: Partial<JobRecord>) => ({ ...record, ...change });

  it('is one over both clients', async () => {
    const record = recordOf();
    await new RedisJobStore(admin, 'both').add(record);
    expect(await new RedisJobStore(nodeRedis, 'both').get(record.key)).toEqual(record);
    expect(await new RedisJobStore(nodeRedis, 'other').get(record.key)).toBeUndefined();
  });

  it.each([
    ['submitting', {}, 30],
    ['refused', { state: 'refused' }, 1],
    ['submitted', { state: 'submitted', jobId: 'job-1' }, 30],
    ['completed', { state: 'completed', jobId: 'job-1' }, 7],
    ['failed', { state: 'failed', jobId: 'job-1' }, 7],
  ] as const)('keeps a %s record %j for %i days', async (_, change, days) => {
    const record = recordOf({ group: 'ann' });
    await storeOf().add(record);
    await storeOf().put(later(record, change));
    const leftMs = await admin.pttl(`{own}:record:${record.key}`);
    expect(leftMs).toBeGreaterThan(days * DAY_MS - 60_000);
    expect(leftMs).toBeLessThanOrEqual(days * DAY_MS);
  });

  it('leaves nothing of a record that has run out, nor of one that was deleted', async () => {
    const store = storeOf();
    const old = recordOf({ group: 'ann', updatedAt: Date.now() - 30 * DAY_MS + 50 });
    const deleted = recordOf({ group: 'ann' });
    for (const record of [old, deleted]) await store.add(record);
    await store.put(later(deleted, { state: 'submitted', jobId: 'job-1' }));
    await store.delete(deleted.key);
    await expect.poll(() => store.get(old.key)).toBeUndefined();
    const young = recordOf();
    await store.add(young);
    for await (const _ of store.list({ group: 'ann' })) expect.unreachable('both are gone');
    expect((await admin.keys('*')).sort()).toEqual(
      ['{own}:all', '{own}:ends', `{own}:record:${young.key}`].sort(),
    );
    expect(await admin.zrange('{own}:all', '0', '-1')).toEqual([young.key]);
    expect(await admin.zrange('{own}:ends', '0', '-1')).toEqual([young.key]);
  });

  it('lists what there is where redis may only be read, too, what has run out left on the list', async () => {
    const store = storeOf();
    const [young, old] = [recordOf({ group: 'ann' }), recordOf({ group: 'ann' })];
    for (const record of [young, old]) await store.add(record);
    await admin.del(`{own}:record:${old.key}`);
    await admin.call('REPLICAOF', '127.0.0.1', '1');
    try {
      const listed: unknown[] = [];
      for await (const record of store.list({ group: 'ann' })) listed.push(record);
      expect(listed).toEqual([young]);
    } finally {
      await admin.call('REPLICAOF', 'NO', 'ONE');
    }
  });

  it('has all its keys in one slot of a cluster', async () => {
    const store = storeOf();
    const record = recordOf({ group: 'ann' });
    await store.add(record);
    await store.put(later(record, { state: 'submitted', jobId: 'job-1' }));
    await store.lease(record.key, 'holder', 10_000);
    const keys = await admin.keys('*');
    expect(keys).toHaveLength(6);
    const slots = await Promise.all(
      keys.map((key) => admin.cluster('KEYSLOT', key).catch(() => key.split('}')[0])),
    );
    expect(new Set(slots).size).toBe(1);
  });

  it('gives a record that cannot be read as its key alone, and writes nothing over it', async () => {
    const store = storeOf();
    const record = recordOf();
    await store.add(record);
    for (const text of ['{', 'null', JSON.stringify({ ...record, version: 2 })]) {
      await admin.set(`{own}:record:${record.key}`, text);
      const before = await store.get(record.key);
      expect(before).not.toEqual(record);
      expect(await store.add(recordOf({ key: record.key }))).toEqual(before);
      await store.put(later(record, { state: 'refused' }));
      expect(await admin.get(`{own}:record:${record.key}`)).toBe(text);
    }
    await store.delete(record.key);
    expect(await store.get(record.key)).toBeUndefined();
  });

  it('lists thousands of one moment, and the oldest first', async () => {
    const store = storeOf();
    const now = Date.now();
    const records = Array.from({ length: 1_050 }, (_, i) =>
      recordOf({ key: `key-${i}`, createdAt: i < 1_000 ? now : now - i }),
    );
    await Promise.all(records.map((record) => store.add(record)));
    const found: string[] = [];
    for await (const record of store.list()) found.push((record as JobRecord).key);
    expect(found.slice(0, 2)).toEqual(['key-1049', 'key-1048']);
    expect(new Set(found).size).toBe(1_050);
    expect(found).toHaveLength(1_050);
  });

  it('finds no record by an id that was of a key used again', async () => {
    const store = storeOf();
    const record = recordOf();
    await store.add(record);
    await store.put(later(record, { state: 'submitted', jobId: 'job-1' }));
    await admin.del(`{own}:record:${record.key}`);
    await store.add(recordOf({ key: record.key }));
    expect(await store.find('job-1')).toBeUndefined();
  });

  it('refuses a prefix with braces, and what is no client', () => {
    for (const prefix of ['', '{a}', 'a}']) expect(() => storeOf(prefix)).toThrow(ConfigurationError);
    expect(() => new RedisJobStore({} as typeof admin, 'a')).toThrow(/client of ioredis or of redis/);
  });
});
