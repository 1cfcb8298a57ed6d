import { median } from '../table.js';
import { MB, percentile, type Row, settle } from './rows.js';
import { type Page, Pages, SECRET, type Served, Stage } from './stage.js';

const WEBHOOKS = 1_000;
const JOBS_PER_SOCKET = 100;
const SOCKETS = 10_000;
const ROUNDS = 15;
const MUTE = { sockets: 100, updates: 20_000, bytes: 400 };

/** A webhook that lands on one process, and a page on another. */
export async function measureWebhooks(): Promise<Row[]> {
  await using stage = await Stage.open([{ prefix: 'w', count: WEBHOOKS, user: 'w' }]);
  const names = Array.from({ length: WEBHOOKS }, (_, index) => `w-${index}`);
  const hear = async (a: Served, b: Served): Promise<number[]> => {
    await using pages = await Pages.start(1);
    try {
      const plan: Page[] = [];
      for (let at = 0; at < WEBHOOKS; at += JOBS_PER_SOCKET)
        plan.push({ user: 'w', jobs: names.slice(at, at + JOBS_PER_SOCKET) });
      await pages.openAll('open', a.url, plan);
      await pages.ask({ type: 'subscribe' });
      const asked = { type: 'webhooks', url: `${b.url}/webhook`, jobs: names, secret: SECRET };
      const [told] = await pages.ask<{ readonly delays: number[] }>(asked);
      return told?.delays ?? [];
    } finally {
      await a.stop();
      await b.stop();
    }
  };
  const bare = await hear(await stage.bare(), await stage.bare());
  const told = await hear(await stage.relay(), await stage.relay());
  const what = 'webhook at B → frame at a page on A, ms';
  return [
    { what: `${what}, median`, figure: median(told), most: 15, bare: median(bare), digits: 2 },
    { what: `${what}, p99`, figure: percentile(told, 0.99), bare: percentile(bare, 0.99), digits: 2 },
    { what: `of ${WEBHOOKS} webhooks not told`, figure: WEBHOOKS - told.length, most: 0, digits: 0 },
  ];
}

interface Round {
  readonly allMs: number;
  readonly otherMs: number;
}

/** One job that ten thousand pages watch, and another, of which the server tells in the same breath. */
export async function measureFanOut(): Promise<Row[]> {
  await using stage = await Stage.open([
    { prefix: 'f', count: 1, user: 'f' },
    { prefix: 'g', count: 1, user: 'g' },
  ]);
  await using many = await Pages.start(2);
  await using other = await Pages.start(1);
  const plan: Page[] = Array.from({ length: SOCKETS }, () => ({ user: 'f', jobs: ['f-0'] }));
  const open = async (served: Served) => {
    await other.openAll('open', served.url, [{ user: 'g', jobs: ['g-0'] }]);
    await many.openAll('open', served.url, plan);
    await many.ask({ type: 'subscribe' });
    await other.ask({ type: 'subscribe' });
  };
  const push = async (progress: number): Promise<Round> => {
    const told = Promise.all([
      many.ask<{ lastAt: number }>({ type: 'lastTold', jobId: 'f-0', progress, count: SOCKETS / 2 }),
      other.ask<{ lastAt: number }>({ type: 'lastTold', jobId: 'g-0', progress, count: 1 }),
    ]);
    const { pushedAt } = (await stage.upstream.ask({
      type: 'push',
      jobs: ['up-f-0', 'up-g-0'],
      progress,
    })) as {
      readonly pushedAt: number;
    };
    const [all, [one]] = await told;
    return {
      allMs: Math.max(...all.map(({ lastAt }) => lastAt)) - pushedAt,
      otherMs: (one?.lastAt ?? Number.NaN) - pushedAt,
    };
  };
  const measure = async (served: Served) => {
    await open(served);
    const rounds: Round[] = [];
    const { cpuMs: before } = await served.usage();
    for (let round = 0; round < ROUNDS; round++) rounds.push(await push(2 + round));
    const { cpuMs: after } = await served.usage();
    await many.ask({ type: 'cut' });
    await other.ask({ type: 'cut' });
    await served.stop();
    return {
      allMs: median(rounds.map(({ allMs }) => allMs)),
      otherMs: median(rounds.map(({ otherMs }) => otherMs)),
      frameUs: ((after - before) * 1_000) / ROUNDS / SOCKETS,
    };
  };
  const bare = await measure(await stage.bare());
  const limits = { socketsPerUser: 2 * SOCKETS };
  const told = await measure(await stage.relay({ transports: ['websocket', 'polling'], limits }));
  return [
    { what: `one job to ${SOCKETS} sockets, ms`, figure: told.allMs, most: 250, bare: bare.allMs },
    { what: "– another job's frame meanwhile, ms", figure: told.otherMs, most: 50, bare: bare.otherMs },
    { what: '– CPU a told frame, µs', figure: told.frameUs, bare: bare.frameUs },
  ];
}

/** Pages that never read, while there is much to tell. */
export async function measureMute(): Promise<Row[]> {
  await using stage = await Stage.open([{ prefix: 'n', count: 1, user: 'n' }]);
  const grow = async (served: Served): Promise<number> => {
    await using pages = await Pages.start(1);
    try {
      const plan = Array.from({ length: MUTE.sockets }, () => ({ user: 'n', jobs: ['n-0'] }));
      await pages.openAll('open', served.url, plan);
      await pages.ask({ type: 'subscribe' });
      await pages.ask({ type: 'mute' });
      // Code and buffers that any telling needs are there then.
      const flood = { type: 'flood', jobId: 'up-n-0', bytes: MUTE.bytes };
      await stage.upstream.ask({ ...flood, from: 2, to: 10, count: 1_000 });
      await settle(1_000);
      const before = await served.usage();
      await stage.upstream.ask({ ...flood, from: 10, to: 90, count: MUTE.updates });
      await settle(1_000);
      const after = await served.usage();
      if (after.sockets !== MUTE.sockets) throw new Error(`${after.sockets} sockets are left`);
      return (after.rss - before.rss) / MB;
    } finally {
      await served.stop();
    }
  };
  const bare = await grow(await stage.bare());
  const limits = { socketsPerUser: MUTE.sockets };
  const figure = await grow(await stage.relay({ transports: ['websocket', 'polling'], limits }));
  return [
    { what: `${MUTE.sockets} that never read, ${MUTE.updates} updates, MB more`, figure, most: 20, bare },
  ];
}
