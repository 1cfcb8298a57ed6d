import { setTimeout as sleep } from 'node:timers/promises';
import type { VideoJob } from '../../../src/job/job.js';
import { FRESH_MS } from '../../../src/relay/records.js';
import { startRedis } from '../redis.js';
import { Balancer } from './balancer.js';
import { isPassing, openPage, PAGE_INTERVAL_MS, type PageClient, transportOf, userOf } from './pages.js';
import { type RelayProgram, Relays } from './relays.js';
import { startUpstream, type Upstream, VIDEO } from './upstream.js';

const PAGES = 50;
/** Submits while there is no redis. */
const SUBMITS = 6;
/** Between two status calls upstream, in milliseconds. */
const INTERVAL_MS = 1_000;
/** Who was not told by then is told when redis is back, if at all, in milliseconds: the machine may be busy. */
const MOST_MS = 60_000;

export interface OutageOptions {
  readonly program: RelayProgram;
  /** At least so long there is no redis: until all pages that have streams were told, too. */
  readonly outageMs: number;
}

/** What came of it. */
export interface Outage {
  /** Of each page, how long after its job had ended it was told, in milliseconds; undefined where redis was back by then. */
  readonly toldAfterMs: readonly (readonly [transport: string, ms: number | undefined])[];
  /** How often each page was told an end. */
  readonly ends: readonly number[];
  /** What submits were answered meanwhile, and the same submits afterwards. */
  readonly refused: readonly number[];
  readonly taken: readonly number[];
  /** Submits that came upstream while there was no redis. */
  readonly postsMeanwhile: number;
  /** Jobs that were made, in all. */
  readonly jobs: number;
  readonly wholeFiles: number;
  /** Of the processes. */
  readonly wrong: readonly string[];
}

/** 50 pages wait at two relays for jobs that end while there is no redis, which then comes again as it was. */
export async function loseRedis({ program, outageMs }: OutageOptions): Promise<Outage> {
  const redis = await startRedis({ appendonly: 'yes', appendfsync: 'no' });
  let relays: Relays | undefined;
  try {
    await using balancer = await Balancer.start(() => relays?.serving ?? []);
    await using upstream = await startUpstream('honours keys', { isManual: true });
    const hook = `${balancer.url}/videos/webhook`;
    await using running = new Relays(program, {
      ...{ kind: upstream.kind, hook, upstream: upstream.url, prefix: 'outage' },
      ...{ redisPort: redis.port, intervalMs: INTERVAL_MS, requestMs: 10_000 },
    });
    relays = running;
    await Promise.all([running.start('a'), running.start('b')]);
    const pages = Array.from({ length: PAGES }, (_, index) => openPage(index, balancer.url));
    const waiting = await Promise.all(pages.map((page, index) => waits(page, index)));
    for (const job of upstream.mock.jobs) job.advance({ status: 'processing', progress: 50 });
    await Promise.all(waiting.map(({ isHalfWay }) => isHalfWay));

    await redis.kill();
    const before = submitsOf(upstream);
    const lost = performance.now();
    const submit = async (index: number) => {
      const answer = await fetch(`${balancer.url}/videos/api/generate`, {
        method: 'POST',
        headers: { 'x-user': userOf(0), 'idempotency-key': `late-${index}`, connection: 'close' },
        body: JSON.stringify({ script: `late-${index}` }),
      });
      await answer.body?.cancel();
      return answer.status;
    };
    const submitAll = () => Promise.all(Array.from({ length: SUBMITS }, (_, index) => submit(index)));
    const refusing = submitAll();
    const endedAt = performance.now();
    for (const job of upstream.mock.jobs) job.complete();
    const toldAt = waiting.map(async ({ ended }) => (await ended) - endedAt);
    const told = Promise.all(toldAt);
    const inTime = sleep(MOST_MS, undefined, { ref: false });
    const streams = toldAt.filter((_, index) => transportOf(index) !== 'polling');
    await Promise.race([Promise.all(streams), inTime]);
    await sleep(Math.max(0, lost + outageMs - performance.now()));
    const toldAfterMs = await Promise.all(toldAt.map((at) => Promise.race([at, sleep(0)])));
    const refused = await refusing;
    const postsMeanwhile = submitsOf(upstream) - before;
    await redis.start();

    await told;
    const taken = await submitAll();
    const files = await Promise.all(
      waiting.map(async ({ job }) => (await (await job.download()).bytes()) as Uint8Array),
    );
    await Promise.all(pages.map((page) => page.close()));
    await running.end();
    return {
      toldAfterMs: pages.map((_, index) => [transportOf(index), toldAfterMs[index] ?? undefined]),
      ends: waiting.map(({ ends }) => ends.length),
      ...{ refused, taken },
      ...{ postsMeanwhile, jobs: upstream.mock.jobs.size },
      wholeFiles: files.filter((bytes) => Buffer.compare(bytes, VIDEO) === 0).length,
      wrong: running.wrong,
    };
  } finally {
    await redis.stop();
  }
}

/**
 * How long after the end of its job a page is told by a stream, on a machine with nothing else to do: the interval of the
 * relay's polls and a fifth, one interval more as there is a bus, and what a claim takes to be given up. A page that polls
 * adds its own interval and a fifth, and what a relay believes a status for.
 */
export const BOUNDS_MS = {
  stream: 2.2 * INTERVAL_MS + 1_000,
  polling: 2.2 * INTERVAL_MS + 1_000 + 1.2 * PAGE_INTERVAL_MS + FRESH_MS,
};

function submitsOf({ mock }: Upstream): number {
  return mock.requests.filter(({ route }) => route === 'generate').length;
}

interface Waiting {
  readonly job: VideoJob;
  readonly ends: string[];
  readonly isHalfWay: Promise<void>;
  /** When it was told, by the monotonic clock. */
  readonly ended: Promise<number>;
}

async function waits(page: PageClient, index: number): Promise<Waiting> {
  const job = await submitted(page, `script-${index}`);
  const ends: string[] = [];
  const isHalfWay = new Promise<void>((resolve) => {
    job.on('progress', ({ progress }) => progress === 50 && resolve());
  });
  const ended = new Promise<number>((resolve, reject) => {
    job.on('stopped', reject);
    job.on('failed', ({ error }) => reject(new Error(error)));
    job.on('completed', ({ status }) => {
      ends.push(status);
      resolve(performance.now());
    });
  });
  return { job, ends, isHalfWay, ended };
}

async function submitted(page: PageClient, script: string): Promise<VideoJob> {
  for (;;) {
    try {
      return await page.generate({ script }, { idempotencyKey: script });
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
  }
}
