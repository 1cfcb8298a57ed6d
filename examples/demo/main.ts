/** From install to a video on disk: starts the mock server, generates a video, follows it and saves it. */
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { VideoClient } from 'reelwire';
import { createMockServer } from 'reelwire/mock-server';
import { durationOf } from './mp4.js';
import { createProgressDisplay } from './progress.js';

const folder = 'videos';

const server = await createMockServer({ durationMs: 3_000 });
console.log(`Mock server at ${server.url}`);
const client = new VideoClient({ baseUrl: server.url });

const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
console.log(`Job ${job.id} submitted`);

const display = createProgressDisplay();
job.on('transport', ({ transport }) => display.transport(transport ?? 'none'));
job.on('update', (snapshot) => display.update(snapshot));
try {
  await job.completed();
} finally {
  display.stop();
}

const video = await job.download();
await mkdir(folder, { recursive: true });
const path = join(folder, video.filename);
await video.save(path);
console.log(`Saved ${relative('.', path)}: ${await durationOf(path)} s of video, ${video.size} bytes`);

client.close();
await server.close();
