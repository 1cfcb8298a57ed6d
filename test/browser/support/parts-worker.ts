import { isVideoError, VideoClient } from 'reelwire';

// The service worker of `parts.node.test.ts`: makes a video when it is told to, and says what came of it.
interface Told extends Event {
  readonly ports: readonly MessagePort[];
  waitUntil(work: Promise<unknown>): void;
}

const client = new VideoClient({ baseUrl: new URLSearchParams(location.search).get('server') ?? '' });

async function make(): Promise<object> {
  try {
    const job = await client.generate({ walletAddress: '0x123', script: 'A cat' });
    const { status } = await job.completed();
    return { status, bytes: (await (await job.download()).bytes()).length };
  } catch (error) {
    return isVideoError(error) ? { code: error.code, message: error.message } : { message: String(error) };
  }
}

addEventListener('message', (event) => {
  const told = event as unknown as Told;
  told.waitUntil(make().then((made) => told.ports[0]?.postMessage(made)));
});
