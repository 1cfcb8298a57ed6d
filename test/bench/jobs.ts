import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { recordOf } from '../../src/jobs/contract/check.js';
import { MemoryJobStore } from '../../src/jobs/memory-store.js';
import type { JobStore } from '../../src/jobs/store.js';
import { FileJobStore } from '../../src/jobs/stores/file.js';
import { RedisJobStore } from '../../src/jobs/stores/redis.js';
import { startRedis } from '../support/redis.js';
import { measureMany } from './support/kept-many.js';
import { printTable } from './support/table.js';

export const name = 'jobs';

const ROUNDS = 1_000;
const MOST_MS = 1.5;

/** What records cost a submit, and a thousand of them. */
export async function run(): Promise<void> {
  await measureAdd();
  console.log();
  await measureMany();
}

/** How long `add` takes, in milliseconds, beside a bare write and fsync on the same disk, and a bare PING. */
async function measureAdd(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'reelwire-bench-'));
  const server = await startRedis();
  const ioredis = new Redis({ port: server.port, host: '127.0.0.1' });
  const nodeRedis = createClient({ url: `redis://127.0.0.1:${server.port}` });
  await nodeRedis.connect();
  const metadata = { order: 7, note: 'x'.repeat(200) };
  const adding = (store: JobStore) => (i: number) => store.add(recordOf({ key: `order-${i}`, metadata }));
  try {
    const contenders: readonly (readonly [string, (i: number) => Promise<unknown>, boolean])[] = [
      ['bare write + fsync', (i) => writeAndSync(join(folder, `bare-${i}`)), false],
      ['file', adding(new FileJobStore(join(folder, 'jobs'))), true],
      ['bare PING, ioredis', () => ioredis.ping(), false],
      ['redis, ioredis', adding(new RedisJobStore(ioredis, 'a')), true],
      ['bare PING, node-redis', () => nodeRedis.ping(), false],
      ['redis, node-redis', adding(new RedisJobStore(nodeRedis, 'b')), true],
      ['memory', adding(new MemoryJobStore()), false],
    ];
    const times = contenders.map((): number[] => []);
    // In turns, so that whatever else this machine does meets all of them alike.
    for (let i = 0; i < ROUNDS; i++) {
      for (const [index, [, act]] of contenders.entries()) {
        const start = performance.now();
        await act(i);
        times[index]?.push(performance.now() - start);
      }
    }
    printTable(
      ['add, ms', 'p50', 'p99', 'most p50'],
      contenders.map(([contender, , hasLimit], index) => {
        const sorted = times[index]?.sort((a, b) => a - b) ?? [];
        const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(3);
        return [contender, at(0.5), at(0.99), hasLimit ? MOST_MS : ''];
      }),
    );
  } finally {
    ioredis.disconnect();
    nodeRedis.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeAndSync(path: string): Promise<void> {
  const file = await open(path, 'wx');
  await file.writeFile('x'.repeat(700));
  await file.sync();
  await file.close();
}
