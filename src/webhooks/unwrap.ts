import type { WebhookEvent } from '../core/model.js';
import { isThere, type VerifyFromOptions, type VerifyOptions, type WebhookParts } from './check-delivery.js';
import { digestId, readEvent } from './events.js';
import { unwrapFrom } from './read-from.js';
import { verifySecret } from './verify.js';

/**
 * Verifies a delivery and tells what it says, in the same words for every dialect.
 *
 * Events that say nothing about a job come through as `unknown`.
 *
 * @param delivery - A `Request`, or body and headers as they came. No more than `maxBodyBytes` of it are read, and no
 * longer than `bodyTimeoutMs`.
 * @param options - Who is believed: a `secret`, or `from` a source.
 * @throws WebhookVerificationError with a `reason` and a hint.
 * @throws InvalidResponseError where what is signed is not JSON.
 * @example
 * const event = await unwrapWebhook(request, { secret: process.env.WEBHOOK_SECRET ?? '' });
 * if (event.type === 'job.completed') await publish(event.jobId);
 */
export async function unwrapWebhook(
  delivery: Request | WebhookParts,
  options: VerifyOptions | VerifyFromOptions,
): Promise<WebhookEvent> {
  // A Request holds its headers; its `body` is a stream, and not what is meant.
  const given: Request | WebhookParts = Object(delivery);
  const body = 'bodyUsed' in given ? given : given.body;
  const { headers } = given;
  if (options.from) return unwrapFrom({ body, headers }, options);
  // Spelled out: spreads would take a third of the time of it all.
  const { secret, scheme, toleranceSeconds, futureToleranceSeconds, maxBodyBytes, bodyTimeoutMs } = options;
  const { now = Date.now() } = options;
  const checked = verifySecret({
    body,
    headers,
    secret,
    scheme,
    toleranceSeconds,
    futureToleranceSeconds,
    now,
    maxBodyBytes,
    bodyTimeoutMs,
  });
  const verified = isThere(checked) ? checked : await checked;
  return readEvent(
    verified.body,
    verified.id ?? (await digestId(verified.body)),
    verified.timestamp,
    Number(now),
  );
}
