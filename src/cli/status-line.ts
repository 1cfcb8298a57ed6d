import type { JobSnapshot, JobUpdate } from '../index.js';
import { visible } from './text.js';

/** What a job says of itself; in a list, a server may leave things out. */
export type Told = Pick<JobSnapshot, 'id'> & Omit<JobUpdate, 'jobId' | 'raw'>;

/** A job on one line: id, status, percent, and what the server says of it. */
export function statusLine({ id, status, unknownStatus, progress, message, error }: Told): string {
  const words = (status === 'failed' ? error : message) ?? '';
  const word = status ?? visible(unknownStatus ?? 'unknown');
  const percent = progress === undefined ? '' : `${Math.round(progress)} %`;
  return [visible(id), word.padEnd(10), percent.padStart(5), visible(words)].join('  ').trimEnd();
}
