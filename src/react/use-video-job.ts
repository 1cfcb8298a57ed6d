import { useMemo } from 'react';
import type { AnyBackend } from '../backends/backend.js';
import type { VideoClient } from '../client/client.js';
import { useJobState, type VideoJobState } from './job-store.js';

export type { VideoJobState };

/**
 * Follows a job while the component is mounted. Nothing is sent for `null`, nor while rendering on a server.
 *
 * @param client Made once, outside of the component or in a `useState`: another one follows the job anew.
 *
 * @example
 * const { snapshot, error } = useVideoJob(client, jobId);
 * if (snapshot?.status === 'completed') return <p>Done</p>;
 */
export function useVideoJob<B extends AnyBackend>(
  client: VideoClient<B>,
  jobId: string | null | undefined,
): VideoJobState {
  const job = useMemo(() => (jobId == null ? undefined : client.subscribe(jobId)), [client, jobId]);
  return useJobState(job);
}
