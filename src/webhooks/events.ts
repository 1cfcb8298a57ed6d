import { type Fields, idOf, readUpdate } from '../backends/fields.js';
import { readVidBuilderUpdate } from '../backends/vid-builder-update.js';
import { applyUpdate } from '../core/job-state.js';
import type { JobUpdate, WebhookEvent } from '../core/model.js';
import { isRecord } from '../core/record.js';
import { InvalidResponseError } from '../errors.js';
import { sha256 } from './crypto.js';

/** What the scheme signed beside the body. */
export interface SignedParts {
  readonly id?: string;
  readonly timestamp?: Date;
}

/** No server makes ids as long. */
const MAX_ID_LENGTH = 512;

/**
 * What a delivery says, in the same words for every dialect. Which dialect it is, its fields tell.
 *
 * @throws InvalidResponseError where the body is not JSON.
 */
export async function readEvent(
  body: string | Uint8Array,
  signed: SignedParts,
  nowMs: number,
): Promise<WebhookEvent> {
  const raw = parse(body);
  const base = {
    id: signed.id ?? `sha256:${await sha256(body)}`,
    timestamp: timeOf(raw) ?? signed.timestamp ?? new Date(nowMs),
    raw,
  };
  const update = isRecord(raw) ? (openAIUpdate(raw) ?? gatewayUpdate(raw)) : undefined;
  if (update?.status === undefined) {
    return { ...base, type: 'unknown', ...(update !== undefined && { jobId: update.jobId }) };
  }
  const snapshot = applyUpdate(undefined, { ...update, raw }, 'webhook', nowMs);
  return { ...base, type: `job.${snapshot.status}`, jobId: update.jobId, snapshot };
}

/** `{ type: 'video.completed', data: { id, error? } }`; events of other kinds have other types. */
function openAIUpdate({ type, data }: Fields): JobUpdate | undefined {
  if (typeof type !== 'string' || !isRecord(data)) return undefined;
  const jobId = jobIdOf(data.id);
  const [, word] = /^video\.(\w+)$/.exec(type) ?? [];
  return jobId === undefined || word === undefined ? undefined : readUpdate({ ...data, status: word }, jobId);
}

/** `{ jobId, status, … }`, of the gateway and of vidBuilder: what only one of them has does not hurt the other. */
function gatewayUpdate(raw: Fields): JobUpdate | undefined {
  const jobId = jobIdOf(raw.jobId);
  return jobId === undefined ? undefined : readVidBuilderUpdate(raw, jobId);
}

function jobIdOf(value: unknown): string | undefined {
  const id = idOf(value);
  return id !== undefined && id.length <= MAX_ID_LENGTH ? id : undefined;
}

/** When it happened. Senders write seconds (`created_at`), or a date as text. */
function timeOf(raw: unknown): Date | undefined {
  if (!isRecord(raw)) return undefined;
  const value = typeof raw.created_at === 'number' ? raw.created_at * 1_000 : raw.timestamp;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function parse(body: string | Uint8Array): unknown {
  // The decoder drops a byte order mark; JSON.parse would not take it.
  const text = typeof body === 'string' ? body.replace(/^\uFEFF/, '') : new TextDecoder().decode(body);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidResponseError('the body of the webhook is not JSON, though it is signed', {
      hint: 'Look at what the sender writes; it may compress the body.',
      cause,
    });
  }
}
