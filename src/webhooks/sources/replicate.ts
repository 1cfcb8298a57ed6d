import type { JobUpdate } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import { readPrediction } from '../../core/replicate-prediction.js';
import { jobIdOf } from '../events.js';
import type { WebhookSource } from '../source.js';
import { type SignedSourceOptions, STANDARD, signedSource } from './signed.js';

/**
 * The webhooks of Replicate: the prediction itself, signed by Standard Webhooks. The secret is what
 * `GET /v1/webhooks/default/secret` calls `key`; an account has one.
 *
 * Source: replicate.com/docs/topics/webhooks, and `validateWebhook` of its client, with which a test compares this one.
 *
 * @throws WebhookVerificationError `bad-secret`
 * @example
 * createWebhookHandler({ from: replicateWebhooks({ secret: process.env.REPLICATE_WEBHOOK_SECRET }), onCompleted });
 */
export function replicateWebhooks(options: SignedSourceOptions): WebhookSource {
  return signedSource(options, STANDARD, { name: 'replicate', read });
}

/** A delivery is what the status call answers with. */
function read(body: unknown): JobUpdate | undefined {
  const jobId = isRecord(body) ? jobIdOf(body.id) : undefined;
  return isRecord(body) && jobId !== undefined ? readPrediction(body, jobId) : undefined;
}
