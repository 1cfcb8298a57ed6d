import type { MockJobUpdate } from '../../../src/mock-server/job.js';
import type { MockStream } from '../../../src/mock-server/streams/stream.js';

/** Sends a frame of the relay's on to the page: what tells of a job may be lost, repeated or late on its way. */
export function passOn(stream: MockStream, frame: string): void {
  const { jobId: id, status } = JSON.parse(frame) as { readonly jobId?: string; readonly status?: string };
  if (id !== undefined) stream.jobIds.add(id);
  if (id === undefined || status === undefined) {
    stream.send(frame);
    return;
  }
  // All that the faults look at, and the frame itself.
  const update = { job: { id }, status, message: frame };
  stream.update(update as unknown as MockJobUpdate, ({ message }) => message ?? '');
}
