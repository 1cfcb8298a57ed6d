/**
 * One process of several that share a store. Started by stores.test.ts, which says what it does: `race` adds the
 * keys that come by stdin, some in each line, and tells whose each is; `work` brings records on their way, telling what has been
 * written as soon as it is, until it is killed.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { recordOf } from '../../src/jobs/contract/check.js';
import type { JobRecord } from '../../src/jobs/record.js';
import type { JobStore } from '../../src/jobs/store.js';
import { FileJobStore } from '../../src/jobs/stores/file.js';
import { RedisJobStore } from '../../src/jobs/stores/redis.js';

const [, , kind, place = '', role, name = ''] = process.argv;

const store: JobStore =
  kind === 'file'
    ? new FileJobStore(place)
    : new RedisJobStore(new Redis({ port: Number(place), host: '127.0.0.1' }), 'processes');

/** Written at once: what is in a buffer dies with the process. */
const tell = (fact: object) => void writeSync(1, `${JSON.stringify(fact)}\n`);

async function race(): Promise<void> {
  tell({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    for (const key of JSON.parse(line) as readonly string[]) {
      const record = recordOf({ key });
      const { idempotencyKey } = (await store.add(record)) as JobRecord;
      tell({ key, idempotencyKey, isMine: idempotencyKey === record.idempotencyKey });
    }
  }
  process.exit(0);
}

async function work(): Promise<void> {
  for (let i = 0; ; i++) {
    const shared = await store.add(
      recordOf({ key: `${name}-shared-${i}`, metadata: { text: 'x'.repeat(3_000) } }),
    );
    const record = shared as JobRecord;
    const { key, idempotencyKey } = record;
    tell({ key, idempotencyKey, state: 'submitting' });
    for (const state of ['submitted', 'completed'] as const) {
      await store.put({ ...record, state, jobId: `job-${i}` });
      tell({ key, idempotencyKey, state });
    }
    const mine = recordOf({ key: `${name}-${process.pid}-${i}` });
    await store.add(mine);
    tell({ key: mine.key, idempotencyKey: mine.idempotencyKey, state: 'submitting' });
    if (i % 2 === 1) continue;
    tell({ key: mine.key, state: 'deleting' });
    await store.delete(mine.key);
    tell({ key: mine.key, state: 'deleted' });
  }
}

await (role === 'race' ? race() : work());
