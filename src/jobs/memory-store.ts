import type { JobRecord } from './record.js';
import { admits, isListed, keptUntil, merged } from './rules.js';
import type { JobStore, JobStoreQuery } from './store.js';

/** Records in this process: they outlive a client, and nothing else. */
export class MemoryJobStore implements JobStore {
  /** In the order in which their keys were first used. */
  readonly #records = new Map<string, JobRecord>();
  readonly #leases = new Map<string, { readonly holder: string; readonly until: number }>();

  async add(record: JobRecord): Promise<JobRecord> {
    this.#dropOld(record.updatedAt);
    const stored = this.#records.get(record.key);
    if (stored !== undefined && !admits(stored)) return stored;
    this.#records.set(record.key, record);
    return record;
  }

  async put(record: JobRecord): Promise<void> {
    const next = merged(this.#records.get(record.key), record);
    if (next !== undefined) this.#records.set(record.key, next);
  }

  async get(key: string): Promise<JobRecord | undefined> {
    return this.#records.get(key);
  }

  async delete(key: string): Promise<void> {
    this.#records.delete(key);
    this.#leases.delete(key);
  }

  async *list(query?: JobStoreQuery): AsyncGenerator<JobRecord> {
    for (const record of [...this.#records.values()]) if (isListed(record, query)) yield record;
  }

  async find(jobId: string): Promise<JobRecord | undefined> {
    for (const record of this.#records.values()) if (record.jobId === jobId) return record;
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

  #dropOld(now: number): void {
    for (const [key, record] of this.#records) {
      if (keptUntil(record) > now) return; // The oldest are first, roughly; that is enough.
      this.#records.delete(key);
    }
  }
}
