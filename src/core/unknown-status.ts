import type { JobUpdate, JobWarning } from './model.js';

/**
 * The warning for an unknown status word, if the update holds one. It is due once a job: whoever keeps the
 * job's snapshot keeps that too. Not beside the merging of updates, which a page loads first.
 */
export function unknownStatusWarning(update: JobUpdate): JobWarning | undefined {
  const word = update.unknownStatus;
  if (word === undefined) return undefined;
  return {
    code: 'unknown-status',
    message: `The server calls the status of job ${update.jobId} ${JSON.stringify(word)}, which is unknown; the last known status is kept.`,
    jobId: update.jobId,
  };
}
