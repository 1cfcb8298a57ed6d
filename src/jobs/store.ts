import type { JobRecord } from './record.js';

/** Which records a listing is of. */
export interface JobStoreQuery {
  /** Those of this group alone. */
  readonly group?: string | undefined;
  /** Those whose job has not ended: `submitting` and `submitted`. */
  readonly open?: boolean | undefined;
}

/**
 * Where records of jobs are kept: the port. Each method is one atomic step over everybody who shares the store, and has
 * reached what the store promises to survive when it resolves. What one rejects with reaches the caller as the cause of a
 * `JobStoreError`.
 *
 * What is read is checked by whoever reads it: a store gives back what it has, whatever that is. Of a record that cannot
 * be read it gives an object of its `key` alone.
 */
export interface JobStore {
  /**
   * Writes the record where there is none of its key, or where that is `refused`. Resolves with what is there then: the
   * same record, or another one's.
   */
  add(record: JobRecord): Promise<unknown>;
  /**
   * Changes a record that is there. It never creates one, moves none back (`submitting`, `submitted`, an end), replaces no
   * `jobId`, and writes no `submitting` but to move `decidedBy` of the same `idempotencyKey`: what is not to be is left
   * undone without an error.
   */
  put(record: JobRecord): Promise<void>;
  /** Undefined where there is none. */
  get(key: string): Promise<unknown>;
  /** Does nothing where there is none. */
  delete(key: string): Promise<void>;
  /** The oldest first where the store knows; records that come or go meanwhile may be in it or not. */
  list(query?: JobStoreQuery): AsyncIterable<unknown>;
  /** The record of the server's id. Without it a listing is searched. */
  find?(jobId: string): Promise<unknown>;
  /**
   * Takes or renews the lease of a key for this holder; false where another holds it. `forMs` of 0 gives one's own back.
   * Without it everybody is given all records.
   */
  lease?(key: string, holder: string, forMs: number): Promise<boolean>;
}
