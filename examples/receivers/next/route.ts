/** A route handler of Next: save it as `app/webhook/route.ts`. The Request comes with its body unread. */
import { createWebhookHandler } from 'reelwire/webhooks';

export const POST = createWebhookHandler({
  // A function, for `next build` loads this file where there is no secret.
  secret: () => process.env.WEBHOOK_SECRET,
  onCompleted: ({ jobId, snapshot }) =>
    console.log(`${jobId} is ready: ${snapshot.videoUrl ?? 'download it'}`),
  onFailed: ({ jobId, snapshot }) => console.error(`${jobId} failed: ${snapshot.error}`),
});
