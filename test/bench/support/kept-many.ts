import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { VideoClient } from '../../../src/client/client.js';
import { memoryJobs } from '../../../src/jobs/memory.js';
import { median, printTable, verdict } from './table.js';

const INPUTS = Array.from({ length: 1_000 }, (_, i) => ({ walletAddress: '0x123', script: `Video ${i}` }));
const ROUNDS = 9;
const LEAST_RATIO = 0.85;

/** A thousand submits by `generateMany`, with records in memory and without, against a server that does next to nothing. */
export async function measureMany(): Promise<void> {
  let jobs = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ jobId: `job-${jobs++}` }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [without, kept]: [number[], number[]] = [[], []];
  // In turns; the first ones warm up.
  for (let round = -2; round < ROUNDS; round++) {
    for (const times of round % 2 === 0 ? [without, kept] : [kept, without]) {
      const ms = await cpuMsOf(baseUrl, times === kept);
      if (round >= 0) times.push(ms);
    }
  }
  server.close();
  server.closeAllConnections();
  const ratio = median(without) / median(kept);
  printTable(
    [`generateMany of ${INPUTS.length}`, 'CPU ms', 'ratio', `at least ${LEAST_RATIO}`],
    [
      ['without records', median(without).toFixed(0), '1.00', ''],
      ['with memoryJobs', median(kept).toFixed(0), ratio.toFixed(2), verdict(ratio >= LEAST_RATIO)],
    ],
  );
}

/** Time of the processor, of which nobody else's work is a part. */
async function cpuMsOf(baseUrl: string, isKept: boolean): Promise<number> {
  const client = new VideoClient({ baseUrl, ...(isKept && { jobs: memoryJobs() }) });
  globalThis.gc?.();
  const before = process.cpuUsage();
  const ids = new Set<string>();
  for await (const { job, error } of client.generateMany(INPUTS, { concurrency: 20 })) {
    if (job === undefined) throw error;
    ids.add(job.id);
  }
  const { user, system } = process.cpuUsage(before);
  if (ids.size !== INPUTS.length) throw new Error(`${ids.size} jobs`);
  await client.close();
  return (user + system) / 1_000;
}
