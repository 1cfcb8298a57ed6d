import type { AnyBackend, VariantOf } from '../backends/backend.js';
import type { VideoClient } from '../client/client.js';
import type { JobSnapshot } from '../core/model.js';
import type { VideoJob } from '../job/job.js';
import { type FollowedState, useJobOf, useJobState } from './job-store.js';
import { useStableClient } from './use-stable-client.js';

/** What `useVideoJob` gives: the state of the job, and the job. */
export interface VideoJobState<Variant extends string = string> extends FollowedState {
  /** For `download`, `cancel` and the other events; undefined where no id was given. */
  readonly job: VideoJob<Variant> | undefined;
}

/** Options for `useVideoJob`. */
export interface UseVideoJobOptions {
  /**
   * What is known of the job already, from a server component or a store: shown in the first render. Read once a job.
   * A completed job is not asked for again.
   */
  readonly initialSnapshot?: JobSnapshot | undefined;
}

/**
 * Follows a job while the component is mounted. Nothing is sent for `null`, nor while rendering on a server.
 *
 * @param client - Made once, outside of the component or in a `useState`. Another client follows the job from the
 * start; one that is new in each render is reported in the console and not switched to.
 * @param jobId - Another id is another job.
 *
 * @example
 * const { snapshot, error, job } = useVideoJob(client, jobId);
 * if (snapshot?.status === 'completed') return <button onClick={() => save(job)}>Save</button>;
 */
export function useVideoJob<B extends AnyBackend>(
  client: VideoClient<B>,
  jobId: string | null | undefined,
  options: UseVideoJobOptions = {},
): VideoJobState<VariantOf<B>> {
  const stable = useStableClient(client);
  const job = useJobOf(stable, jobId);
  const state = useJobState(job, options.initialSnapshot);
  return { ...state, job };
}
