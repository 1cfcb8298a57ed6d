import { dateOf, readUpdate } from '../../core/fields.js';
import type { JobStatus, JobUpdate } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import { jobIdOf } from '../events.js';
import type { WebhookSource } from '../source.js';
import { outputsOf } from './outputs.js';
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

const WORDS = new Map<string, JobStatus>([
  ['starting', 'queued'],
  // Ended before it began: by its deadline, or cancelled in the queue.
  ['aborted', 'failed'],
]);

/** Replicate deletes what the API made an hour after its end. */
const KEPT_MS = 3_600_000;

function read(body: unknown): JobUpdate | undefined {
  if (!isRecord(body)) return undefined;
  const jobId = jobIdOf(body.id);
  if (jobId === undefined) return undefined;
  const { status, error, output, completed_at, data_removed } = body;
  const update = readUpdate({ status, error }, jobId, undefined, WORDS);
  // A model that makes several things gives an object of them.
  const files = (isRecord(output) ? Object.values(output) : [output]).flat();
  const outputs = outputsOf(files.filter((file) => typeof file === 'string' && /^https?:\/\//i.test(file)));
  const endedAt = dateOf(completed_at);
  return {
    ...update,
    errorCode: status === 'canceled' || status === 'aborted' ? 'cancelled' : update.errorCode,
    outputs,
    expiresAt: endedAt && new Date(endedAt.getTime() + KEPT_MS),
    gone: data_removed === true ? 'Replicate has deleted what it made' : undefined,
    raw: body,
  };
}
