import type { MockJob, MockJobUpdate } from './job.js';

/** The word for a job's status on the wire: one that was given for it, or the dialect's own. */
export function statusWord(
  job: MockJob,
  { status, word }: Pick<MockJobUpdate, 'status' | 'word'> = job,
  dialect: Partial<Record<MockJobUpdate['status'], string>> = {},
): string {
  return word ?? job.behaviour.words?.[status] ?? dialect[status] ?? status;
}
