import { recordOf, type StoreCheck, same } from './check.js';

const LONG_MS = 60_000;
const SHORT_MS = 150;

/** Only of a store that has leases. */
export const LEASING: readonly StoreCheck[] = [
  {
    name: 'lease: is held by one, who may renew it and give it back',
    async run(store) {
      const { key } = recordOf();
      same((await store.lease?.(key, 'ann', LONG_MS)) ?? true, true, 'the lease of the first');
      if (store.lease === undefined) return;
      same(await store.lease(key, 'bob', LONG_MS), false, 'the lease of the second');
      same(await store.lease(key, 'ann', LONG_MS), true, 'the lease of the first, renewed');
      await store.lease(key, 'bob', 0);
      same(
        await store.lease(key, 'bob', LONG_MS),
        false,
        'the lease after the second gave back what it has not',
      );
      await store.lease(key, 'ann', 0);
      same(
        await store.lease(key, 'bob', LONG_MS),
        true,
        'the lease of the second, once the first gave it back',
      );
      same(await store.lease(recordOf().key, 'ann', LONG_MS), true, 'the lease of another key');
    },
  },
  {
    name: 'lease: goes to one of many who ask at once, when it is free and when it has run out',
    async run(store) {
      if (store.lease === undefined) return;
      const { key } = recordOf();
      for (const forMs of [SHORT_MS, LONG_MS]) {
        const asked = Array.from({ length: 20 }, (_, i) => store.lease?.(key, `holder-${forMs}-${i}`, forMs));
        same((await Promise.all(asked)).filter(Boolean).length, 1, 'how many have it');
        if (forMs === SHORT_MS) await ranOut(SHORT_MS);
      }
    },
  },
  {
    name: 'lease: that is renewed does not run out, and one that is not does',
    async run(store) {
      if (store.lease === undefined) return;
      const { key } = recordOf();
      await store.lease(key, 'ann', SHORT_MS);
      same(await store.lease(key, 'ann', LONG_MS), true, 'the lease, renewed');
      await ranOut(SHORT_MS);
      same(await store.lease(key, 'bob', LONG_MS), false, 'the lease of another while it is renewed');
      same(await store.lease(key, 'ann', SHORT_MS), true, 'the lease, made shorter');
      await ranOut(SHORT_MS);
      same(await store.lease(key, 'bob', LONG_MS), true, 'the lease of another after it has run out');
      same(await store.lease(key, 'ann', LONG_MS), false, 'the lease of the first after another has it');
    },
  },
];

function ranOut(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms + 100));
}
