import { useMemo, useSyncExternalStore } from 'react';
import type { JobSnapshot, TransportName } from '../core/model.js';
import type { VideoJob } from '../job/job.js';

/** What a component shows of a job. */
export interface VideoJobState {
  /** Undefined before anything is known of the job. */
  readonly snapshot: JobSnapshot | undefined;
  /** Why the job failed, or is followed no longer: what `VideoJob.completed` rejects with. */
  readonly error: unknown;
  /** What brings the updates now. */
  readonly transport: TransportName | undefined;
}

interface JobStore {
  subscribe(notify: () => void): () => void;
  get(): VideoJobState;
}

/** The state of a job, which is followed while a component that shows it is mounted. */
export function useJobState(job: VideoJob | undefined, known?: JobSnapshot): VideoJobState {
  const store = useMemo(() => createJobStore(job, known), [job, known]);
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}

function createJobStore(job: VideoJob | undefined, snapshot: JobSnapshot | undefined): JobStore {
  let state: VideoJobState = { snapshot, error: undefined, transport: undefined };
  return {
    get: () => state,
    subscribe(notify) {
      const controller = new AbortController();
      const { signal } = controller;
      const set = (change: Partial<VideoJobState>) => {
        if (signal.aborted) return;
        state = { ...state, ...change };
        notify();
      };
      // A moment later: StrictMode mounts, unmounts and mounts again at once, and connections are not for that.
      queueMicrotask(() => {
        if (job === undefined || signal.aborted) return;
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
