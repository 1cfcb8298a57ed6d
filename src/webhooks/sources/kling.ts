import { dateOf, type Fields, readUpdate, textOf } from '../../core/fields.js';
import type { JobOutput, JobStatus, JobUpdate } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import { jobIdOf } from '../events.js';
import type { WebhookSource } from '../source.js';
import { type SignedSourceOptions, STANDARD, signedSource } from './signed.js';

/**
 * The callbacks of Kling, one for each change of a task. Signed by Standard Webhooks, once there is a secret in its
 * console; no signature comes before that, and is refused.
 *
 * Source: Kling's document "Callbacks" (document-api), which publishes a vector that a test here holds. The fields of the API
 * of before 2026 (`task_id`, `task_status`) are read as well.
 *
 * @throws WebhookVerificationError `bad-secret`
 * @example
 * createWebhookHandler({ from: klingWebhooks({ secret: process.env.KLING_WEBHOOK_SECRET }), onCompleted });
 */
export function klingWebhooks(options: SignedSourceOptions): WebhookSource {
  return signedSource(options, STANDARD, { name: 'kling', read });
}

const WORDS = new Map<string, JobStatus>([
  ['submitted', 'queued'],
  ['succeed', 'completed'],
]);

/** How long Kling keeps what it made. */
const KEPT_MS = 2_592_000_000;

function read(body: unknown): JobUpdate | undefined {
  if (!isRecord(body)) return undefined;
  const { id = body.task_id, status = body.task_status, message = body.task_status_msg } = body as Fields;
  const jobId = jobIdOf(id);
  if (jobId === undefined) return undefined;
  const update = readUpdate({ status, message }, jobId, undefined, WORDS);
  const result = isRecord(body.task_result) ? body.task_result.videos : undefined;
  const outputs = videosOf(body.outputs ?? result);
  const createdMs = body.create_time ?? body.created_at;
  return {
    ...update,
    ...(outputs.length > 0 && { outputs }),
    expiresAt: typeof createdMs === 'number' ? dateOf((createdMs + KEPT_MS) / 1_000) : undefined,
    raw: body,
  };
}

/** Far more than a task makes. */
const MAX_OUTPUTS = 1_000;

/** An output may be of another kind, too: an image, or sound. */
function videosOf(value: unknown): JobOutput[] {
  const files: readonly unknown[] = Array.isArray(value) ? value.slice(0, MAX_OUTPUTS) : [];
  return files.flatMap((file): JobOutput[] => {
    const url = isRecord(file) && (file.type ?? 'video') === 'video' ? textOf(file.url) : undefined;
    return url === undefined ? [] : [{ url }];
  });
}
