import { isJobId } from '../core/job-id.js';
import { isRecord } from '../core/record.js';
import type { JobRecord, JobRecordState, RecordDraft } from './record.js';

/** How far each state is. A record moves to a greater one, and never back. */
export const RANKS: Readonly<Record<JobRecordState, number>> = {
  submitting: 0,
  refused: 1,
  submitted: 2,
  completed: 3,
  failed: 3,
};

/** 1 to 255 printable ASCII characters, without spaces. */
export function isJobKey(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,255}$/.test(value);
}

/**
 * What a store had, as a record; undefined where it is none of this version. Fields of others are dropped: whoever
 * wrote them knows what they mean. It is read several times a job, and so field by field, without a table of checks.
 */
export function readRecord(value: unknown): JobRecord | undefined {
  if (!isRecord(value)) return undefined;
  const { version, key, backend, baseUrl, state, idempotencyKey, inputDigest } = value;
  const { decidedBy, createdAt, updatedAt } = value;
  // A store may know no undefined.
  const group = value.group ?? undefined;
  const jobId = value.jobId ?? undefined;
  const error = value.error ?? undefined;
  if (version !== 1 || !isJobKey(key) || !isJobKey(idempotencyKey) || !isState(state)) return undefined;
  if (!isText(backend) || !isText(baseUrl) || !isText(inputDigest)) return undefined;
  if (!isTime(decidedBy) || !isTime(createdAt) || !isTime(updatedAt)) return undefined;
  if (group !== undefined && !isText(group)) return undefined;
  if (error !== undefined && !isText(error)) return undefined;
  if (jobId !== undefined && !(isText(jobId) && isJobId(jobId))) return undefined;
  if ((jobId !== undefined) !== RANKS[state] >= RANKS.submitted) return undefined;
  // biome-ignore format: one line.
  const record: RecordDraft = { version, key, backend, baseUrl, state, idempotencyKey, inputDigest, decidedBy, createdAt, updatedAt };
  if (group !== undefined) record.group = group;
  if (jobId !== undefined) record.jobId = jobId;
  if (error !== undefined) record.error = error;
  if (value.metadata !== undefined && value.metadata !== null) record.metadata = value.metadata;
  return record;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Milliseconds since the epoch. */
function isTime(value: unknown): value is number {
  return Number.isFinite(value);
}

function isState(value: unknown): value is JobRecordState {
  return isText(value) && Object.hasOwn(RANKS, value);
}
