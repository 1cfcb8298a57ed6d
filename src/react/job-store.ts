import { useMemo, useRef, useSyncExternalStore } from 'react';
import type { JobSnapshot, TransportName } from '../core/model.js';
import type { VideoJob } from '../job/job.js';

/** What is known of a job while it is followed. */
export interface FollowedState {
  /** Undefined before anything is known of the job. */
  readonly snapshot: JobSnapshot | undefined;
  /** Why the job failed, or is followed no longer: what `VideoJob.completed` rejects with. */
  readonly error: unknown;
  /** What brings the updates now; undefined while nothing does. */
  readonly transport: TransportName | undefined;
}

interface JobStore {
  subscribe(notify: () => void): () => void;
  get(): FollowedState;
}

/** The job of that id, if there is one: the same as long as both stay. */
export function useJobOf<Job>(
  client: { subscribe(jobId: string): Job },
  jobId: string | null | undefined,
): Job | undefined {
  return useMemo(() => (jobId == null ? undefined : client.subscribe(jobId)), [client, jobId]);
}

/** The state of a job, which is followed while a component that shows it is mounted. */
export function useJobState(job: VideoJob | undefined, known: JobSnapshot | undefined): FollowedState {
  // A snapshot written in the component is another object in each render: no reason to follow again.
  const latest = useRef(known);
  latest.current = known?.id === job?.id ? known : undefined;
  const store = useMemo(() => createJobStore(job, latest), [job]);
  const state = useSyncExternalStore(store.subscribe, store.get, store.get);
  return { ...state, snapshot: state.snapshot ?? latest.current };
}

function createJobStore(
  job: VideoJob | undefined,
  known: { readonly current: JobSnapshot | undefined },
): JobStore {
  let state: FollowedState = { snapshot: undefined, error: undefined, transport: undefined };
  return {
    get: () => state,
    subscribe(notify) {
      const controller = new AbortController();
      const { signal } = controller;
      const set = (change: Partial<FollowedState>) => {
        if (signal.aborted) return;
        state = { ...state, ...change };
        notify();
      };
      // A moment later: StrictMode mounts, unmounts and mounts again at once, and connections are not for that.
      queueMicrotask(() => {
        if (job === undefined || signal.aborted) return;
        if ((state.snapshot ?? known.current)?.status === 'completed') return;
        const stop = [
          job.on('update', (update) => set({ snapshot: update })),
          job.on('transport', ({ transport }) => set({ transport })),
        ];
        signal.addEventListener('abort', () => {
          for (const off of stop) off();
        });
        job.completed({ signal }).catch((error: unknown) => set({ error }));
      });
      return () => controller.abort();
    },
  };
}
