import type { JobRecord, JobRecordState } from '../record.js';
import { recordOf, type StoreCheck, same, storeAt, stored } from './check.js';

const AT_ONCE = 50;

/** What would be one file, one path or one property where keys are not told apart with care. */
const KEYS: readonly string[] = [
  ...['order', 'Order', 'ORDER', 'order.', 'order%20', 'order_', 'order-', 'or/der', 'or\\der', 'or:der'],
  ...['..', '.', '/', '../order', '~', '*', '?', '?x', '#', '%', '%2e', '{order}', 'con', 'CON', 'nul.txt'],
  ...['__proto__', 'constructor', 'toString', 'length', '"', "'", '\\', '$&', '!', '!'.repeat(255)],
  ...[`${'a'.repeat(254)}b`, `${'a'.repeat(254)}c`, `${'a'.repeat(254)}B`, 'a'.repeat(100), 'a'.repeat(200)],
];

/** What a job may be in when somebody adds its key once more. */
const TAKEN: readonly (readonly [JobRecordState, Partial<JobRecord>])[] = [
  ['submitted', { jobId: 'job-1' }],
  ['completed', { jobId: 'job-1' }],
  ['failed', { jobId: 'job-1', error: 'out of credit' }],
];

export const ADDING: readonly StoreCheck[] = [
  {
    name: 'add: keeps all that a record has, and gives it back',
    async run(store) {
      const record = recordOf({
        ...{ group: 'ann@example.com, ü 🎬 \u2028', error: 'line\nbreak "quoted" \\ \u0000' },
        metadata: {
          deep: [1, { n: -0.5, none: null, text: '__proto__' }],
          truth: true,
          '': 'empty',
          'a.b:c': [],
        },
      });
      same(await store.add(record), record, 'what add resolves with');
      same(await store.get(record.key), record, 'what get resolves with');
    },
  },
  {
    name: 'add: leaves a record that is there as it is, and gives that',
    async run(store) {
      const first = recordOf();
      await store.add(first);
      same(await store.add(recordOf({ key: first.key })), first, 'what the second add resolves with');
      same(await store.get(first.key), first, 'what is stored');
      for (const [state, change] of TAKEN) {
        const record = recordOf();
        await storeAt(store, record, { state, ...change });
        const there = await store.get(record.key);
        same(
          await store.add(recordOf({ key: record.key })),
          there,
          `what add of a ${state} key resolves with`,
        );
        same(await store.get(record.key), there, `a ${state} record`);
      }
    },
  },
  {
    name: 'add: takes the place of a record that was refused',
    async run(store) {
      const record = recordOf();
      await storeAt(store, record, { state: 'refused', error: 'no credit' });
      same(await stored(store, record.key, 'state'), 'refused', 'its state before');
      const again = recordOf({ key: record.key });
      same(await store.add(again), again, 'what add resolves with');
      same(await store.get(record.key), again, 'what is stored');
    },
  },
  {
    name: 'add: lets one of many have a key that nobody has',
    run: (store) => oneWins(store, recordOf().key),
  },
  {
    name: 'add: lets one of many have a key that was refused',
    async run(store) {
      const record = recordOf();
      await storeAt(store, record, { state: 'refused' });
      await oneWins(store, record.key);
    },
  },
  {
    name: 'add: has a key again once it was deleted',
    async run(store) {
      const record = recordOf();
      await storeAt(store, record, { state: 'submitted', jobId: 'job-1' });
      await store.delete(record.key);
      same(await store.get(record.key), undefined, 'what get has after delete');
      const again = recordOf({ key: record.key });
      same(await store.add(again), again, 'what add resolves with');
    },
  },
  {
    name: 'add: tells all keys apart, whatever is in them',
    async run(store) {
      const mark = crypto.randomUUID();
      const records = KEYS.map((key) => recordOf({ key, group: mark }));
      for (const { key } of records) await store.delete(key);
      for (const record of records)
        same(await store.add(record), record, `what add of ${record.key} resolves with`);
      for (const record of records) same(await store.get(record.key), record, `what ${record.key} has`);
      for (const { key } of records) await store.delete(key);
      for (const { key } of records) same(await store.get(key), undefined, `${key} after delete`);
    },
  },
  {
    name: 'add: keeps what was given, not the object that it was given in',
    async run(store) {
      const metadata = { order: 7 };
      const record = recordOf({ metadata });
      await store.add(record);
      metadata.order = 8;
      same(await stored(store, record.key, 'metadata'), { order: 7 }, 'metadata that the caller has changed');
      const given = (await stored(store, record.key, 'metadata')) as typeof metadata;
      try {
        given.order = 9;
      } catch {} // Frozen is as good.
      same(await stored(store, record.key, 'metadata'), { order: 7 }, 'metadata that a reader has changed');
    },
  },
  {
    name: 'get and delete: know nothing of a key that is not there',
    async run(store) {
      const { key } = recordOf();
      same(await store.get(key), undefined, 'what get has');
      await store.delete(key);
    },
  },
];

async function oneWins(store: Parameters<StoreCheck['run']>[0], key: string): Promise<void> {
  const records = Array.from({ length: AT_ONCE }, () => recordOf({ key }));
  const answers = await Promise.all(records.map((record) => store.add(record)));
  const winner = await stored(store, key, 'idempotencyKey');
  same(records.filter(({ idempotencyKey }) => idempotencyKey === winner).length, 1, 'how many have it');
  const told = new Set(answers.map((answer) => (answer as Partial<JobRecord>).idempotencyKey));
  same([...told], [winner], 'whose record those who added it were told of');
}
