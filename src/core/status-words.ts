import type { JobStatus } from './model.js';

/** Every word that servers of the three dialects were seen to use for a status. */
const STATUS_BY_WORD: ReadonlyMap<string, JobStatus> = new Map(
  Object.entries({
    queued: 'queued pending not_start',
    processing: 'started generating processing in_progress progress running rendering',
    completed: 'completed complete succeeded success done ready',
    failed: 'failed error cancelled canceled expired timeout rejected',
  } satisfies Record<JobStatus, string>).flatMap(([status, words]) =>
    words.split(' ').map((word): [string, JobStatus] => [word, status as JobStatus]),
  ),
);

/** Words of one dialect, in lower case; `null` for one that says nothing. */
export type StatusWords = ReadonlyMap<string, JobStatus | null>;

/**
 * What a server's word means; case and surrounding space do not matter. Undefined for an unknown one, `null` for one
 * of `own` that says nothing.
 */
export function statusOfWord(word: unknown, own?: StatusWords): JobStatus | null | undefined {
  if (typeof word !== 'string') return undefined;
  const said = own?.get(word.trim().toLowerCase());
  if (said !== undefined) return said;
  // As it stands first: on a stream each frame asks, and nearly all are in lower case.
  return STATUS_BY_WORD.get(word) ?? STATUS_BY_WORD.get(word.trim().toLowerCase());
}
