import { expect, it } from 'vitest';
import { MemoryJobStore } from '../../../src/jobs/memory-store.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import { rejection } from '../../support/rejection.js';
import { hostOf, processOf, Server } from './support.js';

it('a further try is over, by the record, no sooner than it can be, however long that took to be written', async () => {
  const { runtime, settings } = hostOf();
  const requestMs = 30_000;
  let ahead = 0;
  const now = () => Date.now() + ahead;
  class Slow extends MemoryJobStore {
    override async put(record: JobRecord): Promise<void> {
      if (record.state === 'submitting') ahead += 20_000;
      await super.put(record);
    }
  }
  const store = new Slow();
  let restMs: number | undefined;
  const meanwhile = async () => {
    const record = await store.get('order-7');
    restMs = (record?.decidedBy ?? 0) - now();
  };
  const client = processOf(store, {
    runtime: { ...runtime, now },
    settings: { ...settings, timeouts: { ...settings.timeouts, requestMs } },
  });
  const server = new Server({ waitMs: 10 }, { status: 500, meanwhile });
  await rejection(client.submit(server.submission(), { key: 'order-7' }).answer);
  expect(server.posts).toBe(2);
  expect(restMs).toBeGreaterThanOrEqual(requestMs);
});
