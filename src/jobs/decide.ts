import type { JobRecord } from './record.js';

/** What a key is asked for. */
export interface Asked {
  readonly group: string | undefined;
  readonly backend: string;
  readonly baseUrl: string;
  readonly inputDigest: string;
  /** The caller's, who says by it that the server honours one, where the backend says nothing. */
  readonly idempotencyKey: string | undefined;
  readonly idempotency: 'none' | { readonly windowMs: number } | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The same by the clock of whoever wrote the record, where that is ahead. */
  readonly writersNow: number;
}

export type AskedAtAnyTime = Omit<Asked, 'now' | 'writersNow'>;

/** What is to be done about it. */
export type Decision =
  /** Write a record, and send it. */
  | { readonly do: 'submit' }
  /** Wait for the submit of this client that is under way. */
  | { readonly do: 'join' }
  /** Somebody may still get the answer: look again, until then. */
  | { readonly do: 'wait'; readonly untilMs: number }
  /** Send it again, under the key that is recorded. */
  | { readonly do: 'repeat' }
  | { readonly do: 'attach'; readonly jobId: string }
  /** Nobody knows whether a job was made; nothing is sent. */
  | { readonly do: 'unknown' }
  /** The key is that of something else; nothing is sent. */
  | { readonly do: 'refuse'; readonly other: 'group' | 'server' | 'input' };

/** What `generate` with a key does: the whole table. */
export function decide(record: JobRecord | undefined, asked: Asked): Decision {
  if (record === undefined) return { do: 'submit' };
  if (record.group !== asked.group) return { do: 'refuse', other: 'group' };
  if (record.backend !== asked.backend || record.baseUrl !== asked.baseUrl)
    return { do: 'refuse', other: 'server' };
  if (record.state === 'refused') return { do: 'submit' };
  if (record.inputDigest !== asked.inputDigest) return { do: 'refuse', other: 'input' };
  if (record.jobId !== undefined) return { do: 'attach', jobId: record.jobId };
  if (asked.writersNow < record.decidedBy) return { do: 'wait', untilMs: record.decidedBy };
  return { do: isHonoured(record, asked) ? 'repeat' : 'unknown' };
}

/** The same where this client is submitting under the key at this moment. */
export function decideUnderWay(
  underWay: Pick<Asked, 'group' | 'inputDigest'>,
  asked: Pick<Asked, 'group' | 'inputDigest'>,
): Decision {
  if (underWay.group !== asked.group) return { do: 'refuse', other: 'group' };
  if (underWay.inputDigest !== asked.inputDigest) return { do: 'refuse', other: 'input' };
  return { do: 'join' };
}

/**
 * Whether the server still knows the recorded key: to the end of its window, less a tenth for clocks that differ. How old a
 * record is that was made by a clock further ahead, nobody knows.
 */
export function isHonoured(
  record: JobRecord,
  { idempotency, idempotencyKey, now }: Pick<Asked, 'idempotency' | 'idempotencyKey' | 'now'>,
): boolean {
  if (idempotency === 'none') return false;
  if (idempotency === undefined) return idempotencyKey === record.idempotencyKey;
  const ageMs = now - record.createdAt;
  return ageMs < idempotency.windowMs * 0.9 && ageMs > idempotency.windowMs * -0.1;
}
