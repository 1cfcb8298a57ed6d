import type { JobSnapshot } from '../index.js';
import { visible } from './text.js';

/** A job on one line: id, status, percent, and what the server says of it. */
export function statusLine(snapshot: JobSnapshot): string {
  const words = snapshot.status === 'failed' ? snapshot.error : (snapshot.message ?? '');
  const columns = [
    visible(snapshot.id),
    snapshot.status.padEnd(10),
    `${Math.round(snapshot.progress)} %`.padStart(5),
  ];
  return [...columns, visible(words)].join('  ').trimEnd();
}
