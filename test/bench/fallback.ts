import { runProgram, startProgram } from './support/children.js';
import { median, printTable, verdict } from './support/table.js';

export const name = 'fallback';

const CUT_OFF_MS = 15_000;
const PEERS = ['centrifuge', 'signalr'] as const;
const FAULTS = [
  { fault: 'black hole', mostMs: 300 },
  { fault: 'refused', mostMs: 20 },
] as const;

/** fal has a stream a job and no WebSocket: where that does not get through, jobs are polled. */
async function falRows(): Promise<(string | number)[][]> {
  const rows: (string | number)[][] = [];
  for (const { fault, mostMs } of FAULTS) {
    const server = await startProgram('push-server.mjs', 'ok', fault);
    try {
      const measure = async (client: string) =>
        median((await runProgram('fallback-client.mjs', client, server.url)) as number[]);
      const alone = await measure('fal, polling alone');
      const ours = await measure('fal, SSE then polling');
      const row = (label: string, ms: number, ...more: string[]) => [
        `fal, SSE ${fault}: ${label}, to the second status`,
        ...[ms.toFixed(1), (ms / ours).toFixed(2), ...more],
      ];
      rows.push(row('polling alone', alone, '', ''));
      rows.push(row('SSE, then polling', ours, `≤ ${mostMs} + polling`, verdict(ours <= mostMs + alone)));
    } finally {
      await server.stop();
    }
  }
  return rows;
}

/** The same of ComfyUI, which has no SSE: the time until polling serves. */
async function comfyRows(fault: string, mostMs: number): Promise<(string | number)[][]> {
  const server = await startProgram('comfy-server.mjs', fault);
  try {
    const measure = async (client: string) =>
      median((await runProgram('fallback-client.mjs', client, server.url)) as number[]);
    const alone = await measure('comfyUI, polling alone');
    const ours = await measure('comfyUI');
    const target = [`≤ ${mostMs} + polling`, verdict(ours <= mostMs + alone)];
    return [
      [`WebSocket ${fault}: comfyUI with polling alone`, alone.toFixed(1), (alone / ours).toFixed(2), '', ''],
      [`WebSocket ${fault}: comfyUI`, ours.toFixed(1), '1.00', ...target],
    ];
  } finally {
    await server.stop();
  }
}

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
      rows.push(...(await comfyRows(fault, mostMs)));
      for (const peer of PEERS) rows.push(row(peer, await measure(peer), '', ''));
    } finally {
      await server.stop();
    }
  }
  rows.push(...(await falRows()));
  printTable(['to the first pushed update, median of 7', 'ms', 'ratio', 'target ms', ''], rows);
}
