import { runProgram, startProgram } from './support/children.js';
import { printTable, verdict } from './support/table.js';

export const name = 'bound';

/** Each status call is answered after so long. */
const CALL_MS = 20;
const INTERVAL_MS = 5_000;
const CONCURRENCY = 6;
const JOBS = [1, 300, 10_000];

interface Told {
  readonly medianMs: number;
  readonly worstMs: number;
}

/** From the moment the server knows of the ends of all jobs to their being told, by polling alone, with defaults. */
export async function run(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const jobs of JOBS) {
    const server = await startProgram('slow-status-server.mjs', String(CALL_MS));
    try {
      const { medianMs, worstMs } = (await runProgram('bound-client.mjs', server.url, String(jobs))) as Told;
      // The README's bound without what does not happen here: no call hangs, and no stream is silent.
      const boundMs = 1.2 * INTERVAL_MS + CALL_MS + (jobs * CALL_MS) / CONCURRENCY;
      const cells = [jobs, medianMs.toFixed(0), worstMs.toFixed(0), `≤ 1.1 × ${boundMs.toFixed(0)}`];
      rows.push([...cells, verdict(worstMs <= 1.1 * boundMs)]);
    } finally {
      await server.stop();
    }
  }
  printTable([`jobs, polled, ${CALL_MS} ms a call`, 'median ms', 'worst ms', 'bound ms', ''], rows);
}
