import { openAIVideos, VideoClient } from 'reelwire';
import { expect, it } from 'vitest';

// jsdom's own WebSocket needs the events of its own window, which Node's are not; the streams of happy-dom throw when they
// are cut off.
const transports = 'happyDOM' in window ? ['polling'] : ['sse', 'polling'];
it.each(transports)('generates, follows by %s and downloads', async (transport) => {
  const client = new VideoClient({
    baseUrl: process.env.SERVER_URL,
    transports: [transport],
    polling: { intervalMs: 20 },
  });
  const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
  await job.completed();
  expect((await (await job.download()).bytes()).length).toBeGreaterThan(1_000);
  await client.close();
});

it('sends a picture, though the Blob of jsdom reads no bytes', async () => {
  const client = new VideoClient({ baseUrl: process.env.SERVER_URL, backend: openAIVideos() });
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0);
  const job = await client.generate({ model: 'sora-2', prompt: 'A cat', input_reference: png });
  expect(job.id).toMatch(/^video_/);
  await client.close();
});
