import { VideoClient } from 'reelwire';

/** What a page would do with the server at `baseUrl`. */
export async function watch(baseUrl) {
  const client = new VideoClient({ baseUrl, transports: ['sse', 'polling'], polling: { intervalMs: 20 } });
  try {
    const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
    const { status } = await job.completed();
    const bytes = await (await job.download()).bytes();
    return { status, downloaded: bytes.length > 1_000 };
  } finally {
    client.close();
  }
}
