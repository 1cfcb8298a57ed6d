import { VideoClient, WebhookVerificationError } from 'reelwire';
import { verifyWebhookSignature } from 'reelwire/webhooks';

async function watch(baseUrl) {
  const client = new VideoClient({ baseUrl, transports: ['polling'], polling: { intervalMs: 20 } });
  const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
  const { status } = await job.completed();
  const bytes = await (await job.download()).bytes();
  const options = { body: '{}', headers: {}, secret: 'whsec_c2VjcmV0c2VjcmV0' };
  const reason = await verifyWebhookSignature(options).catch((error) => error);
  await client.close();
  return { status, downloaded: bytes.length > 1_000, refused: reason instanceof WebhookVerificationError };
}

globalThis.watched = watch(globalThis.SERVER_URL);
