// A thousand submits by generateMany, with records in memory and without, in turns: many-client.mjs <url>
import { VideoClient } from '../../../dist/esm/index.js';
import { memoryJobs } from '../../../dist/esm/jobs/index.js';

const INPUTS = Array.from({ length: 1_000 }, (_, i) => ({ walletAddress: '0x123', script: `Video ${i}` }));
const WARM_UPS = 2;
const ROUNDS = 9;

const [baseUrl] = process.argv.slice(2);

async function submitAll(isKept) {
  const client = new VideoClient({ baseUrl, ...(isKept && { jobs: memoryJobs() }) });
  const ids = new Set();
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  for await (const { job, error } of client.generateMany(INPUTS, { concurrency: 20 })) {
    if (job === undefined) throw error;
    ids.add(job.id);
  }
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (ids.size !== INPUTS.length) throw new Error(`${ids.size} jobs`);
  await client.close();
  return { ms, cpuMs: (user + system) / 1_000 };
}

const result = { inputs: INPUTS.length, without: [], kept: [] };
for (let round = -WARM_UPS; round < ROUNDS; round++) {
  for (const name of round % 2 === 0 ? ['without', 'kept'] : ['kept', 'without']) {
    const measured = await submitAll(name === 'kept');
    if (round >= 0) result[name].push(measured);
  }
}
console.log(JSON.stringify(result));
