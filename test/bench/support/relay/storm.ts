import type { Row } from './rows.js';
import { Pages, pagesOf, type Served, Stage } from './stage.js';

const SOCKETS = 10_000;
const JOBS = 1_000;

interface Storm {
  readonly ms: number;
  readonly cpuMs: number;
  readonly calls: number;
}

/** All pages come at once: to a process that has just started, and once more when all were cut off. */
export async function measureStorm(): Promise<Row[]> {
  await using stage = await Stage.open([{ prefix: 's', count: JOBS }]);
  const storms = async (served: Served): Promise<Storm[]> => {
    await using pages = await Pages.start(2);
    try {
      const all: Storm[] = [];
      for (let turn = 0; turn < 2; turn++) {
        await stage.calls();
        const before = await served.usage();
        const times = (await pages.openAll('storm', served.url, pagesOf('s', SOCKETS, JOBS))) as readonly {
          readonly startedAt: number;
          readonly endedAt: number;
        }[];
        const after = await served.usage();
        const ms =
          Math.max(...times.map(({ endedAt }) => endedAt)) -
          Math.min(...times.map(({ startedAt }) => startedAt));
        all.push({ ms, cpuMs: after.cpuMs - before.cpuMs, calls: (await stage.calls()).total });
        await pages.ask({ type: 'cut' });
      }
      return all;
    } finally {
      await served.stop();
    }
  };
  const bare = await storms(await stage.bare());
  const relay = await storms(await stage.relay());
  return ['after a restart', 'cut off'].flatMap((why, turn) => {
    const [one, other] = [relay[turn], bare[turn]];
    if (one === undefined || other === undefined) return [];
    return [
      {
        what: `${SOCKETS} reconnects, ${JOBS} jobs, ${why}, s`,
        ...{ figure: one.ms / 1_000, most: 8, bare: other.ms / 1_000, digits: 2 },
      },
      {
        what: '– of it CPU of the process, s',
        figure: one.cpuMs / 1_000,
        bare: other.cpuMs / 1_000,
        digits: 2,
      },
      { what: '– upstream calls', figure: one.calls, most: JOBS, digits: 0 },
    ];
  });
}
