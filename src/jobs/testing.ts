/**
 * What a store of records promises, to try with one of your own.
 *
 * @module reelwire/jobs/testing
 */

import { ADDING } from './contract/adding.js';
import { CHANGING } from './contract/changing.js';
import { LEASING } from './contract/leasing.js';
import { FINDING, LISTING } from './contract/listing.js';
import type { JobStore } from './store.js';

export type { JobRecord, JobRecordState } from './record.js';
export type { JobStore, JobStoreQuery } from './store.js';

/** What `testJobStore` is given of a test runner. */
export interface TestJobStoreOptions {
  /** Declares one test: `it` or `test` of Vitest, Jest or `node:test`. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
}

/**
 * Declares the tests of what a `JobStore` promises, some 25. `find` and `lease` are tried where the store has them. What it
 * cannot try from within one process is for you to test: that two processes with one key get one record, that what was
 * written outlives the process, and that a record is never half there.
 *
 * @param makeStore - Makes a store, for each test anew. It may be of one place, which must hold nothing that is of use:
 * records of any key are added and deleted.
 * @example
 * import { test } from 'node:test';
 * import { testJobStore } from 'reelwire/jobs/testing';
 *
 * testJobStore(() => new MyStore(':memory:'), { test });
 */
export function testJobStore(
  makeStore: () => JobStore | Promise<JobStore>,
  { test }: TestJobStoreOptions,
): void {
  for (const { name, run } of [...ADDING, ...CHANGING, ...LISTING, ...FINDING, ...LEASING]) {
    // Without a parameter: Jest waits for one to be called.
    test(name, async () => run(await makeStore()));
  }
}
