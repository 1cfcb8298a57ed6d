import { runProgram, startProgram } from './support/children.js';
import { median, printTable, verdict } from './support/table.js';

export const name = 'fallback';

const CUT_OFF_MS = 15_000;
const PEERS = ['centrifuge', 'signalr'] as const;
const FAULTS = [
  { fault: 'black hole', mostMs: 300 },
  { fault: 'refused', mostMs: 20 },
] as const;

/** Where WebSocket does not get through: the time to the first update pushed over SSE, beside peers. */
export async function run(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const { fault, mostMs } of FAULTS) {
    const server = await startProgram('push-server.mjs', fault, 'ok');
    try {
      const measure = async (client: string) =>
        median((await runProgram('fallback-client.mjs', client, server.url)) as number[]);
      const connect = await measure('reelwire, SSE alone');
      const ours = await measure('reelwire');
      const row = (label: string, ms: number, ...more: string[]) => [
        `WebSocket ${fault}: ${label}`,
        ms >= CUT_OFF_MS ? `> ${CUT_OFF_MS}` : ms.toFixed(1),
        (ms / ours).toFixed(2),
        ...more,
      ];
      const most = mostMs + connect;
      rows.push(row('reelwire with SSE alone (connect)', connect, '', ''));
      rows.push(row('reelwire', ours, `≤ ${mostMs} + connect`, verdict(ours <= most)));
      for (const peer of PEERS) rows.push(row(peer, await measure(peer), '', ''));
    } finally {
      await server.stop();
    }
  }
  printTable(['to the first pushed update, median of 7', 'ms', 'ratio', 'target ms', ''], rows);
}
