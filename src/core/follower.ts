import type { VideoError } from '../errors.js';
import type { JobSnapshot, JobWarning, TransportChange } from './model.js';

/**
 * @internal Who wants to know about one job. Nothing is called after the terminal snapshot, `stopped`, or the end of
 * `follow`.
 */
export interface JobSink {
  /** A snapshot that differs from the one before; the terminal one comes exactly once, as the last. */
  update(snapshot: JobSnapshot): void;
  transport(change: TransportChange): void;
  warning(warning: JobWarning): void;
  /** Following ended without the job's end being known: no such job, no credentials, client closed. */
  stopped(error: VideoError): void;
}

/** @internal One sink that follows one job. */
export interface Following {
  /** Safe to call twice. */
  stop(): void;
}

/** @internal The port of a job to what follows it, and any number of others. */
export interface JobFollower {
  /**
   * Starts to follow; several sinks may follow one job.
   * `known` is what the caller knows already, such as the answer to generate.
   */
  follow(jobId: string, sink: JobSink, known?: JobSnapshot): Following;
  /** Why the last status call about a job failed; undefined where it did not. */
  failureOf(jobId: string): unknown;
}
