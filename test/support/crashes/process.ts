/** One process that lives by its plan, which is its argument, and dies by it. Started by `programs.ts`. */
import { writeSync } from 'node:fs';
import { Redis } from 'ioredis';
import { FileJobStore } from '../../../src/jobs/stores/file.js';
import { RedisJobStore } from '../../../src/jobs/stores/redis.js';
import { Fate } from './fate.js';
import { clientOf, comeBack, type Fact, work } from './life.js';
import type { Plan } from './programs.js';

const plan = JSON.parse(process.argv[2] ?? '{}') as Plan;
const { site, aheadMs, death, keys } = plan;

// By its clock, whoever died before it did so long ago: no answer to that one's submits can still come.
const { now } = Date;
Date.now = () => now() + aheadMs;

const fate = new Fate(death, () => process.kill(process.pid, 'SIGKILL'));
const redis = plan.store === 'redis' ? new Redis({ port: Number(plan.place), host: '127.0.0.1' }) : undefined;
const store =
  redis === undefined ? new FileJobStore(plan.place) : new RedisJobStore(redis, plan.prefix ?? 'crashes');
const client = clientOf(site, fate.storeOf(store, plan.leaseMs), { fetch: fate.fetch, ...plan.options });
/** Written at once: what is in a buffer dies with the process. */
const tell = (fact: Fact) => void writeSync(1, `${JSON.stringify(fact)}\n`);

const done = new AbortController();
if (plan.resumes === 'beside') comeBack(client, tell, done.signal).catch(() => {});
if (plan.resumes === 'first') await comeBack(client, tell);
if (plan.work !== undefined) await work(client, site, keys, tell, plan.work);
done.abort();
await client.close();
redis?.disconnect();
