import type { JobSnapshot, JobUpdate } from '../core/model.js';
import type { JobsHost } from './jobs.js';
import type { Leases } from './leases.js';
import type { JobRecord } from './record.js';
import type { SafeStore } from './safe-store.js';
import type { Writes } from './writes.js';

/** What a record takes of a job. */
export interface ToldJob extends Pick<JobUpdate, 'jobId' | 'status' | 'error'> {}

/** What all that is done with the records of one client has in common. */
export interface World {
  readonly host: JobsHost;
  readonly store: SafeStore;
  readonly writes: Writes;
  readonly leases: Leases;
  /** Whether it is of this client's backend and server. */
  isOurs(record: JobRecord): boolean;
  /** The job of a key is there, and somebody here is at work on it. */
  known(record: JobRecord): void;
  /** The job of a key is there, for whoever resumes it, here or elsewhere: its end is written where it is told here. */
  remember(record: JobRecord): void;
  /** The record as it is by what is known of its job. */
  told(record: JobRecord, job: ToldJob): JobRecord;
  /** Another process may take the job of a key on. */
  release(key: string): void;
  /** A signal that ends with the caller's and with the client; and how to let go of both. */
  life(outer: AbortSignal | undefined): { readonly signal: AbortSignal; stop(): void };
  /** The submit of a key that is under way here, if there is one. */
  underWay(key: string): Promise<JobSnapshot> | undefined;
}
