import { useCallback, useRef, useState } from 'react';
import type { AnyBackend, InputOf, VariantOf } from '../backends/backend.js';
import type { VideoClient } from '../client/client.js';
import type { GenerateOptions } from '../client/client-types.js';
import type { JobSnapshot } from '../core/model.js';
import type { VideoJob } from '../job/job.js';
import { useJobState, type VideoJobState } from './job-store.js';

/** What `useGenerateVideo` gives: the state of the job submitted last, and the way to submit one. */
export interface GenerateVideo<B extends AnyBackend> extends VideoJobState {
  /**
   * Submits a job and follows it in place of the one before. Never rejects: resolves to `undefined` where the submit
   * failed, and `error` says why.
   */
  generate(input: InputOf<B>, options?: GenerateOptions): Promise<VideoJob<VariantOf<B>> | undefined>;
  /** The one submitted last. */
  readonly job: VideoJob<VariantOf<B>> | undefined;
  /** Forgets the job, and a submit that is under way; the server works on. */
  reset(): void;
}

interface Submitted<Variant extends string> {
  readonly job?: VideoJob<Variant>;
  readonly known?: JobSnapshot;
  readonly error?: unknown;
}

/**
 * Submits a job and follows it while the component is mounted.
 *
 * @example
 * const { generate, snapshot, error } = useGenerateVideo(client);
 * return <button onClick={() => generate({ walletAddress, script })}>{snapshot?.progress ?? 'Start'}</button>;
 */
export function useGenerateVideo<B extends AnyBackend>(client: VideoClient<B>): GenerateVideo<B> {
  const [{ job, known, error }, set] = useState<Submitted<VariantOf<B>>>({});
  /** Grows with each submit and reset: an answer that comes after the next one is not shown. */
  const turn = useRef(0);
  const generate = useCallback(
    async (input: InputOf<B>, options?: GenerateOptions) => {
      const mine = ++turn.current;
      const show = (submitted: Submitted<VariantOf<B>>) => {
        if (mine === turn.current) set(submitted);
      };
      show({});
      try {
        const job = await client.generate(input, options);
        show({ job, known: job.snapshot });
        return job;
      } catch (error) {
        show({ error });
        return undefined;
      }
    },
    [client],
  );
  const reset = useCallback(() => {
    turn.current++;
    set({});
  }, []);
  const state = useJobState(job, known);
  return { ...state, error: error ?? state.error, generate, job, reset };
}
