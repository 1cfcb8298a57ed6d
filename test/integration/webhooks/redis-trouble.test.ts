import { connect, createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWebhookHandler, type WebhookHandler } from '../../../src/webhooks/handler.js';
import type { WebhookHandlerOptions } from '../../../src/webhooks/handler-options.js';
import { type IORedisClient, type NodeRedisClient, redisStore } from '../../../src/webhooks/stores/redis.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';
import { type RedisServer, startRedis } from '../../support/redis.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const send = createWebhookFactory({ secret });
const closing: (() => unknown)[] = [];
let redis: RedisServer;
let admin: Redis;

beforeEach(async () => {
  redis = await startRedis();
  admin = await overIORedis(redis.port);
}, 120_000);

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await redis.stop();
});

async function overIORedis(port: number): Promise<Redis> {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20 });
  client.on('error', () => {});
  closing.push(() => client.disconnect());
  return client;
}

async function overNodeRedis(port: number): Promise<NodeRedisClient> {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 20 } });
  client.on('error', () => {});
  closing.push(() => client.destroy());
  await client.connect();
  return client;
}

const CLIENTS: readonly [string, (port: number) => Promise<IORedisClient | NodeRedisClient>][] = [
  ['ioredis', overIORedis],
  ['node-redis', overNodeRedis],
];

function receiver(client: IORedisClient | NodeRedisClient, options: WebhookHandlerOptions = {}) {
  const acted: string[] = [];
  const errors: string[] = [];
  const handler = createWebhookHandler({
    secret,
    store: redisStore(client),
    ackWithinMs: 400,
    onCompleted: ({ jobId }) => void acted.push(jobId),
    onError: (error) => errors.push(String(error)),
    logger: 'silent',
    ...options,
  });
  return { acted, errors, handler };
}

const statusOf = async (handler: WebhookHandler, delivery: Request) =>
  (await handler(delivery.clone() as Request)).status;

/** As the sender does, until it hears 200. */
async function untilReceived(handler: WebhookHandler, delivery: Request): Promise<void> {
  await expect.poll(() => statusOf(handler, delivery), { timeout: 10_000, interval: 30 }).toBe(200);
}

describe.each(CLIENTS)('a receiver whose redis, over %s,', (name, connectTo) => {
  it('is stopped answers 503 in time, tells why, and acts once when it goes on', async () => {
    const { acted, errors, handler } = receiver(await connectTo(redis.port));
    await untilReceived(handler, await send.completed('before'));
    redis.signal('SIGSTOP');
    const delivery = await send.completed('a');
    expect([await statusOf(handler, delivery), await statusOf(handler, delivery)]).toEqual([503, 503]);
    expect(errors).toEqual(new Array(2).fill('Error: the webhook store did not answer in time'));
    redis.signal('SIGCONT');
    await untilReceived(handler, delivery);
    expect(await statusOf(handler, delivery)).toBe(200);
    expect(acted).toEqual(['before', 'a']);
  });

  it('is slow waits for it, and acts once', async () => {
    const { acted, handler } = receiver(await connectTo(redis.port), { ackWithinMs: 5_000 });
    await handler(await send.completed('before'));
    await admin.call('CLIENT', 'PAUSE', '300');
    const delivery = await send.completed('a');
    const statuses = [statusOf(handler, delivery), statusOf(handler, delivery)];
    expect(await Promise.all(statuses)).toEqual([200, 200]);
    expect(acted).toEqual(['before', 'a']);
  });

  it('is killed and started again loses no delivery', async () => {
    const { acted, handler } = receiver(await connectTo(redis.port));
    await handler(await send.completed('before'));
    await redis.restart();
    await untilReceived(handler, await send.completed('a'));
    expect(acted).toEqual(['before', 'a']);
  });

  it('is killed while a function runs does not have it called again by the sender', async () => {
    const client = await connectTo(redis.port);
    const killing = receiver(client, { ackWithinMs: 10_000, onFailed: () => redis.restart() });
    const delivery = await send.failed('a');
    expect(await statusOf(killing.handler, delivery)).toBe(200);
    const later = receiver(client, { onFailed: () => later.acted.push('again') });
    await untilReceived(later.handler, delivery);
    expect(later.acted).toEqual([]);
  });

  it('is full answers 500, says so, and acts once when there is room', async () => {
    const { acted, errors, handler } = receiver(await connectTo(redis.port));
    const delivery = await send.completed('a');
    await admin.config('SET', 'maxmemory', '1');
    expect(await statusOf(handler, delivery)).toBe(500);
    expect(errors).toEqual([expect.stringContaining('OOM')]);
    await admin.config('SET', 'maxmemory', '0');
    await untilReceived(handler, delivery);
    expect([acted, await statusOf(handler, delivery)]).toEqual([['a'], 200]);
  });

  it('is full by the time that the function has ended answers 200: it was acted on', async () => {
    const { acted, errors, handler } = receiver(await connectTo(redis.port), {
      async onCompleted({ jobId }) {
        acted.push(jobId);
        await admin.config('SET', 'maxmemory', '1');
      },
    });
    const delivery = await send.completed('a');
    expect(await statusOf(handler, delivery)).toBe(200);
    expect(errors).toEqual([expect.stringContaining('OOM')]);
    // Not before the lease is over does anybody else get it.
    await admin.config('SET', 'maxmemory', '0');
    expect([await statusOf(handler, delivery), acted]).toEqual([503, ['a']]);
  });

  it('is emptied while a function runs remembers what was done', async () => {
    const { acted, handler } = receiver(await connectTo(redis.port), {
      async onCompleted({ jobId }) {
        acted.push(jobId);
        await admin.flushall();
      },
    });
    const delivery = await send.completed('a');
    expect([await statusOf(handler, delivery), await statusOf(handler, delivery)]).toEqual([200, 200]);
    expect(acted).toEqual(['a']);
  });

  it('is a replica answers 500, says so, and acts once when it is none any more', async () => {
    const replica = await startRedis({ replicaof: `127.0.0.1 ${redis.port}` });
    closing.push(() => replica.stop());
    const { acted, errors, handler } = receiver(await connectTo(replica.port));
    const delivery = await send.completed('a');
    expect(await statusOf(handler, delivery)).toBe(500);
    expect(errors).toEqual([expect.stringMatching(/READONLY|read only/i)]);
    const command = await overIORedis(replica.port);
    await command.call('REPLICAOF', 'NO', 'ONE');
    await untilReceived(handler, delivery);
    expect(acted).toEqual(['a']);
  });

  it('wants another password answers 500, and says so', async () => {
    const client = await connectTo(redis.port);
    await admin.config('SET', 'requirepass', 'another');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const { acted, errors, handler } = receiver(client, { ackWithinMs: 1_000 });
    await expect.poll(async () => statusOf(handler, await send.completed('a')), { timeout: 5_000 }).toBe(500);
    expect(errors.at(-1)).toMatch(/NOAUTH|closed|auth/i);
    expect(acted).toEqual([]);
  });

  it('took a claim, but whose answer was lost with the connection, is asked again before the lease is over', async () => {
    const line = await lossyLine(redis.port);
    const { acted, handler } = receiver(await connectTo(line.port), { ackWithinMs: 2_000 });
    await handler(await send.completed('before'));
    line.loseNextAnswer();
    const delivery = await send.completed('a');
    const first = await statusOf(handler, delivery);
    expect([name, first]).toEqual([name, name === 'ioredis' ? 200 : 500]);
    await untilReceived(handler, delivery);
    expect(acted).toEqual(['before', 'a']);
  });
});

/** Passes everything on, and breaks the connection in place of the answer it is told to lose. */
async function lossyLine(port: number) {
  let lose = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.on('close', () => upstream.destroy()).pipe(upstream);
    upstream.on('close', () => client.destroy());
    upstream.on('data', (answer) => {
      if (lose) client.destroy();
      else client.write(answer);
      lose = false;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as { readonly port: number }).port,
    loseNextAnswer() {
      lose = true;
    },
  };
}
