import type { JobRecord } from './record.js';
import { admits, isListed, merged, recordKeptUntil } from './rules.js';
import type { JobStore, JobStoreQuery } from './store.js';

/** Records in this process: they outlive a client, and nothing else. */
export class MemoryJobStore implements JobStore {
  /** In the order in which their keys were first used. */
  readonly #records = new Map<string, JobRecord>();
  readonly #leases = new Map<string, { readonly holder: string; readonly until: number }>();

  async add(record: JobRecord): Promise<JobRecord> {
    this.#dropOld();
    const stored = this.#current(record.key);
    if (stored !== undefined && !admits(stored)) return copyOf(stored);
    this.#records.set(record.key, copyOf(record));
    return record;
  }

  async put(record: JobRecord): Promise<void> {
    const next = merged(this.#current(record.key), record);
    if (next !== undefined) this.#records.set(record.key, copyOf(next));
  }

  async get(key: string): Promise<JobRecord | undefined> {
    const stored = this.#current(key);
    return stored && copyOf(stored);
  }

  async delete(key: string): Promise<void> {
    this.#records.delete(key);
    this.#leases.delete(key);
  }

  async *list(query?: JobStoreQuery): AsyncGenerator<JobRecord> {
    for (const record of [...this.#records.values()]) {
      if (recordKeptUntil(record) > Date.now() && isListed(record, query)) yield copyOf(record);
    }
  }

  async find(jobId: string): Promise<JobRecord | undefined> {
    for (const record of this.#records.values()) if (record.jobId === jobId) return this.get(record.key);
    return undefined;
  }

  async lease(key: string, holder: string, forMs: number): Promise<boolean> {
    const now = Date.now();
    const lease = this.#leases.get(key);
    if (lease !== undefined && lease.holder !== holder && lease.until > now) return false;
    if (forMs > 0) this.#leases.set(key, { holder, until: now + forMs });
    else this.#leases.delete(key);
    return true;
  }

  #current(key: string): JobRecord | undefined {
    const stored = this.#records.get(key);
    return stored !== undefined && recordKeptUntil(stored) > Date.now() ? stored : undefined;
  }

  #dropOld(): void {
    for (const [key, record] of this.#records) {
      if (recordKeptUntil(record) > Date.now()) return; // The oldest are first, roughly; that is enough.
      this.#records.delete(key);
    }
  }
}

/** The caller's own, which may change: as another store would give it back. */
function copyOf(record: JobRecord): JobRecord {
  return record.metadata === undefined ? record : JSON.parse(JSON.stringify(record));
}
