import { ConfigurationError } from '../errors.js';
import type { Jobs } from './jobs.js';
import { loadRecords, openRecords } from './load-records.js';
import type { JobStore } from './store.js';

const METHODS = ['add', 'put', 'get', 'delete', 'list'] as const;

/**
 * Keeps the records of jobs in a store: the adapters are made by this, and so is one of your own.
 *
 * @throws ConfigurationError where it is no store.
 * @example
 * const client = new VideoClient({ backend, auth, jobs: jobsOver(myStore) });
 */
export function jobsOver(store: JobStore): Jobs {
  const missing = METHODS.find((name) => typeof (store as Partial<JobStore> | null)?.[name] !== 'function');
  if (missing !== undefined) throw new ConfigurationError('store', `store has no method ${missing}`);
  const reader = async () => (await loadRecords()).readerOf(store);
  return {
    get: async (key) => (await reader()).get(key),
    async *list(query) {
      for await (const { record } of (await reader()).list(query)) if (record !== undefined) yield record;
    },
    open: (host) => openRecords(store, host),
  };
}
