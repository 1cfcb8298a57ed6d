import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VideoClient } from 'reelwire';

const [baseUrl, transport] = process.argv.slice(2);
const client = new VideoClient({ baseUrl, transports: [transport], polling: { intervalMs: 20 } });

async function main() {
  const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
  const transports = new Set();
  job.on('update', (snapshot) => transports.add(snapshot.transport));
  const { status } = await job.completed();
  const file = join(tmpdir(), `reelwire-${process.pid}.mp4`);
  await (await job.download()).save(file);
  const saved = (await stat(file)).size > 1_000;
  await rm(file);
  await client.close();
  console.log(JSON.stringify({ status, transport: transports.has(transport) && transport, saved }));
}

main();
