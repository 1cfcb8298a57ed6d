import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JobBus, SharedSnapshot } from '../../../src/jobs/bus.js';
import { memoryBus } from '../../../src/jobs/buses/memory.js';
import { redisBus } from '../../../src/jobs/buses/redis.js';
import { type RedisServer, startRedis } from '../../support/redis.js';
import { errorOf } from '../../support/rejection.js';

let redis: RedisServer;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  redis = await startRedis();
}, 120_000);
afterAll(() => redis.stop());
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function overIORedis(): Redis {
  const client = new Redis({ port: redis.port, host: '127.0.0.1', retryStrategy: () => 20 });
  client.on('error', () => {});
  closing.push(() => client.disconnect());
  return client;
}

async function overNodeRedis() {
  const client = createClient({ url: `redis://127.0.0.1:${redis.port}`, socket: { reconnectStrategy: 20 } });
  client.on('error', () => {});
  closing.push(() => client.destroy());
  await client.connect();
  return client;
}

let runs = 0;
/** Members of one bus: each as in a process of its own. */
const BUSES: readonly [string, () => Promise<() => Promise<JobBus>>][] = [
  [
    'in memory',
    async () => {
      const bus = memoryBus();
      return async () => bus;
    },
  ],
  [
    'over ioredis',
    async () => {
      const prefix = `t${++runs}:`;
      return async () => closed(redisBus(overIORedis(), { prefix }));
    },
  ],
  [
    'over node-redis',
    async () => {
      const prefix = `t${++runs}:`;
      return async () => closed(redisBus(await overNodeRedis(), { prefix }));
    },
  ],
];

function closed(bus: JobBus): JobBus {
  closing.push(() => bus.close());
  return bus;
}

const at = Date.now();
const shared = (change: Partial<SharedSnapshot> = {}): SharedSnapshot => ({
  ...{ id: 'server job-1', status: 'processing', progress: 10, at },
  ...change,
});

/** What a watcher was told, as `status progress`. */
function watch(bus: JobBus, id = 'server job-1') {
  const told: string[] = [];
  const stop = bus.watch(id, ({ status, progress }) => void told.push(`${status} ${progress}`));
  return { told, stop };
}

describe.each(BUSES)('a bus %s', (_, make) => {
  it('tells who watches a job what another member publishes of it, and of no other', async () => {
    const join = await make();
    const [a, b] = [await join(), await join()];
    const { told } = watch(a);
    const other = watch(a, 'server job-2');
    await b.publish(shared());
    await b.publish(shared({ status: 'completed', progress: 100 }));
    await expect.poll(() => told.at(-1)).toBe('completed 100');
    expect(other.told).toEqual([]);
  });

  it('tells a new watcher what is kept, at once', async () => {
    const join = await make();
    await (await join()).publish(shared({ status: 'failed', progress: 40, error: 'out of paper' }));
    const seen: SharedSnapshot[] = [];
    (await join()).watch('server job-1', (snapshot) => void seen.push(snapshot));
    await expect.poll(() => seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ status: 'failed', progress: 40, error: 'out of paper', at });
  });

  it('keeps the furthest, and tells nobody what is no further', async () => {
    const join = await make();
    const [a, b] = [await join(), await join()];
    const { told } = watch(a);
    await b.publish(shared({ progress: 50 }));
    await b.publish(shared({ progress: 50 }));
    await b.publish(shared({ progress: 20 }));
    await b.publish(shared({ status: 'queued', progress: 60 }));
    await b.publish(shared({ progress: 51 }));
    await expect.poll(() => told.at(-1)).toBe('processing 51');
    const late = watch(b);
    await expect.poll(() => late.told).toEqual(['processing 51']);
    // Who begins to listen after the first is told the last alone.
    expect([['processing 50', 'processing 51'], ['processing 51']]).toContainEqual(told);
  });

  it('tells nothing more after the watch was ended, also twice', async () => {
    const join = await make();
    const [a, b] = [await join(), await join()];
    const ended = watch(a);
    const goesOn = watch(a);
    ended.stop();
    ended.stop();
    await b.publish(shared());
    await expect.poll(() => goesOn.told).toEqual(['processing 10']);
    expect(ended.told).toEqual([]);
  });

  it('goes on where a listener throws', async () => {
    const bus = await (await make())();
    bus.watch('server job-1', () => {
      throw new Error('a listener of the caller');
    });
    const { told } = watch(bus);
    await bus.publish(shared());
    await expect.poll(() => told).toEqual(['processing 10']);
  });

  it('lets one of many claim a job for a while, and another after that', async () => {
    const join = await make();
    const members = await Promise.all(Array.from({ length: 5 }, join));
    const claims = await Promise.all(members.map((member) => member.claim('server job-1', 60_000)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    // What counts is how long the asker wants it to be.
    await expect.poll(() => members[0]?.claim('server job-1', 20), { interval: 30 }).toBe(true);
    expect(await members[1]?.claim('server job-1', 60_000)).toBe(false);
    expect(await members[1]?.claim('server job-2', 60_000)).toBe(true);
  });

  it('lets another claim at once what was given back', async () => {
    const join = await make();
    const [a, b] = [await join(), await join()];
    expect(await a.claim('server job-1', 60_000)).toBe(true);
    a.unclaim?.('server job-1');
    await expect.poll(() => b.claim('server job-1', 60_000)).toBe(true);
  });

  it('says, once closed, that it is', async () => {
    const bus = await (await make())();
    await bus.close();
    expect(await errorOf(bus.publish(shared()))).toMatchObject({ code: 'closed' });
    expect(watch(bus).told).toEqual([]);
  });
});

describe.each(BUSES.slice(1))('a bus %s', (_, make) => {
  it('loses no end where connections that listen are killed at any moment', async () => {
    const join = await make();
    const [a, b] = [await join(), await join()];
    const admin = overIORedis();
    const ends = new Map<string, string>();
    for (let job = 0; job < 200; job++) {
      a.watch(`server ${job}`, ({ id, status }) => void ends.set(id, status));
    }
    const warm = watch(a, 'warm');
    await b.publish(shared({ id: 'warm' }));
    await expect.poll(() => warm.told).toHaveLength(1);
    for (let job = 0; job < 200; job++) {
      const killed = admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await Promise.all([
        killed,
        b.publish(shared({ id: `server ${job}`, status: 'completed', progress: 100 })),
      ]);
    }
    await expect.poll(() => ends.size).toBe(200);
    expect(new Set(ends.values())).toEqual(new Set(['completed']));
  });

  it('forgets, as redis does when it is started again, and tells what comes then', async () => {
    const join = await make();
    const [a, b] = [await join(), await join()];
    const { told } = watch(a);
    await b.publish(shared({ progress: 50 }));
    await expect.poll(() => told).toEqual(['processing 50']);
    await redis.restart();
    await expect
      .poll(async () => {
        await b.publish(shared({ status: 'completed', progress: 100 })).catch(() => {});
        return told.at(-1);
      })
      .toBe('completed 100');
  });

  it('whose redis does not answer rejects what is to be published within 2 s, and lets everybody claim', async () => {
    const join = await make();
    const bus = await join();
    await bus.publish(shared());
    redis.signal('SIGSTOP');
    try {
      const since = performance.now();
      const { code, hint, message } = await errorOf(bus.publish(shared({ progress: 20 })));
      expect([code, message]).toEqual([
        'bus',
        'the bus could not be reached: redis did not answer within 2000 ms',
      ]);
      expect(hint).toContain('500');
      expect(performance.now() - since).toBeGreaterThan(1_900);
      expect(await bus.claim('server job-1', 60_000)).toBe(true);
    } finally {
      redis.signal('SIGCONT');
    }
  });

  it('takes from redis nothing that is no snapshot', async () => {
    const prefix = `forged${++runs}:`;
    const bus = closed(redisBus(overIORedis(), { prefix }));
    const admin = overIORedis();
    const { told } = watch(bus);
    await expect
      .poll(async () => (await admin.call('PUBSUB', 'NUMSUB', `${prefix}news`)) as unknown[])
      .toEqual([`${prefix}news`, 1]);
    for (const forged of ['', '{', 'null', '[]', '{"id":"server job-1"}', '{"id":1,"status":"completed"}']) {
      await admin.publish(`${prefix}news`, forged);
    }
    await admin.publish(`${prefix}news`, JSON.stringify(shared({ message: 7 as never })));
    await expect.poll(() => told).toEqual(['processing 10']);
  });

  it('tells of an end though another has told of what is further than that', async () => {
    const prefix = `far${++runs}:`;
    const bus = closed(redisBus(overIORedis(), { prefix }));
    const admin = overIORedis();
    const { told } = watch(bus);
    const channel = `${prefix}news`;
    await expect.poll(async () => admin.call('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 1]);
    await admin.publish(channel, '{"id":"server job-1","status":"processing","progress":1e999,"at":0}');
    await admin.publish(channel, JSON.stringify(shared({ status: 'completed', progress: 100 })));
    await expect.poll(() => told).toEqual(['completed 100']);
  });

  it('hears by a client that was made with lazyConnect, too', async () => {
    const prefix = `lazy${++runs}:`;
    const lazy = new Redis({ port: redis.port, host: '127.0.0.1', lazyConnect: true });
    closing.push(() => lazy.disconnect());
    const { told } = watch(closed(redisBus(lazy, { prefix })));
    const channel = `${prefix}news`;
    const admin = overIORedis();
    await expect.poll(async () => admin.call('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 1]);
    await closed(redisBus(overIORedis(), { prefix })).publish(shared());
    await expect.poll(() => told).toEqual(['processing 10']);
  });

  it('refuses what is no client of redis, and is rejected by one that throws, no later', async () => {
    for (const none of [{}, undefined, { eval() {} }])
      expect(() => redisBus(none as never)).toThrow('client must be a client of ioredis or of redis');
    const rejected: unknown[] = [];
    const onRejection = (reason: unknown) => rejected.push(reason);
    process.on('unhandledRejection', onRejection);
    closing.push(() => process.off('unhandledRejection', onRejection));
    const fail = () => {
      throw new Error('closed');
    };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    closing.push(() => vi.useRealTimers());
    const { code, message } = await errorOf(redisBus({ eval: fail, duplicate: fail }).publish(shared()));
    expect([code, message]).toEqual(['bus', 'the bus could not be reached: closed']);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(rejected).toEqual([]);
  });

  it('keeps a job no longer than it was told to', async () => {
    const prefix = `brief${++runs}:`;
    const bus = closed(redisBus(overIORedis(), { prefix, ttlMs: 50 }));
    await bus.publish(shared());
    const admin = overIORedis();
    await expect.poll(() => admin.keys(`${prefix}*`)).toEqual([]);
    expect(() => redisBus(overIORedis(), { ttlMs: 0 })).toThrow('ttlMs must be a finite number');
  });
});
