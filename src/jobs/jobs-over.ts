import { ConfigurationError } from '../errors.js';
import { ClientRecords } from './client-records.js';
import type { Jobs } from './jobs.js';
import { SafeStore } from './safe-store.js';
import type { JobStore } from './store.js';

const METHODS = ['add', 'put', 'get', 'delete', 'list'] as const;
/** How long a store may take that is asked without a client, as `timeouts.requestMs`. */
const LIMIT_MS = 30_000;

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
  const timers = {
    setTimeout: (callback: () => void, delayMs: number) => globalThis.setTimeout(callback, delayMs),
    clearTimeout: (timer: unknown) => globalThis.clearTimeout(timer as ReturnType<typeof setTimeout>),
  };
  const safe = new SafeStore(store, LIMIT_MS, timers);
  return {
    get: (key) => safe.get(key),
    async *list(query) {
      for await (const { record } of safe.list(query)) if (record !== undefined) yield record;
    },
    open: (host) => new ClientRecords(store, host),
  };
}
