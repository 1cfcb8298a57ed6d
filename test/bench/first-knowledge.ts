import { VideoClient } from '../../src/client/client.js';
import { startProgram } from './support/children.js';
import { median, printTable, verdict } from './support/table.js';

export const name = 'first-knowledge';

const ROUNDS = 31;
const MOST_OVER_MS = 5;
const WORLDS = [
  ['all healthy', 'ok', 'ok'],
  ['WebSocket a black hole', 'black hole', 'ok'],
  ['both streams black holes', 'black hole', 'black hole'],
] as const;

/** From `subscribe` to the first snapshot, beside one bare status call of the same round. */
export async function run(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const [label, ...faults] of WORLDS) {
    const server = await startProgram('push-server.mjs', ...faults);
    try {
      const bare: number[] = [];
      const ours: number[] = [];
      for (let round = -5; round < ROUNDS; round++) {
        const bareMs = await timed(() => callStatus(server.url));
        const oursMs = await timed(() => subscribe(server.url));
        if (round < 0) continue; // Warms up.
        bare.push(bareMs);
        ours.push(oursMs);
      }
      const over = median(ours) - median(bare);
      rows.push([
        label,
        ...[median(bare), median(ours), over].map((ms) => ms.toFixed(2)),
        (median(ours) / median(bare)).toFixed(2),
        `≤ ${MOST_OVER_MS}`,
        verdict(over <= MOST_OVER_MS),
      ]);
    } finally {
      await server.stop();
    }
  }
  printTable(
    [
      `first snapshot, median of ${ROUNDS}`,
      'status call ms',
      'subscribe ms',
      'over ms',
      'ratio',
      'target',
      '',
    ],
    rows,
  );
}

async function callStatus(url: string): Promise<unknown> {
  return (await fetch(`${url}/api/videos/status/job`)).json();
}

async function subscribe(url: string): Promise<void> {
  const client = new VideoClient({ baseUrl: url });
  try {
    await new Promise((resolve) => client.subscribe('job').on('update', resolve));
  } finally {
    client.close();
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}
