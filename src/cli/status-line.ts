import type { JobSnapshot, JobUpdate } from '../index.js';
import { percentOf } from './row.js';
import { visible } from './text.js';

/** What a job says of itself; in a list, a server may leave things out. */
export type Told = Pick<JobSnapshot, 'id' | 'indeterminate'> & Omit<JobUpdate, 'jobId' | 'raw'>;

/** A job on one line: id, status, percent, and what the server says of it. */
export function statusLine(told: Told): string {
  const { error, id, indeterminate, message, progress, status, unknownStatus } = told;
  const words = (status === 'failed' ? error : message) ?? '';
  const word = status ?? visible(unknownStatus ?? 'unknown');
  const percent = percentOf(indeterminate === true ? undefined : progress);
  return [visible(id), word.padEnd(10), percent.padStart(5), visible(words)].join('  ').trimEnd();
}
