import { type Fields, idOf, readUpdate } from '../core/fields.js';
import { applyUpdate } from '../core/job-state.js';
import { parseJson } from '../core/json.js';
import type { JobUpdate, WebhookEvent } from '../core/model.js';
import { isRecord } from '../core/record.js';
import { readVidBuilderUpdate } from '../core/vid-builder-update.js';
import { InvalidResponseError } from '../errors.js';
import { sha256 } from './crypto/node.js';

/** No server makes ids as long. */
const MAX_ID_LENGTH = 512;

/** The id of a delivery that has none of its own, or whose sender does not sign it: a digest of the body. */
export async function digestId(body: string | Uint8Array): Promise<string> {
  return `sha256:${await sha256(body)}`;
}

/**
 * What a delivery says, in the same words for every dialect. Which dialect it is, its fields tell.
 *
 * @param id - Of the delivery.
 * @param signedAt - When it was signed, where that is known.
 * @throws InvalidResponseError where the body is not JSON.
 */
export function readEvent(
  body: string | Uint8Array,
  id: string,
  signedAt: Date | undefined,
  nowMs: number,
): WebhookEvent {
  const raw = parse(body);
  const timestamp = timeOf(raw) ?? signedAt ?? new Date(nowMs);
  const update = isRecord(raw) ? (openAIUpdate(raw) ?? gatewayUpdate(raw)) : undefined;
  if (update === undefined) return { id, type: 'unknown', timestamp, raw };
  const { jobId } = update;
  if (update.status === undefined) return { id, type: 'unknown', jobId, timestamp, raw };
  const snapshot = applyUpdate(undefined, update, 'webhook', nowMs);
  return { id, type: `job.${snapshot.status}`, jobId, snapshot, timestamp, raw };
}

/** `{ type: 'video.completed', data: { id, error? } }`; events of other kinds have other types. */
function openAIUpdate(raw: Fields): JobUpdate | undefined {
  const { type, data } = raw;
  if (typeof type !== 'string' || !type.startsWith(VIDEO_EVENT) || !isRecord(data)) return undefined;
  const jobId = jobIdOf(data.id);
  if (jobId === undefined) return undefined;
  const update: { -readonly [K in keyof JobUpdate]: JobUpdate[K] } = readUpdate(
    // What happened is in the type; a status beside it may be older.
    data.status === undefined ? data : { ...data, status: undefined },
    jobId,
    type.slice(VIDEO_EVENT.length),
  );
  update.raw = raw;
  return update;
}

const VIDEO_EVENT = 'video.';

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
  const text =
    typeof body !== 'string'
      ? new TextDecoder().decode(body)
      : body.startsWith('\uFEFF')
        ? body.slice(1)
        : body;
  try {
    return parseJson(text);
  } catch (cause) {
    throw new InvalidResponseError('the body of the webhook is not JSON, though it is signed', {
      hint: 'Look at what the sender writes; it may compress the body.',
      cause,
    });
  }
}
