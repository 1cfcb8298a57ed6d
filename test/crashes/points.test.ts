import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { JobRecord } from '../../src/jobs/record.js';
import type { JobStore } from '../../src/jobs/store.js';
import type { Step } from '../support/crashes/fate.js';
import { clientOf, type Fact, keyIn, SERVERS, type Work } from '../support/crashes/life.js';
import { type Lives, livesInMemory, livesInProcesses } from '../support/crashes/lives.js';
import type { Plan } from '../support/crashes/programs.js';
import { startUpstream, type Upstream } from '../support/crashes/site.js';
import { Stage } from '../support/crashes/stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.build();
}, 120_000);
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => stage?.[Symbol.asyncDispose]());

const UNKNOWN = 'submit-outcome-unknown';
const unknown = `submitting: ${UNKNOWN}`;

/** What is found after a restart: left, what a key gives then, and how many submits and jobs the server has had of it. */
interface Found {
  readonly left: unknown;
  readonly again: string;
  readonly posts: number;
  readonly jobs: number;
}

interface Point {
  readonly at?: Step;
  readonly kind?: Work;
  /** Where it depends on what is known of the server: in the order of `SERVERS`. */
  readonly found: Found | readonly [Found, Found, Found];
}

const attached = { left: 'submitted: its job', again: 'its job', posts: 1, jobs: 1 };
/** A job was made, and its id is not known here. */
const accepted: Point['found'] = [
  { left: unknown, again: 'its job', posts: 2, jobs: 1 },
  { left: unknown, again: UNKNOWN, posts: 1, jobs: 1 },
  { ...attached, left: 'completed: its job' },
];
/** None was, and nobody can know. */
const notSent: Point['found'] = [
  { left: unknown, again: 'its job', posts: 1, jobs: 1 },
  { left: unknown, again: UNKNOWN, posts: 0, jobs: 0 },
  { left: unknown, again: UNKNOWN, posts: 0, jobs: 0 },
];

/** By each name a process dies there, alone with a key of that name. */
const POINTS: Readonly<Record<string, Point>> = {
  'before-the-record': { at: 'before add', found: { left: undefined, again: 'its job', posts: 1, jobs: 1 } },
  'record-written': { at: 'after add', found: notSent },
  'before-it-is-sent': { at: 'before POST', found: notSent },
  'while-the-server-makes-the-job': { found: accepted },
  'answer-under-way': { at: 'after POST', found: accepted },
  'answer-here': { at: 'before put submitted', found: accepted },
  'id-written': { at: 'after put submitted', found: attached },
  'before-the-first-status': { at: 'before GET', kind: 'follow', found: attached },
  'while-followed': { at: 'after GET', kind: 'follow', found: attached },
  'end-known': {
    ...{ at: 'before put completed', kind: 'follow' },
    found: { ...attached, left: expect.stringMatching(/^(submitted|completed): its job$/) },
  },
  'end-written': {
    ...{ at: 'after put completed', kind: 'follow' },
    found: { ...attached, left: 'completed: its job' },
  },
  'before-it-is-forgotten': {
    ...{ at: 'before delete', kind: 'handle' },
    found: { ...attached, left: expect.stringMatching(/^(submitted|completed): its job$/) },
  },
  forgotten: {
    ...{ at: 'after delete', kind: 'handle' },
    found: { left: undefined, again: 'another job', posts: 2, jobs: 2 },
  },
};

/** Those whose jobs end by themselves. */
const ENDING = /^(end-|before-it-is-forgotten|forgotten)/;

const STORES: readonly (readonly [string, () => Lives])[] = [
  ['in memory, whose clients are dropped', livesInMemory],
  ['of files, whose processes are killed', () => livesInProcesses(stage.programs, stage.place('file'))],
  ['in redis, whose processes are killed', () => livesInProcesses(stage.programs, stage.place('redis'))],
];

describe.each(['file', 'redis'] as const)('two processes of one key over a store in %s', (where) => {
  it.each(SERVERS)('submit it once, and both have its job, where the server %s', async (kind) => {
    const site = await upstream(kind);
    const { plan } = stage.place(where);
    const one: Plan = { ...plan, site, aheadMs: 0, work: 'submit', keys: ['key'] };
    const ends = await Promise.all([stage.programs.run(one), stage.programs.run(one)]);
    const [jobId] = site.jobs('key');
    const job = { told: 'job', key: 'key', jobId };
    expect(ends.map(({ facts }) => facts)).toEqual([[job], [job]]);
    expect(site.posts('key')).toBe(1);
  });

  it.each([
    [SERVERS[0], 2],
    [SERVERS[1], 1],
  ])(
    'wait for the answer to one that has died until none can come, where the server %s',
    async (kind, posts) => {
      const site = await upstream(kind);
      const { plan, store } = stage.place(where);
      const one: Plan = {
        ...{ ...plan, site, aheadMs: 0, work: 'submit', keys: ['key'] },
        options: { requestMs: 2_000 },
      };
      const dead = await stage.programs.run({ ...one, death: { at: 'after POST' } });
      expect(dead.wasKilled).toBe(true);
      const { decidedBy } = (await store.get('key')) as JobRecord;
      const { facts } = await stage.programs.run(one);
      expect(Date.now()).toBeGreaterThanOrEqual(decidedBy);
      expect(facts).toMatchObject([
        posts === 2 ? { told: 'job', jobId: site.jobs('key')[0] } : { told: 'error', code: UNKNOWN },
      ]);
      expect([site.posts('key'), site.jobs('key').length]).toEqual([posts, 1]);
    },
  );
});

describe.each(STORES)('records %s', (_, begin) => {
  it.each(SERVERS.map((kind, index) => [kind, index] as const))(
    'give each key at most one job that was paid for, at whichever point, where the server %s',
    async (kind, index) => {
      const lives = begin();
      const kills = new Map<string, () => void>();
      const site = await upstream(kind, (key) => kills.get(key)?.());
      for (const [key, { at, kind: what = 'submit' }] of Object.entries(POINTS)) {
        const { dead, kill } = lives.die(site, key, what, at);
        if (at === undefined) kills.set(key, kill);
        await dead;
        kills.delete(key);
      }
      const ids = new Map(Object.keys(POINTS).map((key) => [key, site.jobs(key)[0]]));
      await callBack(site, lives.store);
      const facts = await lives.next(site, Object.keys(POINTS));
      const found = Object.keys(POINTS).map((key) => [key, foundOf(site, facts, key, ids.get(key))]);
      const wanted = Object.entries(POINTS).map(([key, { found }]) => [
        key,
        'left' in found ? found : found[index],
      ]);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
    },
    120_000,
  );

  it.each(SERVERS.map((kind, index) => [kind, index] as const))(
    'give the job of a submit whose answer was lost, or say that nobody knows, where the server %s',
    async (kind, index) => {
      const lives = begin();
      const site = await upstream(kind);
      site.mock.faults.add({ route: 'generate', type: 'reset', at: 'after-handling', times: 1 });
      // What is written of the failure; where keys are honoured, before the next try.
      await lives.die(site, 'key', 'submit', 'after put submitting').dead;
      const [id] = site.jobs('key');
      expect(site.posts('key')).toBe(1);
      await callBack(site, lives.store);
      const facts = await lives.next(site, ['key']);
      expect(foundOf(site, facts, 'key', id)).toEqual((accepted as readonly Found[])[index]);
    },
  );
});

async function upstream(kind: Upstream['kind'], made: (key: string) => void = () => {}): Promise<Upstream> {
  const site = await startUpstream(kind, {
    onSubmit({ input }) {
      const key = keyIn(input);
      made(key);
      return ENDING.test(key) ? { durationMs: 20 } : { manual: true };
    },
  });
  onTestFinished(() => site[Symbol.asyncDispose]());
  return site;
}

/** The jobs whose ids nobody has written end, and the server calls back, to another process of the same store. */
async function callBack(site: Upstream, store: JobStore): Promise<void> {
  if (site.kind !== 'calls back with the token') return;
  const receiver = clientOf(site, store, {});
  onTestFinished(() => receiver.close());
  site.receiver = receiver;
  for (const job of site.mock.jobs) {
    const record = await store.find?.(job.id);
    if (record === undefined && !job.ended) job.complete();
  }
  await site.mock.webhooks.settled();
}

function foundOf(site: Upstream, facts: readonly Fact[], key: string, id: string | undefined): Found {
  const named = (jobId: string) => {
    if (jobId === (id ?? site.jobs(key)[0])) return 'its job';
    return site.jobs(key).includes(jobId) ? 'another job' : jobId;
  };
  const left = facts.filter((fact) => fact.told === 'left' && fact.key === key);
  const again = facts.filter((fact) => (fact.told === 'job' || fact.told === 'error') && fact.key === key);
  expect([left.length <= 1, again.length]).toEqual([true, 1]);
  const [was] = left;
  const [is] = again;
  return {
    left: was?.told === 'left' ? `${was.state}: ${named(was.is)}` : undefined,
    again: is?.told === 'job' ? named(is.jobId) : is?.told === 'error' ? is.code : '?',
    posts: site.posts(key),
    jobs: site.jobs(key).length,
  };
}
