import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { JobRecord } from '../../../src/jobs/record.js';
import { RedisJobStore } from '../../../src/jobs/stores/redis.js';
import { randomOf } from '../random.js';
import { Balancer } from './balancer.js';
import { leaksIn } from './leaks.js';
import { Page } from './pages.js';
import { POINTS, type Scene } from './points.js';
import { type RelayProgram, Relays } from './relays.js';
import { startUpstream, UPSTREAMS, type Upstream, type UpstreamKind } from './upstream.js';

const PAGES = 200;
const NAMES = ['a', 'b'] as const;
/** So long all pages have, in milliseconds: the machine may be busy. */
const PATIENCE_MS = 540_000;
/** Pages that have not had all by the time when the next ones come. */
const MOST_ALIVE = 40;

export interface CrashOptions {
  readonly program: RelayProgram;
  readonly redisPort: number;
  /** The same order of the same points at the same counts; what runs meanwhile is up to the machine. */
  readonly seed: number;
  /** Where processes die, in an order of the seed's. @default everywhere */
  readonly at?: readonly string[];
}

/** What came of it; what should not be is told in words. */
export interface CrashResult {
  readonly kind: UpstreamKind;
  /** The points at which a process died, in order. */
  readonly struck: readonly string[];
  readonly keys: number;
  readonly posts: number;
  readonly jobs: number;
  /** Keys that a page was told of as unknown in the end; of none of them the server has made a job. */
  readonly unknown: number;
  readonly ends: number;
  readonly files: number;
  /** That went to pages. */
  readonly bytes: number;
  readonly wrong: readonly string[];
}

/** Those of `RELAY_CRASH_SEEDS`, such as `7,12`; without it so many from the first on. */
export function seedsOf(count: number, first: number): readonly number[] {
  const given = process.env.RELAY_CRASH_SEEDS;
  return given?.split(',').map(Number) ?? Array.from({ length: count }, (_, index) => first + index);
}

/** 200 pages at two relays, one of which is killed again and again, and started again. */
export async function crashRelays({
  program,
  redisPort,
  seed,
  at = Object.keys(POINTS),
}: CrashOptions): Promise<CrashResult> {
  const random = randomOf(seed);
  const kind = UPSTREAMS[seed % UPSTREAMS.length] ?? 'honours keys';
  const prefix = `relays-${seed}-${Date.now()}`;
  const submits: Scene['submits'] = { came() {}, made() {} };
  // Each needs the others' addresses.
  let relays: Relays | undefined;
  await using balancer = await Balancer.start(() => relays?.serving ?? []);
  const hook = `${balancer.url}/videos/webhook`;
  await using upstream = await startUpstream(kind, {
    hook,
    watch: { came: (relay) => submits.came(relay), made: (relay) => submits.made(relay) },
  });
  await using running = new Relays(program, {
    ...{ kind, hook, redisPort, prefix, upstream: upstream.url, intervalMs: 400, requestMs: 3_000 },
  });
  relays = running;
  await Promise.all(NAMES.map((name) => running.start(name)));

  const pages = Array.from({ length: PAGES }, (_, index) => new Page(index, balancer.url));
  const until = AbortSignal.timeout(PATIENCE_MS);
  setMaxListeners(0, until);
  const lost = new Map<string, number>();
  const isLost = (script: string) => isLostIn(upstream, lost, script);
  const points = shuffled(at, random);
  const struck: string[] = [];
  const alive = new Set<Promise<void>>();
  const share = Math.ceil(PAGES / points.length);
  for (const [turn, point] of points.entries()) {
    // A machine that is busy is not to be asked for more and more.
    while (alive.size > MOST_ALIVE) await Promise.race(alive);
    const victim = NAMES[Math.floor(random() * NAMES.length)] ?? 'a';
    POINTS[point]?.({ relays: running, balancer, submits, random }, victim);
    const lives = pages.slice(turn * share, (turn + 1) * share).map((page) => {
      const life = page.live(isLost, until).finally(() => alive.delete(life));
      alive.add(life);
      return life;
    });
    const dead = running.ended(victim);
    await Promise.race([dead.then(() => struck.push(point)), Promise.all(lives)]);
    running.kill(victim);
    await dead;
    await sleep(random() * 300);
    await running.start(victim);
  }
  await Promise.all(alive);
  const wrong = pages.flatMap((page) => wrongOf(page, upstream));
  wrong.push(...(await wrongOfRecords(upstream, redisPort, prefix)));
  await Promise.all(pages.map((page) => page.close()));
  await running.end();
  wrong.push(...running.wrong);
  const leaks = leaksIn(balancer.answers, upstream.secrets);
  wrong.push(...leaks.map((what) => `a page was sent the ${what} of the server behind`));
  const stories = pages.flatMap((page) => page.stories);
  return {
    ...{ kind, struck, wrong, keys: stories.length },
    posts: sum(stories.map(({ script }) => upstream.posts(script))),
    jobs: upstream.mock.jobs.size,
    unknown: stories.filter(({ jobId }) => jobId === undefined).length,
    ends: sum(stories.map(({ ends }) => ends.length)),
    files: stories.filter(({ file }) => file === 'whole').length,
    bytes: sum(balancer.answers.map(({ length }) => length)),
  };
}

/** How often a page must be told so, while the server has no job of it, before it may give up. */
const TOLD_UNKNOWN = 3;

/** Whoever honours keys is asked until it has made the job. */
function isLostIn(upstream: Upstream, told: Map<string, number>, script: string): boolean {
  if (upstream.kind === 'honours keys' || upstream.jobs(script).length > 0) return false;
  told.set(script, (told.get(script) ?? 0) + 1);
  return (told.get(script) ?? 0) >= TOLD_UNKNOWN;
}

function wrongOf(page: Page, upstream: Upstream): string[] {
  return page.stories.flatMap(({ script, jobId, ends, isUnknown, file, error }) => {
    const [jobs, posts] = [upstream.jobs(script), upstream.posts(script)];
    const problems: string[] = [];
    if (error !== undefined) problems.push(`it ended with ${error}`);
    if (jobs.length > 1) problems.push(`${jobs.length} jobs were made`);
    if (jobs.length === 0 && (upstream.kind === 'honours keys' || !isUnknown))
      problems.push('no job was made, and nobody was told');
    if (jobs.length === 1 && jobId === undefined) problems.push('its job is not known to its page');
    if (jobs.length === 0 && jobId !== undefined) problems.push('its page has a job that was not made');
    if (jobs.length === 1 && (ends.length !== 1 || ends[0] !== upstream.endOf(script)))
      problems.push(`its ends are ${JSON.stringify(ends)}, not ${upstream.endOf(script)}`);
    if (jobs.length === 1 && file !== (upstream.endOf(script) === 'completed' ? 'whole' : 'none'))
      problems.push(`its file is ${file}`);
    if (upstream.kind === 'ignores keys' && posts - refusedSubmits(upstream, script) > 1)
      problems.push(`${posts} submits`);
    return problems.map((problem) => `${script} by ${page.transport}: ${problem}`);
  });
}

/** By a 429, which says that nothing was done. */
function refusedSubmits({ mock }: Upstream, script: string): number {
  return mock.requests.filter(
    ({ route, status, body }) =>
      route === 'generate' && status === 429 && (body as { prompt?: unknown })?.prompt === script,
  ).length;
}

/** Each job that was made is known by its id, and no record says of it that nothing was sent. */
async function wrongOfRecords({ mock }: Upstream, redisPort: number, prefix: string): Promise<string[]> {
  const redis = new Redis({ port: redisPort, host: '127.0.0.1' });
  try {
    const store = new RedisJobStore(redis, prefix);
    const found = await Promise.all(
      [...mock.jobs].map(async ({ id }) => ({ id, record: (await store.find(id)) as JobRecord | undefined })),
    );
    return found.flatMap(({ id, record }) => (record === undefined ? [`no record knows job ${id}`] : []));
  } finally {
    redis.disconnect();
  }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
