import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { MemoryJobStore } from '../../../src/jobs/memory-store.js';
import type { JobRecord } from '../../../src/jobs/record.js';
import type { JobStore } from '../../../src/jobs/store.js';

export { connect, errorOf, input, startServer, submits } from '../client/support.js';

/** The same server, by a backend that says for how long it honours keys. */
export const honouring = (windowMs = 86_400_000) => ({ ...soraGateway(), idempotency: { windowMs } });
/** By one that says that it honours none. */
export const ignoring = () => ({ ...soraGateway(), idempotency: 'none' as const });

/** A store in memory, each of whose methods may be replaced. */
export function storeWith(methods: (store: MemoryJobStore) => Partial<JobStore> = () => ({})): {
  readonly store: JobStore;
  readonly inner: MemoryJobStore;
} {
  const inner = new MemoryJobStore();
  const own: JobStore = {
    add: (record) => inner.add(record),
    put: (record) => inner.put(record),
    get: (key) => inner.get(key),
    delete: (key) => inner.delete(key),
    list: (query) => inner.list(query),
    find: (jobId) => inner.find(jobId),
    lease: (key, holder, forMs) => inner.lease(key, holder, forMs),
  };
  return { store: { ...own, ...methods(inner) }, inner };
}

export async function recordsOf(store: Pick<JobStore, 'list'>): Promise<JobRecord[]> {
  const records: JobRecord[] = [];
  for await (const record of store.list()) records.push(record as JobRecord);
  return records;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
