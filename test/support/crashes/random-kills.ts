import { setTimeout as sleep } from 'node:timers/promises';
import type { JobRecord } from '../../../src/jobs/record.js';
import type { JobStore } from '../../../src/jobs/store.js';
import { randomOf } from '../random.js';
import { clientOf, type Fact, SERVERS, type ServerKind } from './life.js';
import type { Programs } from './programs.js';
import { startUpstream, type Upstream } from './site.js';
import type { Place } from './stage.js';

/** Their clocks are so far apart that no answer to a submit of one round can come in the next. */
const ROUND_MS = 60_000;
/** Of each round; those of the round before are tried again with them. */
const KEYS = 3;
/** About as many as a process takes that nobody kills. */
const STEPS = 60;
const LEASE_MS = 100;

export interface KillsOptions extends Place {
  readonly programs: Programs;
  readonly kind: ServerKind;
  readonly kills: number;
  readonly seed: number;
}

/** What came of it; what should not be is told in words. */
export interface KillsResult {
  readonly kills: number;
  readonly keys: number;
  readonly posts: number;
  readonly jobs: number;
  /** How many keys `resume` gives as unknown at the end, and of how many of them the server made a job. */
  readonly unknown: number;
  readonly unknownJobs: number;
  readonly wrong: readonly string[];
}

/**
 * Kills processes at random steps, two at a time that share their keys, until so many have died. Those of each round do again
 * what the last ones were at.
 */
export async function killAtRandom(options: KillsOptions): Promise<KillsResult> {
  const { programs, store, kind, plan, seed } = options;
  const random = randomOf(seed);
  await using site = await startUpstream(kind, { durationMs: 30 });
  const receiver = clientOf(site, store, {});
  site.receiver = receiver;
  const keys: string[] = [];
  let kills = 0;
  let round = 0;
  for (; kills < options.kills; round++) {
    for (let i = 0; i < KEYS; i++) keys.push(`round-${round}-${i}`);
    const lives = [0, 1].map(() => {
      const death = { nth: 1 + Math.floor(random() * STEPS), laterUs: Math.floor(random() ** 3 * 3_000) };
      const resumes = random() < 0.5 ? 'beside' : undefined;
      return programs.run({
        ...{ ...plan, site, death, resumes, work: 'follow', aheadMs: round * ROUND_MS, leaseMs: LEASE_MS },
        keys: keys.slice(-2 * KEYS),
      });
    });
    for (const { wasKilled } of await Promise.all(lives)) if (wasKilled) kills++;
  }
  await site.mock.webhooks.settled();
  // Of those that died last: a process may start sooner than they run out.
  await sleep(10 * LEASE_MS);
  const last = { ...plan, site, aheadMs: (round + 1) * ROUND_MS, keys };
  // Before the last process makes those of which all had died too early.
  const made = new Set(keys.filter((key) => site.jobs(key).length > 0));
  const { facts: left } = await programs.run({ ...last, resumes: 'first' });
  const again = await programs.run({ ...last, work: 'submit' });
  await receiver.close();
  return await judged(site, store, { kills, keys, made, left, again: again.facts });
}

async function judged(
  site: Upstream,
  store: JobStore,
  found: {
    readonly kills: number;
    readonly keys: readonly string[];
    /** Those of which the server had made a job when all was over. */
    readonly made: ReadonlySet<string>;
    readonly left: readonly Fact[];
    readonly again: readonly Fact[];
  },
): Promise<KillsResult> {
  const { kills, keys, made, left, again } = found;
  const wrong: string[] = [];
  const sums = { posts: 0, jobs: 0, unknown: 0, unknownJobs: 0 };
  const resumed = new Map(
    left.flatMap((fact) => (fact.told === 'left' ? [[fact.key, fact.is] as const] : [])),
  );
  const given = new Map(
    again.flatMap((fact) =>
      fact.told === 'job' ? [[fact.key, fact.jobId]] : fact.told === 'error' ? [[fact.key, fact.code]] : [],
    ),
  );
  for (const key of keys) {
    const [posts, jobs] = [site.posts(key), site.jobs(key)];
    const record = (await store.get(key)) as JobRecord | undefined;
    const is = resumed.get(key);
    const isUnknown = is === 'submit-outcome-unknown';
    sums.posts += posts;
    sums.jobs += jobs.length;
    if (isUnknown) sums.unknown++;
    if (isUnknown && jobs.length > 0) sums.unknownJobs++;
    const say = (what: string) => wrong.push(`${key}: ${what}`);
    if (jobs.length > 1) say(`${jobs.length} jobs`);
    if (is !== undefined && !isUnknown && !jobs.includes(is)) say(`resume gave ${is}, which is no job of it`);
    if (made.has(key) && is === undefined) say('its job was made, and resume says nothing of it');
    if (site.kind === 'honours keys') {
      if (jobs.length !== 1 || record?.jobId !== jobs[0]) say(`in the end ${jobs.length} jobs`);
      if (given.get(key) !== jobs[0]) say(`generate gave ${given.get(key)}`);
    } else {
      if (posts > 1) say(`${posts} submits`);
      if (is === undefined && given.get(key) !== jobs[0]) say(`generate gave ${given.get(key)} at first`);
      if (is !== undefined && given.get(key) !== is) say(`generate gave ${given.get(key)}, resume ${is}`);
    }
    if (site.kind === SERVERS[2] && isUnknown && jobs.length > 0) say('its job was made, and is unknown');
  }
  return { kills, keys: keys.length, ...sums, wrong };
}
