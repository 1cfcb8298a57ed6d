import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { redisStore } from '../../src/webhooks/stores/redis.js';
import type { WebhookStore } from '../../src/webhooks/stores/store.js';
import { startRedis } from '../support/redis.js';
import { runProgram } from './support/children.js';
import { printTable } from './support/table.js';

export const name = 'webhooks';

/** Microseconds of each round, by contender, by size of the body in bytes. */
type Times = Readonly<Record<'500' | '50000', Readonly<Record<string, readonly number[]>>>>;

const LEAST: Readonly<Record<string, string>> = {
  verifyWebhookSignature: '0.60 / 0.90',
  unwrapWebhook: '0.45 / 0.55',
};

/** Checking deliveries, as ratios to bare `createHmac` + `timingSafeEqual`, and claims of a store in redis. */
export async function run(): Promise<void> {
  const times = (await runProgram('webhooks.mjs')) as Times;
  // The quickest round: whatever else this machine does only ever adds to one.
  const micros = (size: '500' | '50000', contender: string) => Math.min(...(times[size][contender] ?? []));
  const ratio = (size: '500' | '50000', contender: string) =>
    (micros(size, 'bare') / micros(size, contender)).toFixed(2);
  printTable(
    ['ratio to bare', '500 B', '50 kB', 'µs 500 B', 'µs 50 kB', 'least'],
    Object.keys(times['500']).map((contender) => [
      contender,
      ...[ratio('500', contender), ratio('50000', contender)],
      ...[micros('500', contender).toFixed(1), micros('50000', contender).toFixed(1)],
      LEAST[contender] ?? '',
    ]),
  );
  console.log();
  await runRedis();
}

const CLAIMS = 20_000;
const AT_ONCE = 64;

async function runRedis(): Promise<void> {
  const server = await startRedis();
  const ioredis = new Redis({ port: server.port, host: '127.0.0.1' });
  const nodeRedis = createClient({ url: `redis://127.0.0.1:${server.port}` });
  await nodeRedis.connect();
  try {
    const rows = [];
    for (const [client, store] of [
      ['ioredis', redisStore(ioredis, { prefix: 'a:' })],
      ['node-redis', redisStore(nodeRedis, { prefix: 'b:' })],
    ] as const) {
      const atOnce = await claimsPerSecond(store, AT_ONCE, 'many:');
      const oneByOne = await claimsPerSecond(store, 1, 'one:');
      rows.push([client, Math.round(atOnce), Math.round(oneByOne), 5_000]);
    }
    printTable(['claims a second, redis on loopback', `${AT_ONCE} at once`, 'one by one', 'least'], rows);
  } finally {
    ioredis.disconnect();
    nodeRedis.destroy();
    await server.stop();
  }
}

async function claimsPerSecond(store: WebhookStore, atOnce: number, prefix: string): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < CLAIMS) await store.claim(`${prefix}${next++}`, 60_000);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  return CLAIMS / ((performance.now() - start) / 1_000);
}
