/**
 * Keeps records of jobs in files.
 *
 * @module reelwire/jobs/node
 */

import type { Jobs } from './jobs.js';
import { jobsOver } from './jobs-over.js';
import { FileJobStore } from './stores/file.js';

export type { Jobs } from './jobs.js';
export type { JobRecord, JobRecordState } from './record.js';
export type { JobStoreQuery } from './store.js';

/**
 * Keeps records as files of a folder, for any number of processes of one host. A record is on the disk before its job is
 * submitted, and no process that is killed leaves one half written. The folder is made where there is none, for its owner
 * alone.
 *
 * @param folder - Its path, from the current directory.
 * @throws ConfigurationError where it is no text, or an empty one.
 * @example
 * const client = new VideoClient({ backend, auth, jobs: fileJobs('.videos') });
 */
export function fileJobs(folder: string): Jobs {
  return jobsOver(new FileJobStore(folder));
}
