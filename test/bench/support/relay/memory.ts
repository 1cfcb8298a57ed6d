import { MB, type Row, settle } from './rows.js';
import { Pages, pagesOf, type RelayConfig, type Served, Stage, type Usage } from './stage.js';

const SOCKETS = 10_000;
/**
 * What node is given for old objects, as the deployment guide says, in MB. Left to itself it takes twice as much before
 * it collects: what each status call leaves (some 14 kB of Node's own fetch) is collected only with all that is old.
 */
const SMALL_MB = 128;
const STREAMS = 5_000;
/** Jobs of the streams. */
const STREAMED = 500;
/** Until what is done later, such as a second status call, is done. */
const QUIET_MS = 8_000;

interface Held {
  readonly empty: Usage;
  readonly idle: Usage;
  readonly told: Usage;
}

/** What ten thousand pages cost one process, before they ask for anything and when each watches a job of its own. */
export async function measureSockets(): Promise<Row[]> {
  await using stage = await Stage.open([{ prefix: 'm', count: SOCKETS }]);
  const hold = async (served: Served): Promise<Held> => {
    await using pages = await Pages.start(2);
    try {
      const empty = await served.usage();
      await pages.openAll('open', served.url, pagesOf('m', SOCKETS));
      const idle = await served.usage();
      await pages.ask({ type: 'subscribe' });
      await settle(QUIET_MS);
      return { empty, idle, told: await served.usage() };
    } finally {
      await served.stop();
    }
  };
  const bare = await hold(await stage.bare());
  const bareOfSmall = await hold(await stage.bare(SMALL_MB));
  const streamed: RelayConfig = { transports: ['websocket', 'polling'] };
  const polled = await hold(await stage.relay());
  const rows: Row[] = [
    {
      what: `an idle socket of ${SOCKETS}, kB`,
      figure: perSocket(polled.idle, polled.empty),
      bare: perSocket(bare.idle, bare.empty),
    },
    ...rowsOf('followed by calls and webhooks', polled, bare),
    ...rowsOf('followed by a stream', await hold(await stage.relay(streamed)), bare),
  ];
  for (const [how, config] of [
    ['followed by calls and webhooks', {}],
    ['followed by a stream', streamed],
  ] as const) {
    const held = await hold(await stage.relay({ ...config, heapMB: SMALL_MB }));
    rows.push(...rowsOf(`${how}, under --max-old-space-size=${SMALL_MB}`, held, bareOfSmall, 200));
  }
  return rows;
}

/** In kB. */
function perSocket({ rssAfterGc }: Usage, before: Usage): number {
  return (rssAfterGc - before.rssAfterGc) / 1_024 / SOCKETS;
}

function rowsOf(how: string, { empty, idle, told }: Held, bare: Held, most?: number): Row[] {
  return [
    {
      what: `${SOCKETS} sockets and jobs, ${how}, MB in all`,
      ...{ figure: told.rss / MB, most, bare: bare.told.rss / MB },
    },
    {
      what: '– over the empty process, MB',
      ...{ figure: (told.rss - empty.rss) / MB, bare: (bare.told.rss - bare.empty.rss) / MB },
    },
    {
      what: '– a job and who watches it, kB',
      figure: perSocket(told, idle),
      bare: perSocket(bare.told, bare.idle),
    },
    { what: '– its work, in seconds of CPU time', figure: told.cpuMs / 1_000, bare: bare.told.cpuMs / 1_000 },
  ];
}

/** What one more event stream costs, of a job that is followed already. */
export async function measureStreams(): Promise<Row[]> {
  await using stage = await Stage.open([{ prefix: 'e', count: STREAMED }]);
  const hold = async (served: Served) => {
    await using pages = await Pages.start(2);
    try {
      await pages.openAll('streams', served.url, pagesOf('e', STREAMED));
      const before = await served.usage();
      await pages.openAll('streams', served.url, pagesOf('e', STREAMS, STREAMED));
      await settle(QUIET_MS);
      const after = await served.usage();
      return (after.rssAfterGc - before.rssAfterGc) / 1_024 / STREAMS;
    } finally {
      await served.stop();
    }
  };
  const bare = await hold(await stage.bare());
  const figure = await hold(await stage.relay());
  return [{ what: `an event stream of ${STREAMS}, kB`, figure, most: 25, bare }];
}
