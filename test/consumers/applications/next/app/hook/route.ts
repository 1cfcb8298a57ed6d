import { createWebhookHandler } from 'reelwire/webhooks';

// It is not set when this is built.
export const POST = createWebhookHandler({
  secret: () => process.env.WEBHOOK_SECRET ?? '',
  onCompleted: ({ jobId }) => console.log(jobId),
});
