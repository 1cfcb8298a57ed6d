import type { WebhookEvent } from '../core/model.js';
import { readEvent } from './events.js';
import { type VerifyOptions, verifyWebhookSignature, type WebhookParts } from './verify.js';

/**
 * Verifies a delivery and tells what it says, in the same words for every dialect.
 *
 * Events that say nothing about a job come through as `unknown`.
 *
 * @param delivery - A `Request`, or body and headers as they came.
 * @throws WebhookVerificationError with a `reason` and a hint.
 * @throws InvalidResponseError where what is signed is not JSON.
 * @example
 * const event = await unwrapWebhook(request, { secret: process.env.WEBHOOK_SECRET });
 * if (event.type === 'job.completed') await publish(event.jobId);
 */
export async function unwrapWebhook(
  delivery: Request | WebhookParts,
  options: VerifyOptions,
): Promise<WebhookEvent> {
  // A Request holds its headers; its `body` is a stream, and not what is meant.
  const parts: WebhookParts =
    'bodyUsed' in delivery ? { body: delivery, headers: delivery.headers } : delivery;
  const verified = await verifyWebhookSignature({ ...options, ...parts });
  return readEvent(verified.body, verified, Number(options.now ?? Date.now()));
}
