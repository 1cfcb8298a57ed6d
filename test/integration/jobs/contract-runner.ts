/** Run by contract-runner.test.ts, in `node:test`: the store whose name is given, by the tests of what a store promises. */
import { test } from 'node:test';
import { MemoryJobStore } from '../../../src/jobs/memory-store.js';
import { testJobStore } from '../../../src/jobs/testing.js';

class Overwrites extends MemoryJobStore {
  override async add(record: Parameters<MemoryJobStore['add']>[0]) {
    await this.delete(record.key);
    return super.add(record);
  }
}

testJobStore(() => (process.env.STORE === 'overwrites' ? new Overwrites() : new MemoryJobStore()), { test });
