import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { redisStore } from '../../../src/webhooks/stores/redis.js';
import type { WebhookStore } from '../../../src/webhooks/stores/store.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';
import { type RedisServer, startRedis } from '../../support/redis.js';

let redis: RedisServer;
let ioredis: Redis;
let nodeRedis: ReturnType<typeof createClient>;

beforeAll(async () => {
  redis = await startRedis();
  ioredis = new Redis({ port: redis.port, host: '127.0.0.1' });
  nodeRedis = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await nodeRedis.connect();
}, 120_000);

afterAll(async () => {
  ioredis?.disconnect();
  nodeRedis?.destroy();
  await redis?.stop();
});

const tokenOf = async (store: WebhookStore, id: string, leaseMs = 10_000) => {
  const claim = await store.claim(id, leaseMs);
  return claim.status === 'claimed' ? claim.token : claim.status;
};

describe.each([
  ['ioredis', (prefix: string, ttlMs?: number) => redisStore(ioredis, { prefix, ...(ttlMs && { ttlMs }) })],
  [
    'node-redis',
    (prefix: string, ttlMs?: number) => redisStore(nodeRedis, { prefix, ...(ttlMs && { ttlMs }) }),
  ],
])('redisStore over %s', (name, storeOf) => {
  it('gives a delivery to one, until it is released', async () => {
    const store = storeOf(`${name}:1:`);
    const token = await tokenOf(store, 'a');
    expect(await tokenOf(store, 'a')).toBe('busy');
    await store.release('a', 'of somebody else');
    expect(await tokenOf(store, 'a')).toBe('busy');
    await store.release('a', token);
    expect(await tokenOf(store, 'a')).not.toBe('busy');
  });

  it('gives a completed delivery to nobody, for 76 hours', async () => {
    const store = storeOf(`${name}:2:`);
    await store.complete('a', await tokenOf(store, 'a'));
    expect(await tokenOf(store, 'a')).toBe('done');
    const leftMs = await ioredis.pttl(`${name}:2:delivery:a`);
    expect(leftMs).toBeGreaterThan(75.9 * 3_600_000);
    expect(leftMs).toBeLessThanOrEqual(76 * 3_600_000);
  });

  it('gives it to the next one once the lease of the first has run out', async () => {
    const store = storeOf(`${name}:3:`);
    const first = await tokenOf(store, 'a', 30);
    await expect.poll(() => tokenOf(store, 'a', 10_000)).not.toBe('busy');
    await store.complete('a', first); // It wakes up again: the delivery is not its any more.
    await store.release('a', first);
    expect(await tokenOf(store, 'a')).toBe('busy');
  });

  it('remembers work that was done after its lease, where nobody else took it', async () => {
    const store = storeOf(`${name}:8:`);
    const token = await tokenOf(store, 'a', 1);
    await expect.poll(() => ioredis.exists(`${name}:8:delivery:a`)).toBe(0);
    await store.complete('a', token);
    expect(await tokenOf(store, 'a')).toBe('done');
  });

  it('gives one of fifty who ask at the same time', async () => {
    const store = storeOf(`${name}:4:`);
    const answers = await Promise.all(Array.from({ length: 50 }, () => store.claim('a', 10_000)));
    expect(answers.filter(({ status }) => status === 'claimed')).toHaveLength(1);
  });

  it('lets a job only go forward', async () => {
    const store = storeOf(`${name}:5:`);
    expect(await store.position('job')).toBeUndefined();
    for (const position of [1_040.5, 2_000, 1_090]) await store.advance('job', position);
    expect(await store.position('job')).toBe(2_000);
    expect(await ioredis.pttl(`${name}:5:job:job`)).toBeGreaterThan(0);
  });

  it('forgets after the time it is given', async () => {
    const store = storeOf(`${name}:6:`, 30);
    await store.complete('a', await tokenOf(store, 'a'));
    await expect.poll(() => tokenOf(store, 'a')).not.toBe('done');
  });

  it('takes ids with spaces, line breaks and braces as they are', async () => {
    const store = storeOf(`${name}:7:`);
    for (const id of ['a b', 'a\r\nDEL x', '{a}', '']) {
      await store.complete(id, await tokenOf(store, id));
      expect(await tokenOf(store, id)).toBe('done');
    }
  });
});

describe('a handler over redis', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const send = createWebhookFactory({ secret });

  it('acts once on fifty duplicates that reach two receivers at the same time', async () => {
    let calls = 0;
    const options = { secret, onCompleted: () => void calls++ };
    const receivers = [ioredis, nodeRedis].map((client) =>
      createWebhookHandler({ ...options, store: redisStore(client, { prefix: 'two:' }) }),
    );
    const requests = await send.duplicate(await send.completed('job'), 50);
    const answers = await Promise.all(requests.map((request, i) => receivers[i % 2]?.(request)));
    expect(answers.map((answer) => answer?.status)).toEqual(new Array(50).fill(200));
    expect(calls).toBe(1);
  });

  it('tells one end of a job where both come to different receivers at the same time', async () => {
    const told: string[] = [];
    const act = (name: string) => async () => {
      told.push(name);
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const handlers = [ioredis, nodeRedis, ioredis].map((client) =>
      createWebhookHandler({
        secret,
        store: redisStore(client, { prefix: 'ends:' }),
        onCompleted: act('completed'),
        onFailed: act('failed'),
      }),
    );
    for (const job of ['a', 'b', 'c', 'd']) {
      const ends = [
        await send.completed(job),
        await send.failed(job),
        await send.completed(job, { fields: { n: 2 } }),
      ];
      const answers = await Promise.all(ends.map((delivery, i) => handlers[i]?.(delivery)));
      expect(answers.map((answer) => answer?.status)).toEqual([200, 200, 200]);
    }
    expect(told).toHaveLength(4);
    expect(await ioredis.keys('ends:delivery:job*')).toEqual([]);
  });

  it('answers 500 while redis is away, so that the sender repeats it', async () => {
    const client = new Redis({ port: 1, host: '127.0.0.1', lazyConnect: true, maxRetriesPerRequest: 0 });
    client.on('error', () => {});
    const errors: unknown[] = [];
    const handler = createWebhookHandler({
      ...{ secret, store: redisStore(client) },
      onError: (error) => errors.push(error),
    });
    expect((await handler(await send.completed('job'))).status).toBe(500);
    expect(errors).toHaveLength(1);
    client.disconnect();
  });

  it('refuses a time to live that is none', () => {
    for (const ttlMs of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => redisStore(ioredis, { ttlMs })).toThrow(ConfigurationError);
    }
  });
});
