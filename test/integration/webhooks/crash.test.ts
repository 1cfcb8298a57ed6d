import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';
import { type RedisServer, startRedis } from '../../support/redis.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const script = fileURLToPath(new URL('receiver-process.ts', import.meta.url));
const children: ChildProcess[] = [];
let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis({ port: server.port, host: '127.0.0.1' });
}, 120_000);
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await redis.flushall();
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

async function startReceiver(name: string, workMs: number): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', script, String(server.port), name, String(workMs)],
    {
      env: { ...process.env, WEBHOOK_SECRET: secret },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  if (child.stdout === null) throw new Error('no stdout');
  const [port] = await once(child.stdout, 'data');
  return { url: `http://127.0.0.1:${String(port).trim()}/`, child };
}

it('a receiver killed in the middle loses nothing: the other one gets the retry, and nobody acts twice', async () => {
  const [first, second] = await Promise.all([startReceiver('first', 60_000), startReceiver('second', 10)]);
  const send = createWebhookFactory({ secret });
  const delivery = await send.completed('job');
  const deliver = async (url: string) => {
    const [copy] = await send.duplicate(delivery, 1);
    if (copy === undefined) throw new Error('one was asked for');
    return (await fetch(url, { method: 'POST', headers: copy.headers, body: await copy.arrayBuffer() }))
      .status;
  };

  const lost = deliver(first.url).catch(() => 'no answer');
  await expect.poll(() => redis.lrange('started', 0, -1)).toEqual(['first job']);
  first.child.kill('SIGKILL');
  expect(await lost).toBe('no answer');
  // Nobody knows yet that the first is dead: who comes meanwhile is asked to come again.
  expect(await deliver(second.url)).toBe(503);

  // The sender repeats until it hears 200, which is when the lease of the dead one is over.
  await expect.poll(() => deliver(second.url), { timeout: 10_000, interval: 50 }).toBe(200);
  await expect.poll(() => redis.lrange('finished', 0, -1)).toEqual(['second job']);
  const again = await startReceiver('first again', 10);
  expect(await Promise.all([deliver(again.url), deliver(second.url)])).toEqual([200, 200]);
  expect(await redis.lrange('started', 0, -1)).toEqual(['first job', 'second job']);
}, 30_000);

it('two receivers act once on duplicates that come to both at the same time', async () => {
  const receivers = await Promise.all([startReceiver('first', 20), startReceiver('second', 20)]);
  const send = createWebhookFactory({ secret });
  const copies = await send.duplicate(await send.completed('job'), 50);
  const statuses = await Promise.all(
    copies.map(async (copy, i) => {
      const url = receivers[i % 2]?.url ?? '';
      return (await fetch(url, { method: 'POST', headers: copy.headers, body: await copy.arrayBuffer() }))
        .status;
    }),
  );
  expect(statuses).toEqual(new Array(50).fill(200));
  expect(await redis.llen('finished')).toBe(1);
}, 30_000);

it('three receivers tell one end of a job, of which each gets another delivery at the same time', async () => {
  const receivers = await Promise.all(['first', 'second', 'third'].map((name) => startReceiver(name, 30)));
  const send = createWebhookFactory({ secret });
  const statuses = await Promise.all(
    receivers.map(async ({ url }, n) => {
      const delivery = await send.completed('job', { fields: { n } });
      const { headers } = delivery;
      return (await fetch(url, { method: 'POST', headers, body: await delivery.arrayBuffer() })).status;
    }),
  );
  expect(statuses).toEqual([200, 200, 200]);
  expect(await redis.llen('started')).toBe(1);
}, 30_000);
