import { converse, startProgram } from './support/children.js';
import { printTable, verdict } from './support/table.js';

export const name = 'scale';

const JOBS = 10_000;
const DOWN_MS = 300;
/** `polling.concurrency` by default. */
const CONCURRENCY = 6;
const MOST = { heapBytes: 2_000, reconciledMs: 10_000, delayP99Ms: 20, timers: 10 };

interface Watched {
  readonly firstMs: number;
  readonly idleBytes: number;
  readonly followedBytes: number;
  readonly timers: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
}

interface Seen {
  readonly webSockets: number;
  readonly subscribed: number;
  readonly calls: number;
}

interface Reconciled {
  readonly reconciledMs: number;
  readonly mostInFlight: number;
}

/** Ten thousand jobs followed by one client with default settings, while nothing happens and over a restart. */
export async function run(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const transports of ['websocket,polling', 'polling']) {
    const server = await startProgram('gateway-server.mjs');
    const client = await converse('scale-client.mjs', transports, server.url);
    try {
      const watched = client.said as Watched;
      const before = (await server.ask({ type: 'seen' })) as Seen;
      await server.ask({ type: 'restart', downMs: DOWN_MS });
      const reconciled = (await client.ask({ type: 'restarted' })) as Reconciled;
      const after = (await server.ask({ type: 'seen' })) as Seen;
      rows.push(...describe(transports, watched, before, after, reconciled));
    } finally {
      await client.stop();
      await server.stop();
    }
  }
  printTable([`${JOBS} jobs, one client`, 'transports', 'measured', 'target', ''], rows);
}

function describe(transports: string, watched: Watched, before: Seen, after: Seen, reconciled: Reconciled) {
  const { firstMs, idleBytes, followedBytes, timers, delayP99Ms, delayMaxMs } = watched;
  const sockets = transports === 'polling' ? 0 : 1;
  const row = (label: string, value: string | number, target = '', isMet?: boolean) => [
    ...[label, transports, value, target],
    isMet === undefined ? '' : verdict(isMet),
  ];
  const atMost = (label: string, value: number, most: number, digits = 0) =>
    row(label, value.toFixed(digits), `≤ ${most}`, value <= most);
  return [
    row('all first snapshots, ms', firstMs.toFixed(0)),
    row(
      'WebSockets, before and after a restart',
      `${before.webSockets}, ${after.webSockets}`,
      `${sockets}, ${sockets}`,
      before.webSockets === sockets && after.webSockets === sockets,
    ),
    row('heap a job nobody listens to, bytes', idleBytes.toFixed(0)),
    atMost('heap a followed job, bytes', followedBytes, MOST.heapBytes),
    atMost('timers', timers, MOST.timers),
    atMost('event loop delay p99, ms', delayP99Ms, MOST.delayP99Ms, 1),
    row('event loop delay, most, ms', delayMaxMs.toFixed(1)),
    atMost('all reconciled after a restart, ms', reconciled.reconciledMs, MOST.reconciledMs),
    atMost('status calls at once', reconciled.mostInFlight, CONCURRENCY),
    row('status calls after the restart', after.calls),
  ];
}
