import { VideoClient, WebhookVerificationError } from 'reelwire';
import { verifyWebhookSignature } from 'reelwire/webhooks';

/** What a page would do with the server at `baseUrl`. */
export async function watch(baseUrl) {
  const client = new VideoClient({ baseUrl, transports: ['sse', 'polling'], polling: { intervalMs: 20 } });
  try {
    const job = await client.generate({ walletAddress: '0x123', script: 'Explain blockchain' });
    const { status } = await job.completed();
    const bytes = await (await job.download()).bytes();
    const reason = await verifyWebhookSignature({
      body: '{}',
      headers: {},
      secret: 'whsec_c2VjcmV0c2VjcmV0',
    }).catch((error) => error);
    const refused = reason instanceof WebhookVerificationError && reason.reason === 'missing-header';
    return { status, downloaded: bytes.length > 1_000, refused };
  } finally {
    client.close();
  }
}
