import { partNotLoaded } from '../errors.js';
import type { ClientJobs, JobsHost } from './jobs.js';
import { LateRecords } from './late-records.js';
import type { JobStore } from './store.js';

/** @throws VideoError of code `part-not-loaded`, before anything is sent. */
export async function loadRecords() {
  // Not by `catch()`: the `import()` of a bundler throws at once where it cannot load scripts.
  try {
    return await import('./records.js');
  } catch (cause) {
    throw partNotLoaded('records', undefined, cause);
  }
}

export function openRecords(store: JobStore, host: JobsHost): ClientJobs {
  return new LateRecords(async () => (await loadRecords()).recordsOf(store, host));
}
