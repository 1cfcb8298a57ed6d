import type { JobSnapshot, JobUpdate, JobWarning, SnapshotSource, TransportChange } from '../core/model.js';
import type { VideoError } from '../errors.js';

/** Who wants to know about one job. Nothing is called after the terminal snapshot, `stopped`, or the end of `follow`. */
export interface JobSink {
  /** A snapshot that differs from the one before; the terminal one comes exactly once, as the last. */
  update(snapshot: JobSnapshot): void;
  transport(change: TransportChange): void;
  warning(warning: JobWarning): void;
  /** Following ended without the job's end being known: no such job, no credentials, client closed. */
  stopped(error: VideoError): void;
}

/** Follows any number of jobs to their ends. */
export interface JobFollower {
  /**
   * Starts to follow; several sinks may follow one job. Returns the way to stop, safe to call twice.
   * `known` is what the caller knows already, such as the answer to generate.
   */
  follow(jobId: string, sink: JobSink, known?: JobSnapshot): () => void;
  /** Something learned elsewhere, such as from a webhook. Ignored where nobody follows the job. */
  ingest(update: JobUpdate, source: SnapshotSource): void;
  /** Ends everything; every sink is told `stopped` with this error made for its job. */
  close(error: (jobId: string) => VideoError): void;
}
