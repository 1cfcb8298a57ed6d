import { type CompletedJob, isVideoError, type JobSnapshot, type VideoJob } from '../index.js';
import type { Output } from './output.js';
import { type Display, progressOf, type Row } from './row.js';
import type { Told } from './status-line.js';
import { visible } from './text.js';

export interface FollowOptions {
  readonly output: Output;
  readonly display: Display;
  readonly row: Row;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
  /** Whoever follows it has more to do with the job, and closes it. @default false */
  readonly isHeld?: boolean;
}

/** Shows a job until its end. Rejects as `completed()` does. */
export async function followJob(
  job: VideoJob,
  { output, display, row, signal, timeoutMs, isHeld = false }: FollowOptions,
): Promise<CompletedJob> {
  job.on('update', (snapshot) => {
    const { status, message = '', transport } = snapshot;
    const progress = progressOf(snapshot);
    Object.assign(row, { status, progress, message, transport: row.transport || transport });
    display.show(row);
    output.event({ type: 'update', ...jsonOf(snapshot) });
  });
  job.on('transport', ({ transport, reason }) => {
    row.transport = transport ?? '';
    display.show(row);
    output.event({ type: 'transport', jobId: job.id, transport, reason });
  });
  job.on('warning', ({ code, message }) => {
    display.note(`${visible(job.id)}: warning: ${visible(message)}`);
    output.event({ type: 'warning', jobId: job.id, code, message });
  });
  try {
    return await job.completed({ signal, timeoutMs });
  } catch (error) {
    if (!isVideoError(error) || error.code !== 'job-failed') row.status = 'stopped';
    throw error;
  } finally {
    row.endedMs = Date.now();
    display.show(row);
    if (!isHeld) job.close();
  }
}

/** A snapshot for programs. Without its `videoUrl`, which may hold a signature, and what the server sent besides. */
export function jsonOf(snapshot: Told & Partial<Pick<JobSnapshot, 'transport' | 'updatedAt'>>): object {
  const { id, status, progress, indeterminate, queuePosition, message, error, errorCode } = snapshot;
  const { expiresAt, transport, updatedAt } = snapshot;
  return {
    ...{ jobId: id, status, progress, indeterminate, queuePosition, message, error, errorCode },
    ...{ expiresAt, transport, updatedAt },
  };
}
