import type { Jobs } from './jobs.js';
import { jobsOver } from './jobs-over.js';
import { MemoryJobStore } from './memory-store.js';

/**
 * Keeps the records of jobs in this process, for clients that come and go in it, and for tests: they end with the process.
 *
 * @example
 * const client = new VideoClient({ baseUrl, jobs: memoryJobs() });
 */
export function memoryJobs(): Jobs {
  return jobsOver(new MemoryJobStore());
}
