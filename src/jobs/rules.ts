import { RANKS, readRecord } from './read-record.js';
import type { JobRecord, RecordDraft } from './record.js';
import type { JobStoreQuery } from './store.js';

/** For how long records are kept after their last change, in milliseconds: longer than anybody tries again. */
const KEPT_MS = {
  submitting: 30 * 86_400_000,
  refused: 86_400_000,
  submitted: 30 * 86_400_000,
  completed: 7 * 86_400_000,
  failed: 7 * 86_400_000,
};

/**
 * Whether `add` writes where a store has this: only where there is nothing, or a record that was refused. What cannot be
 * read may be of a job that was paid for.
 */
export function admits(stored: unknown): boolean {
  return stored === undefined || readRecord(stored)?.state === 'refused';
}

/**
 * What `put` writes where a store has `stored`; undefined where all stays as it is: where there is nothing, where what is
 * there belongs to another submit, and where the record would move back or get another id.
 */
export function merged(stored: unknown, next: JobRecord): JobRecord | undefined {
  const before = readRecord(stored);
  // A key that was forgotten and used again is of another job.
  if (before === undefined || before.idempotencyKey !== next.idempotencyKey || before.key !== next.key)
    return undefined;
  const { state, jobId, error, decidedBy } = next;
  const updatedAt = Math.max(before.updatedAt, next.updatedAt);
  if (before.jobId !== undefined && before.jobId !== jobId) return undefined;
  // What was given as the idempotency key may be that of another process, too, which is submitting at this moment.
  if (state === 'refused' && before.createdAt !== next.createdAt) return undefined;
  if (state === 'submitting') {
    // Somebody tries once more, under the same key.
    return before.state === 'submitting' ? { ...before, decidedBy, updatedAt } : undefined;
  }
  if (RANKS[state] <= RANKS[before.state]) return undefined;
  const after: RecordDraft = { ...before, state, updatedAt };
  if (jobId !== undefined) after.jobId = jobId;
  if (error !== undefined) after.error = error;
  return after;
}

/** Whether a listing has this. What cannot be read is in that of all records alone. */
export function isListed(stored: unknown, { group, open }: JobStoreQuery = {}): boolean {
  const record = readRecord(stored);
  if (record === undefined) return group === undefined && open !== true;
  return (
    (group === undefined || record.group === group) &&
    (open !== true || (!hasEnded(record) && record.state !== 'refused'))
  );
}

/** Whether its job has ended, so that nothing more comes of it. */
export function hasEnded({ state }: JobRecord): boolean {
  return state === 'completed' || state === 'failed';
}

/** No clock that is set tells less: what was written by another, of a device that has just started, is of any age. */
const EARLIEST = Date.UTC(2025, 0);

/**
 * Until when a store keeps it, in milliseconds since the epoch. What cannot be read is kept until it is forgotten, and so is
 * what was written by a clock that was not set, until it is written again: a job may have been paid for.
 */
export function keptUntil(stored: unknown): number {
  const record = readRecord(stored);
  return record === undefined ? Number.POSITIVE_INFINITY : recordKeptUntil(record);
}

/** The same of what is known to be a record. */
export function recordKeptUntil({ state, updatedAt }: JobRecord): number {
  return updatedAt < EARLIEST ? Number.POSITIVE_INFINITY : updatedAt + KEPT_MS[state];
}
