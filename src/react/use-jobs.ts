import { useCallback, useEffect, useState } from 'react';
import type { AnyBackend, VariantOf } from '../backends/backend.js';
import type { VideoClient } from '../client/client.js';
import type { VideoJob } from '../job/job.js';
import type { ResumeResult } from '../jobs/jobs.js';
import { useStableClient } from './use-stable-client.js';

/** Options for `useJobs`. */
export interface UseJobsOptions {
  /** Those of this group alone. */
  readonly group?: string | undefined;
}

/** What `useJobs` gives: what was left, and what can be done about it. */
export interface LeftJobs<Variant extends string = string> {
  /** Each with its job, or with the error that says why nobody knows whether there is one. */
  readonly left: readonly ResumeResult<VideoJob<Variant>>[];
  /** More may come: a job that another tab is at work on, or was a moment ago. */
  readonly isPending: boolean;
  /** Why the records could not be read, or one not be forgotten. */
  readonly error: unknown;
  /** The job of this key is handled, or given up: it comes no more. Never rejects: `error` says why it could not be. */
  forget(key: string): Promise<void>;
}

interface State<Variant extends string> extends Omit<LeftJobs<Variant>, 'forget'> {}

const NOTHING = { left: [], isPending: true, error: undefined } as const;

/**
 * Lists what a reload, a crash or a closed tab left: the jobs whose records the client keeps by its option `jobs`. Follows
 * none of them: give each to a component with `useVideoJob(client, job.id)`. Jobs that are submitted later are not in it.
 *
 * @param client - With the option `jobs`, such as `webJobs({ name: user.id })`; made once, as for `useVideoJob`.
 *
 * @example
 * const { left, forget } = useJobs(client);
 * return left.map(({ record, job }) => job && <Job key={record.key} id={job.id} onSaved={() => forget(record.key)} />);
 */
export function useJobs<B extends AnyBackend>(
  client: VideoClient<B>,
  { group }: UseJobsOptions = {},
): LeftJobs<VariantOf<B>> {
  const stable = useStableClient(client);
  const [state, set] = useState<State<VariantOf<B>>>(NOTHING);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const change = (next: (state: State<VariantOf<B>>) => Partial<State<VariantOf<B>>>) => {
      if (!signal.aborted) set((state) => ({ ...state, ...next(state) }));
    };
    const list = async () => {
      try {
        for await (const one of stable.resume({ group, signal })) {
          change(({ left }) => ({ left: [...left, one] }));
        }
        change(() => ({ isPending: false }));
      } catch (error) {
        change(() => ({ isPending: false, error }));
      }
    };
    set(NOTHING);
    // A moment later: StrictMode mounts, unmounts and mounts again at once.
    queueMicrotask(() => {
      if (!signal.aborted) void list();
    });
    return () => controller.abort();
  }, [stable, group]);

  const forget = useCallback(
    async (key: string) => {
      try {
        await stable.forget(key);
      } catch (error) {
        // Another tab may have forgotten it: then it is as was asked for.
        if ((error as { code?: unknown }).code !== 'invalid-input')
          return set((state) => ({ ...state, error }));
      }
      const isOther = (one: ResumeResult<unknown>) =>
        (one.record?.key ?? (one as { key?: string }).key) !== key;
      set((state) => ({ ...state, left: state.left.filter(isOther) }));
    },
    [stable],
  );
  return { ...state, forget };
}
