import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOf } from '../../src/jobs/contract/check.js';
import { RANKS, readRecord } from '../../src/jobs/read-record.js';
import type { JobRecord, JobRecordState } from '../../src/jobs/record.js';
import type { JobStore } from '../../src/jobs/store.js';
import { FileJobStore } from '../../src/jobs/stores/file.js';
import { RedisJobStore } from '../../src/jobs/stores/redis.js';
import { buildProgram } from '../support/build-program.js';
import { type RedisServer, startRedis } from '../support/redis.js';

/** By hand: JOB_STORE_KILLS=1000. */
const KILLS = Number(process.env.JOB_STORE_KILLS ?? 60);
const RACES = 300;
const AT_ONCE = 10;

let folder: string;
let program: string;
let redis: RedisServer;
let admin: Redis;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelwire-processes-'));
  redis = await startRedis();
  admin = new Redis({ port: redis.port, host: '127.0.0.1' });
  program = buildProgram(new URL('store-process.ts', import.meta.url), folder);
}, 120_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  admin?.disconnect();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Fact {
  readonly key: string;
  readonly state: JobRecordState | 'deleting' | 'deleted';
  readonly idempotencyKey: string;
  readonly isMine: boolean;
}

/** What a process has told so far; `told` is called with each line. */
function start(kind: string, role: string, name: string, told: (facts: readonly Fact[]) => void = () => {}) {
  const place = kind === 'file' ? join(folder, 'jobs') : String(redis.port);
  const child = spawn(process.execPath, [program, kind, place, role, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  const facts: Fact[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    // A line that breaks off is of something that was not told.
    rest = lines.pop() ?? '';
    for (const line of lines) {
      facts.push(JSON.parse(line) as Fact);
      told(facts);
    }
  });
  const ended = once(child, 'close').then(() => children.delete(child));
  return { child, facts, ended };
}

const STORES: readonly [string, () => JobStore][] = [
  ['file', () => new FileJobStore(join(folder, 'jobs'))],
  ['redis', () => new RedisJobStore(admin, 'processes')],
];

describe.each(STORES)('two processes over a store of %s', (kind, storeOf) => {
  it(`that add the same key, ${RACES} times, get one record`, async () => {
    const racers = ['a', 'b'].map((name) => start(kind, 'race', name));
    const heard = (count: number) =>
      expect.poll(() => racers.map(({ facts }) => facts.length), { interval: 1 }).toEqual([count, count]);
    await heard(1);
    for (let round = 0; round < RACES / AT_ONCE; round++) {
      const keys = Array.from({ length: AT_ONCE }, (_, i) => `race-${round}-${i}`);
      // From both ends, and each is told first at times: they meet at some key in between.
      const lines = [keys, keys.toReversed()].map((order) => `${JSON.stringify(order)}\n`);
      for (const one of [round % 2, 1 - (round % 2)]) racers[one]?.child.stdin.write(lines[one]);
      await heard(1 + AT_ONCE * (round + 1));
    }
    for (const { child } of racers) child.stdin.end();
    await Promise.all(racers.map(({ ended }) => ended));
    const [first, second] = racers.map(
      ({ facts }) => new Map(facts.slice(1).map((fact) => [fact.key, fact])),
    );
    const keys = [...(first?.keys() ?? [])];
    expect([keys.length, second?.size]).toEqual([RACES, RACES]);
    const wrong = keys.filter((key) => {
      const [one, other] = [first?.get(key), second?.get(key)];
      return one?.idempotencyKey !== other?.idempotencyKey || one?.isMine === other?.isMine;
    });
    expect(wrong).toEqual([]);
    // Both were first at times, which shows that they raced.
    const winners = new Set(keys.map((key) => first?.get(key)?.isMine));
    expect(winners.size).toBe(2);
    const stored = await Promise.all(keys.map((key) => storeOf().get(key)));
    expect(stored.map((record) => (record as JobRecord).idempotencyKey)).toEqual(
      keys.map((key) => first?.get(key)?.idempotencyKey),
    );
  });

  it(`killed at ${KILLS} instants, leave what they were told is written, and nothing half written`, async () => {
    const store = storeOf();
    let killed = 0;
    for (let round = 0; killed < KILLS; round++) {
      const afterFacts = 1 + ((round * 7_919) % 41);
      const workers = ['a', 'b'].map(() => {
        const worker = start(kind, 'work', `work-${round}`, (facts) => {
          if (facts.length >= afterFacts) worker.child.kill('SIGKILL');
        });
        return worker;
      });
      await Promise.all(workers.map(({ ended }) => ended));
      killed += workers.length;
      for (const { facts } of workers) {
        expect(facts.length).toBeGreaterThanOrEqual(afterFacts);
        await expectKept(store, facts);
      }
      await expectUsable(store, `work-${round}-shared-0`);
    }
    let count = 0;
    for await (const record of store.list()) {
      expect(readRecord(record)).toBeDefined();
      count++;
    }
    expect(count).toBeGreaterThan(KILLS);
  }, 180_000);
});

async function expectKept(store: JobStore, facts: readonly Fact[]): Promise<void> {
  const last = new Map(facts.map((fact) => [fact.key, fact]));
  for (const { key, state, idempotencyKey } of last.values()) {
    const record = readRecord(await store.get(key));
    if (state === 'deleted') expect(record).toBeUndefined();
    if (state === 'deleted' || state === 'deleting') continue;
    expect(record).toMatchObject({ key, idempotencyKey });
    expect(RANKS[record?.state ?? 'submitting']).toBeGreaterThanOrEqual(RANKS[state]);
  }
}

/** Whoever comes next finds the store as if nobody had been killed. */
async function expectUsable(store: JobStore, key: string): Promise<void> {
  const there = readRecord(await store.get(key));
  expect(there).toBeDefined();
  expect(await store.add(recordOf({ key }))).toEqual(there);
  await store.delete(key);
  const again = recordOf({ key });
  expect(await store.add(again)).toEqual(again);
}

it('files that a killed process was about to write are the only ones besides', async () => {
  const names = await readdir(join(folder, 'jobs'));
  expect(names.filter((name) => !/\.(jsonl|tmp)$/.test(name))).toEqual([]);
});
