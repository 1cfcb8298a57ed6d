import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobStoreError } from '../../../src/errors.js';
import { later, recordOf } from '../../../src/jobs/contract/check.js';
import { RedisJobStore, redisJobs } from '../../../src/jobs/stores/redis.js';
import type { IORedisJobsClient, NodeRedisJobsClient } from '../../../src/jobs/stores/redis-eval.js';
import { type RedisServer, startRedis } from '../../support/redis.js';

const closing: (() => unknown)[] = [];
let redis: RedisServer;

beforeEach(async () => {
  redis = await startRedis();
}, 120_000);

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await redis.stop();
});

async function overIORedis(port: number): Promise<IORedisJobsClient> {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20 });
  client.on('error', () => {});
  closing.push(() => client.disconnect());
  return client;
}

async function overNodeRedis(port: number): Promise<NodeRedisJobsClient> {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 20 } });
  client.on('error', () => {});
  closing.push(() => client.destroy());
  await client.connect();
  return client;
}

const CLIENTS: readonly [string, (port: number) => Promise<IORedisJobsClient | NodeRedisJobsClient>][] = [
  ['ioredis', overIORedis],
  ['node-redis', overNodeRedis],
];

describe.each(CLIENTS)('a store in redis over %s', (_, connectTo) => {
  it('that is stopped has failed after 5 s, and a record that it takes later is taken back', async () => {
    const client = await connectTo(redis.port);
    const store = new RedisJobStore(client, 'own');
    const kept = recordOf();
    await store.add(kept);
    redis.signal('SIGSTOP');
    const record = recordOf();
    const start = performance.now();
    const failed = expect.objectContaining({ message: 'redis did not answer within 5000 ms' });
    const calls = [store.add(record), store.put(later(kept, { state: 'submitted', jobId: 'job-1' }))];
    expect(await Promise.allSettled(calls)).toEqual(
      calls.map(() => ({ status: 'rejected', reason: failed })),
    );
    expect(performance.now() - start).toBeLessThan(8_000);
    redis.signal('SIGCONT');
    // One connection, one line of commands: what is asked now is answered after what was asked before.
    expect(await store.get(record.key)).toBeUndefined();
    expect(await store.get(kept.key)).toEqual(kept);
    expect(await store.add(record)).toEqual(record);
  });

  it('that is killed and started again is used again, without what it had not kept itself', async () => {
    const store = new RedisJobStore(await connectTo(redis.port), 'own');
    const record = recordOf();
    await store.add(record);
    await redis.restart();
    const again = recordOf({ key: record.key });
    await expect.poll(() => store.add(again).catch(() => undefined), { timeout: 15_000 }).toEqual(again);
  });

  it('whose scripts are not allowed tells so in the words of redis', async () => {
    const admin = new Redis({ port: redis.port, host: '127.0.0.1' });
    closing.push(() => admin.disconnect());
    const client = await connectTo(redis.port);
    await admin.call('ACL', 'SETUSER', 'default', '-eval');
    const error = await redisJobs(client)
      .get('order-7')
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(JobStoreError);
    expect(String(error)).toMatch(/could not read the record of key "order-7": NOPERM/);
  });
});

it('keeps a record through commands that ioredis sends twice because a connection broke', async () => {
  const client = new Redis({ port: redis.port, host: '127.0.0.1', retryStrategy: () => 20 });
  const admin = new Redis({ port: redis.port, host: '127.0.0.1', retryStrategy: () => 20 });
  for (const one of [client, admin]) {
    one.on('error', () => {});
    closing.push(() => one.disconnect());
  }
  const store = new RedisJobStore(client, 'own');
  for (let round = 0; round < 30; round++) {
    const records = Array.from({ length: 20 }, () => recordOf());
    const adds = records.map((record) => store.add(record));
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    // Each is told of its own, whether it was written by the first command or by the second.
    expect(await Promise.all(adds)).toEqual(records);
  }
});

it('takes back no record of a later try, whichever connection of a pool comes last', async () => {
  const client = await overNodeRedis(redis.port);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const answers: Promise<unknown>[] = [];
  const pool: NodeRedisJobsClient = {
    eval(script, options) {
      const nth = answers.length;
      const answer = (async () => {
        if (nth === 1) await held;
        const told = await client.eval(script, options);
        if (nth === 0) throw new Error('reply lost');
        return told;
      })();
      answers.push(answer);
      return answer;
    },
  };
  const store = new RedisJobStore(pool, 'own');
  const record = recordOf();
  await expect(store.add(record)).rejects.toThrow('reply lost');
  expect(await store.add(record)).toEqual(record);
  release();
  await answers[1];
  expect(await store.get(record.key)).toEqual(record);
});
