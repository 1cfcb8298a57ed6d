import { type Check, optional } from '../core/check.js';
import { isJobId } from '../core/job-id.js';
import { isRecord } from '../core/record.js';
import type { JobRecord, JobRecordState } from './record.js';

/** What a record holds, each field by its check. Nobody sees the words: what does not fit is not a record. */
const FIELDS: Readonly<Record<keyof JobRecord, Check>> = {
  version: is((value) => value === 1),
  key: is(isJobKey),
  group: optional(is((value) => typeof value === 'string')),
  backend: is((value) => typeof value === 'string'),
  baseUrl: is((value) => typeof value === 'string'),
  state: is((value) => Object.hasOwn(RANKS, value as string)),
  idempotencyKey: is(isJobKey),
  inputDigest: is((value) => typeof value === 'string'),
  decidedBy: is(Number.isFinite),
  jobId: optional(is((value) => typeof value === 'string' && isJobId(value))),
  error: optional(is((value) => typeof value === 'string')),
  metadata: () => undefined,
  createdAt: is(Number.isFinite),
  updatedAt: is(Number.isFinite),
};

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
 * wrote them knows what they mean.
 */
export function readRecord(value: unknown): JobRecord | undefined {
  if (!isRecord(value)) return undefined;
  const entries: [string, unknown][] = [];
  for (const [name, check] of Object.entries(FIELDS)) {
    const field = value[name] ?? undefined; // A store may know no undefined.
    if (check(field) !== undefined) return undefined;
    if (field !== undefined) entries.push([name, field]);
  }
  // Checked, field by field.
  const record = Object.fromEntries(entries) as unknown as JobRecord;
  const hasId = record.jobId !== undefined;
  return hasId === RANKS[record.state] >= RANKS.submitted ? record : undefined;
}

function is(test: (value: unknown) => boolean): Check {
  return (value) => (test(value) ? undefined : 'is wrong');
}
