import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VideoClient } from 'reelwire';
import { createMockServer } from 'reelwire/mock-server';

const folder = await mkdtemp(join(tmpdir(), 'reelwire-consumer-'));
const server = await createMockServer({ durationMs: 50 });
const client = new VideoClient({ baseUrl: server.url, polling: { intervalMs: 20 } });
try {
  const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
  const { status } = await job.completed();
  const file = join(folder, 'out.mp4');
  await (await job.download()).save(file);
  console.log(JSON.stringify({ status, saved: (await stat(file)).size > 1_000 }));
} finally {
  client.close();
  await server.close();
  await rm(folder, { recursive: true });
}
