import { useCallback, useRef, useState } from 'react';
import type { AnyBackend, InputOf, VariantOf } from '../backends/backend.js';
import type { VideoClient } from '../client/client.js';
import type { GenerateOptions } from '../client/client-types.js';
import type { JobSnapshot } from '../core/model.js';
import type { VideoJob } from '../job/job.js';
import { type FollowedState, useJobOf, useJobState } from './job-store.js';
import { useStableClient } from './use-stable-client.js';

/** Where a component that generates videos stands. */
export type GenerateStatus =
  /** Nothing was submitted. */
  | 'idle'
  /** The server has not answered the submit yet. */
  | 'submitting'
  /** The job is under way. */
  | 'following'
  | 'completed'
  /** The server says that the job failed: `snapshot.error` is its reason. */
  | 'failed'
  /** The submit failed, or following ended before the job did: `error` says why. */
  | 'stopped';

/** Options for `generate` of `useGenerateVideo`. */
export interface GenerateVideoOptions extends GenerateOptions {
  /**
   * Submits another job although one is being submitted. Without it, a second call during a submit (a double click)
   * joins the first, and only one job is made.
   *
   * @default false
   */
  readonly concurrent?: boolean | undefined;
}

/** Options for `useGenerateVideo`. */
export interface UseGenerateVideoOptions {
  /** A job submitted before, such as before a reload: followed until another one is submitted. */
  readonly jobId?: string | null | undefined;
}

/** What `useGenerateVideo` gives: the state of the job submitted last, and what can be done about it. */
export interface GenerateVideo<B extends AnyBackend> extends FollowedState {
  readonly status: GenerateStatus;
  /** A job is being submitted or followed: the moment to disable the button. */
  readonly isPending: boolean;
  /**
   * Submits a job and follows it in place of the one before. Never rejects: resolves to `undefined` where the submit
   * failed, and `error` says why.
   */
  generate(input: InputOf<B>, options?: GenerateVideoOptions): Promise<VideoJob<VariantOf<B>> | undefined>;
  /** The one submitted last, or that of `jobId`. */
  readonly job: VideoJob<VariantOf<B>> | undefined;
  /**
   * Cancels the job on the server, once it is submitted. Never rejects: resolves to what is known of the job
   * afterwards, or to `undefined` where it could not be cancelled, and `error` says why.
   */
  cancel(): Promise<JobSnapshot | undefined>;
  /** Forgets the job, and a submit that is under way; the server works on. */
  reset(): void;
}

interface Submitted<Variant extends string> {
  readonly isSubmitting?: boolean;
  readonly job?: VideoJob<Variant>;
  readonly known?: JobSnapshot;
  /** Why the submit failed. */
  readonly error?: unknown;
  /** Why it could not be cancelled. */
  readonly cancelError?: unknown;
  /** Nothing was submitted or reset: `jobId` is followed. */
  readonly isFresh?: boolean;
}

/**
 * Submits a job and follows it while the component is mounted.
 *
 * @example
 * const { generate, status, isPending, snapshot, error, cancel } = useGenerateVideo(client);
 * return <button disabled={isPending} onClick={() => generate({ walletAddress, script })}>Generate</button>;
 */
export function useGenerateVideo<B extends AnyBackend>(
  client: VideoClient<B>,
  options: UseGenerateVideoOptions = {},
): GenerateVideo<B> {
  const { jobId } = options;
  const stable = useStableClient(client);
  const [submitted, set] = useState<Submitted<VariantOf<B>>>({ isFresh: true });
  /** Grows with each submit and reset: an answer that comes after the next one is not shown. */
  const turn = useRef(0);
  const underWay = useRef<Promise<VideoJob<VariantOf<B>> | undefined>>(undefined);

  const generate = useCallback(
    (input: InputOf<B>, { concurrent = false, ...rest }: GenerateVideoOptions = {}) => {
      if (underWay.current !== undefined && !concurrent) return underWay.current;
      const mine = ++turn.current;
      const show = (state: Submitted<VariantOf<B>>) => {
        if (mine === turn.current) set(state);
      };
      show({ isSubmitting: true });
      const submit = stable
        .generate(input, rest)
        .then(
          (job) => {
            show({ job, known: job.snapshot });
            return job;
          },
          (error: unknown) => {
            show({ error });
            return undefined;
          },
        )
        .finally(() => {
          if (underWay.current === submit) underWay.current = undefined;
        });
      underWay.current = submit;
      return submit;
    },
    [stable],
  );

  const earlier = useJobOf(stable, jobId);
  const job = submitted.isFresh === true ? earlier : submitted.job;
  const shown = useRef(job);
  shown.current = job;

  const cancel = useCallback(async () => {
    const mine = turn.current;
    try {
      const target = underWay.current === undefined ? shown.current : await underWay.current;
      return await target?.cancel();
    } catch (cancelError) {
      if (mine === turn.current) set((state) => ({ ...state, cancelError }));
      return undefined;
    }
  }, []);

  const reset = useCallback(() => {
    turn.current++;
    underWay.current = undefined;
    set({});
  }, []);

  const state = useJobState(job, submitted.known);
  const status = statusOf(submitted, job, state);
  return {
    ...state,
    status,
    isPending: status === 'submitting' || status === 'following',
    error: submitted.error ?? state.error ?? submitted.cancelError,
    generate,
    job,
    cancel,
    reset,
  };
}

function statusOf(
  submitted: Submitted<string>,
  job: VideoJob | undefined,
  { snapshot, error }: FollowedState,
): GenerateStatus {
  if (submitted.isSubmitting === true) return 'submitting';
  if (submitted.error !== undefined) return 'stopped';
  if (job === undefined) return 'idle';
  if (snapshot?.status === 'completed' || snapshot?.status === 'failed') return snapshot.status;
  return error === undefined ? 'following' : 'stopped';
}
