import type { JobRecord, JobRecordState } from '../record.js';
import { later, recordOf, type StoreCheck, same, storeAt, stored } from './check.js';

type Move = readonly [from: JobRecordState, to: JobRecordState];

const FORWARD: readonly Move[] = [
  ...(['refused', 'submitted', 'completed', 'failed'] as const).map((to): Move => ['submitting', to]),
  ...(['completed', 'failed'] as const).map((to): Move => ['submitted', to]),
];

const BACK: readonly Move[] = [
  ['submitted', 'submitting'],
  ['submitted', 'refused'],
  ['refused', 'submitting'],
  ...(['submitting', 'refused', 'submitted', 'failed'] as const).map((to): Move => ['completed', to]),
  ...(['submitting', 'refused', 'submitted', 'completed'] as const).map((to): Move => ['failed', to]),
];

export const CHANGING: readonly StoreCheck[] = [
  {
    name: 'put: brings a record forward, with the id and the error that it has by then',
    async run(store) {
      for (const [from, to] of FORWARD) {
        const record = recordOf({ group: 'ann', metadata: { order: 7 } });
        await store.add(record);
        if (from !== record.state) await store.put(at(record, from));
        const next = at(later(record, {}), to);
        await store.put(next);
        same(await store.get(record.key), next, `from ${from} to ${to}`);
      }
    },
  },
  {
    name: 'put: moves no record back, and leaves an end as it is',
    async run(store) {
      for (const [from, to] of BACK) {
        const record = recordOf();
        await store.add(record);
        await store.put(at(record, from));
        const there = await store.get(record.key);
        await store.put(at(later(record, {}), to));
        same(await store.get(record.key), there, `from ${from} to ${to}`);
      }
    },
  },
  {
    name: 'put: never creates a record',
    async run(store) {
      for (const state of ['submitting', 'submitted', 'completed'] as const) {
        const record = recordOf();
        await store.put(at(record, state));
        same(
          await store.get(record.key),
          undefined,
          `what a put of a ${state} record leaves where there is none`,
        );
        await store.add(record);
        await store.delete(record.key);
        await store.put(at(later(record, {}), state));
        same(await store.get(record.key), undefined, `what a put of a ${state} record leaves after delete`);
        same(await listed(store, record), 0, 'how often it is listed');
      }
    },
  },
  {
    name: 'put: never replaces the id of a job',
    async run(store) {
      const record = recordOf();
      const first = await storeAt(store, record, { state: 'submitted', jobId: 'job-1' });
      await store.put(later(first, { jobId: 'job-2' }));
      same(await stored(store, record.key, 'jobId'), 'job-1', 'the id after that of another job');
      await store.put(later(first, { state: 'completed', jobId: 'job-2' }));
      same(await stored(store, record.key, 'jobId'), 'job-1', 'the id after the end of another job');
      same(await stored(store, record.key, 'state'), 'submitted', 'the state after the end of another job');
    },
  },
  {
    name: 'put: renews the deadline of a submit under way',
    async run(store) {
      const record = recordOf();
      await store.add(record);
      const decidedBy = record.decidedBy + 60_000;
      await store.put(later(record, { decidedBy }));
      same(await stored(store, record.key, 'decidedBy'), decidedBy, 'decidedBy');
      same(await stored(store, record.key, 'state'), 'submitting', 'the state');
    },
  },
  {
    name: 'put: changes nothing of what another submit of the key has written',
    async run(store) {
      const old = recordOf();
      await storeAt(store, old, { state: 'refused' });
      const again = recordOf({ key: old.key });
      await store.add(again);
      const late: readonly Partial<JobRecord>[] = [
        ...[
          { state: 'submitting' as const, decidedBy: old.decidedBy + 99_000 },
          { state: 'refused' as const },
        ],
        { state: 'submitted', jobId: 'job-of-the-old-one' },
      ];
      for (const change of late) {
        await store.put(later(old, change));
        same(await store.get(old.key), again, `the record after a late put of ${change.state}`);
      }
    },
  },
  {
    name: 'put: loses nothing where many change a record at once',
    async run(store) {
      for (let round = 0; round < 5; round++) {
        const record = recordOf();
        await store.add(record);
        const submitted = later(record, { state: 'submitted', jobId: 'job-1' });
        const completed = later(submitted, { state: 'completed' });
        const renewed = later(record, { decidedBy: record.decidedBy + 1 });
        const puts = [renewed, submitted, completed, submitted, renewed, completed];
        await Promise.all(puts.map((next) => store.put(next)));
        same(await stored(store, record.key, 'state'), 'completed', 'the state');
        same(await stored(store, record.key, 'jobId'), 'job-1', 'the id');
      }
    },
  },
  {
    name: 'put and delete: leave no record where they come at once',
    async run(store) {
      for (let round = 0; round < 10; round++) {
        const record = recordOf();
        await store.add(record);
        const put = store.put(at(record, 'submitted'));
        await Promise.all([put, store.delete(record.key), store.put(at(record, 'completed'))]);
        same(await store.get(record.key), undefined, 'what is there');
      }
    },
  },
];

function at(record: JobRecord, state: JobRecordState): JobRecord {
  const hasId = state !== 'submitting' && state !== 'refused';
  return {
    ...record,
    state,
    ...(hasId && { jobId: 'job-1' }),
    ...((state === 'failed' || state === 'refused') && { error: 'no credit' }),
  };
}

async function listed(store: Parameters<StoreCheck['run']>[0], record: JobRecord): Promise<number> {
  let count = 0;
  for await (const value of store.list()) if ((value as JobRecord).key === record.key) count++;
  return count;
}
