import { ClientRecords } from './client-records.js';
import type { ClientJobs, JobsHost } from './jobs.js';
import { SafeStore } from './safe-store.js';
import type { JobStore } from './store.js';

/** How long a store may take that is asked without a client, as `timeouts.requestMs`. */
const LIMIT_MS = 30_000;

/** What is done with records of a client's jobs. */
export function recordsOf(store: JobStore, host: JobsHost): ClientJobs {
  return new ClientRecords(store, host);
}

/** Reads a store without a client. */
export function readerOf(store: JobStore): Pick<SafeStore, 'get' | 'list'> {
  return new SafeStore(store, LIMIT_MS, {
    setTimeout: (callback, delayMs) => globalThis.setTimeout(callback, delayMs),
    clearTimeout: (timer) => globalThis.clearTimeout(timer as ReturnType<typeof setTimeout>),
  });
}
