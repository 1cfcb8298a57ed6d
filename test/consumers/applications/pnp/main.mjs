import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [format] = process.argv.slice(2);
const load = format === 'cjs' ? createRequire(import.meta.url) : (name) => import(name);
const { VideoClient } = await load('reelwire');
const { fileJobs } = await load('reelwire/jobs/node');
const { createMockServer } = await load('reelwire/mock-server');

const server = await createMockServer({ durationMs: 1_500 });
const told = { saved: [], resumed: [] };
for (const transport of ['websocket', 'sse', 'polling']) {
  const jobs = fileJobs(`jobs-${format}-${transport}`);
  const options = { baseUrl: server.url, transports: [transport], polling: { intervalMs: 20 }, jobs };
  const first = new VideoClient(options);
  await first.generate({ walletAddress: '0x123', script: 'Explain blockchain' }, { key: transport });
  await first.close();

  const client = new VideoClient(options);
  for await (const { record, job } of client.resume()) {
    const used = new Set();
    job.on('update', (snapshot) => used.add(snapshot.transport));
    await job.completed();
    if (used.has(transport)) told.resumed.push(record.key);
    const file = join(process.cwd(), `${format}-${transport}.mp4`);
    await (await job.download()).save(file);
    if (statSync(file).size > 1_000) told.saved.push(transport);
  }
  await client.forget(transport);
  await client.close();
}
await server.close();
console.log(JSON.stringify(told));
