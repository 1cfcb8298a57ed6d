import { MB, type Row, settle } from './rows.js';
import { Pages, pagesOf, type Served, Stage, type Usage } from './stage.js';

const SOCKETS = 10_000;
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
  const polled = await hold(await stage.relay());
  const pushed = await hold(await stage.relay({ transports: ['websocket', 'polling'] }));
  const kB = ({ rssAfterGc }: Usage, before: Usage) => (rssAfterGc - before.rssAfterGc) / 1_024 / SOCKETS;
  const each = `of ${SOCKETS}`;
  return [
    {
      what: `an idle socket ${each}, kB`,
      figure: kB(polled.idle, polled.empty),
      bare: kB(bare.idle, bare.empty),
    },
    ...(
      [
        ['followed by calls and webhooks', polled],
        ['followed by a stream', pushed],
      ] as const
    ).flatMap(([how, { empty, idle, told }]) => [
      {
        what: `${SOCKETS} sockets and jobs, ${how}, MB in all`,
        ...{ figure: told.rss / MB, most: 200, bare: bare.told.rss / MB },
      },
      {
        what: '– over the empty process, MB',
        ...{ figure: (told.rss - empty.rss) / MB, bare: (bare.told.rss - bare.empty.rss) / MB },
      },
      { what: '– a job and who watches it, kB', figure: kB(told, idle), bare: kB(bare.told, bare.idle) },
    ]),
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
