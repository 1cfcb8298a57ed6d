import type { JobRecord } from '../record.js';
import { later, listed, recordOf, type StoreCheck, same, storeAt } from './check.js';

export const LISTING: readonly StoreCheck[] = [
  {
    name: 'list: has each record once, whole, whatever its state',
    async run(store) {
      const { records, keys } = await oneOfEach(store, undefined);
      same(await listed(store, keys), keys, 'the keys of the list');
      for await (const value of store.list()) {
        const record = records.find(({ key }) => key === (value as JobRecord).key);
        if (record !== undefined) same(value, record, 'a record of the list');
      }
    },
  },
  {
    name: 'list: of a group has the records of that group alone',
    async run(store) {
      const group = `ann-${crypto.randomUUID()}`;
      const { keys } = await oneOfEach(store, group);
      // Whose names are near to it.
      const others = [`${group}x`, group.slice(0, -1), group.toUpperCase(), '', undefined];
      const strangers = await Promise.all(others.map((other) => oneOfEach(store, other)));
      const all = [...keys, ...strangers.flatMap((other) => other.keys)];
      same(await listed(store, all, { group }), keys, 'the keys of the list of a group');
      same(await listed(store, all, { group: `${group}?` }), [], 'the keys of the list of an unknown group');
      same(await listed(store, all, { group: undefined }), all, 'the keys of the list of no group');
    },
  },
  {
    name: 'list: of what is open has no job that has ended, and none that was refused',
    async run(store) {
      const group = `ann-${crypto.randomUUID()}`;
      const { records, keys } = await oneOfEach(store, group);
      const open = records.filter(({ state }) => state === 'submitting' || state === 'submitted');
      const openKeys = open.map(({ key }) => key);
      same(await listed(store, keys, { open: true }), openKeys, 'the keys of the list of open ones');
      same(await listed(store, keys, { open: true, group }), openKeys, 'the same of a group');
      same(await listed(store, keys, { open: true, group: 'bob' }), [], 'the same of another group');
      same(await listed(store, keys, { open: false }), keys, 'the keys of the list of all');
    },
  },
  {
    name: 'list: follows a record on its way, and forgets it with delete',
    async run(store) {
      const group = `ann-${crypto.randomUUID()}`;
      const record = recordOf({ group });
      const submitted = await storeAt(store, record, { state: 'submitted', jobId: 'job-1' });
      same(await listed(store, [record.key], { open: true }), [record.key], 'the list of open ones');
      await store.put(later(submitted, { state: 'completed' }));
      same(await listed(store, [record.key], { open: true }), [], 'the list of open ones after the end');
      same(await listed(store, [record.key], { group }), [record.key], 'the list of its group');
      await store.delete(record.key);
      same(await listed(store, [record.key], { group }), [], 'the list of its group after delete');
      same(await listed(store, [record.key]), [], 'the list of all after delete');
    },
  },
  {
    name: 'list: leaves nothing out where records are deleted while it is read',
    async run(store) {
      const group = `ann-${crypto.randomUUID()}`;
      const keys: string[] = [];
      for (let i = 0; i < 250; i++) keys.push(`${group}-${i}`);
      const createdAt = Date.now();
      // All of one moment, as generateMany makes them.
      await Promise.all(keys.map((key) => store.add(recordOf({ key, group, createdAt }))));
      const found: string[] = [];
      for await (const value of store.list({ group })) {
        const { key } = value as JobRecord;
        found.push(key);
        await store.delete(key);
      }
      same(found.sort(), keys.sort(), 'the keys of the list');
      same(await listed(store, keys, { group }), [], 'what is left');
    },
  },
  {
    name: 'list: may be left before its end, and read twice at once',
    async run(store) {
      const group = `ann-${crypto.randomUUID()}`;
      const { keys } = await oneOfEach(store, group);
      for await (const _ of store.list({ group })) break;
      const lists = await Promise.all([listed(store, keys, { group }), listed(store, keys, { group })]);
      same(lists, [keys, keys], 'the keys of two lists');
    },
  },
];

export const FINDING: readonly StoreCheck[] = [
  {
    name: 'find: has the record of an id of the server, and of no other',
    async run(store) {
      if (store.find === undefined) return;
      const ids = ['', 'x', ':x', '-%2f'].map((tail) => `${crypto.randomUUID()}${tail}`);
      const records = await Promise.all(
        ids.map((jobId) => storeAt(store, recordOf(), { state: 'submitted', jobId })),
      );
      for (const record of records) same(await store.find(record.jobId ?? ''), record, 'what find has');
      same(await store.find(crypto.randomUUID()), undefined, 'what find has of an unknown id');
      const first = records[0] as JobRecord;
      const completed = later(first, { state: 'completed' });
      await store.put(completed);
      same(await store.find(first.jobId ?? ''), completed, 'what find has after the end');
      await store.delete(first.key);
      same(await store.find(first.jobId ?? ''), undefined, 'what find has after delete');
    },
  },
  {
    name: 'find: has the other record of an id that two servers have given, once one is deleted',
    async run(store) {
      if (store.find === undefined) return;
      const jobId = crypto.randomUUID();
      const [first, second] = await Promise.all(
        [1, 2].map(() => storeAt(store, recordOf(), { state: 'submitted', jobId })),
      );
      await store.delete(second?.key ?? '');
      same(await store.find(jobId), first, 'what find has');
    },
  },
];

/** A record of each state, in the order in which they were made. */
async function oneOfEach(store: Parameters<StoreCheck['run']>[0], group: string | undefined) {
  const changes: readonly Partial<JobRecord>[] = [
    ...[{}, { state: 'refused' as const }, { state: 'submitted' as const, jobId: 'job-1' }],
    ...[
      { state: 'completed' as const, jobId: 'job-2' },
      { state: 'failed' as const, jobId: 'job-3' },
    ],
  ];
  const records: JobRecord[] = [];
  for (const change of changes) {
    const record = recordOf(group === undefined ? {} : { group });
    records.push(change.state === undefined ? record : await storeAt(store, record, change));
    if (change.state === undefined) await store.add(record);
  }
  return { records, keys: records.map(({ key }) => key) };
}
