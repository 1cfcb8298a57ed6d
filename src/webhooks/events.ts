import { type Fields, idOf, readUpdate } from '../core/fields.js';
import { isJobId } from '../core/job-id.js';
import { applyUpdate } from '../core/job-state.js';
import { parseJson } from '../core/json.js';
import type { JobStatus, JobUpdate, WebhookEvent } from '../core/model.js';
import { isRecord } from '../core/record.js';
import { readVidBuilderUpdate } from '../core/vid-builder-update.js';
import { InvalidResponseError } from '../errors.js';
import { sha256 } from './crypto/node.js';

/** The id of a delivery that has none of its own, or whose sender does not sign it: a digest of the body. */
export async function digestId(body: string | Uint8Array): Promise<string> {
  return `sha256:${await sha256(body)}`;
}

/**
 * The id that a source has for a delivery, or the digest. None holds a line break: what a store is asked for a job has
 * one, so that the two are never the same.
 */
export async function deliveryId(id: unknown, body: string | Uint8Array): Promise<string> {
  if (typeof id !== 'string' || id === '') return digestId(body);
  return id.includes('\n') ? digestId(id) : id;
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
  const raw = parseBody(body);
  const timestamp = timeOf(raw) ?? signedAt ?? new Date(nowMs);
  const update = isRecord(raw) ? (openAIUpdate(raw) ?? gatewayUpdate(raw)) : undefined;
  return eventOf(update, id, timestamp, raw, nowMs);
}

/** @param update - Its id has been checked; what is said in words that are none is `unknown`. */
export function eventOf(
  update: JobUpdate | undefined,
  id: string,
  timestamp: Date,
  raw: unknown,
  nowMs: number,
): WebhookEvent {
  if (update === undefined) return { id, type: 'unknown', timestamp, raw };
  const { jobId } = update;
  if (!isStatus(update.status)) return { id, type: 'unknown', jobId, timestamp, raw };
  const snapshot = applyUpdate(undefined, update, 'webhook', nowMs);
  return { id, type: `job.${snapshot.status}`, jobId, snapshot, timestamp, raw };
}

export function isStatus(word: unknown): word is JobStatus {
  return word === 'queued' || word === 'processing' || word === 'completed' || word === 'failed';
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

/** Undefined for what cannot be the id of a job; a number, as some servers send it, becomes a text. */
export function jobIdOf(value: unknown): string | undefined {
  const id = typeof value === 'number' ? idOf(value) : value;
  return typeof id === 'string' && isJobId(id) ? id : undefined;
}

/** When it happened. Senders write seconds (`created_at`), or a date as text. */
function timeOf(raw: unknown): Date | undefined {
  if (!isRecord(raw)) return undefined;
  const value = typeof raw.created_at === 'number' ? raw.created_at * 1_000 : raw.timestamp;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** As text, without a byte order mark: the decoder drops it, and `JSON.parse` would not take it. */
export function decodeBody(body: string | Uint8Array): string {
  if (typeof body !== 'string') return new TextDecoder().decode(body);
  return body.startsWith('\uFEFF') ? body.slice(1) : body;
}

/** The body is not JSON: the sender's fault, where the same error of a caller's function is the receiver's. */
export class UnreadableBodyError extends InvalidResponseError {}

/** @throws UnreadableBodyError */
export function parseBody(body: string | Uint8Array, isSigned = true): unknown {
  try {
    return parseJson(decodeBody(body));
  } catch (cause) {
    const signed = isSigned ? ', though it is signed' : '';
    throw new UnreadableBodyError(`the body of the webhook is not JSON${signed}`, {
      hint: 'Look at what the sender writes; it may compress the body.',
      cause,
    });
  }
}
