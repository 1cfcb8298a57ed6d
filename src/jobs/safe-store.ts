import { redactQueries, wordsOf } from '../core/text.js';
import { JobStoreError } from '../errors.js';
import type { Runtime } from '../runtime/runtime.js';
import { readRecord } from './read-record.js';
import type { JobRecord } from './record.js';
import type { JobStore, JobStoreQuery } from './store.js';

/** What one listing has: a record, or why there is none under a key. */
export type Listed =
  | { readonly record: JobRecord; readonly error?: undefined }
  | { readonly record?: undefined; readonly key: string | undefined; readonly error: JobStoreError };

/**
 * A store whose answers are checked, and whose calls take no longer than `limitMs`. What it rejects or hangs with becomes a
 * `JobStoreError`.
 */
export class SafeStore {
  readonly #store: JobStore;
  readonly #limitMs: number;
  readonly #runtime: Pick<Runtime, 'setTimeout' | 'clearTimeout'>;

  constructor(store: JobStore, limitMs: number, runtime: Pick<Runtime, 'setTimeout' | 'clearTimeout'>) {
    this.#store = store;
    this.#limitMs = limitMs;
    this.#runtime = runtime;
  }

  /** Resolves with what is there then. `late` is told where the call had been given up, and went through after all. */
  async add(record: JobRecord, late: () => void): Promise<JobRecord> {
    const { key } = record;
    const stored = await this.#call('write a record of', key, () => this.#store.add(record), late);
    return this.#read(key, stored) ?? record;
  }

  async put(record: JobRecord): Promise<void> {
    await this.#call('write the record of', record.key, () => this.#store.put(record));
  }

  async get(key: string): Promise<JobRecord | undefined> {
    return this.#read(key, await this.#call('read the record of', key, () => this.#store.get(key)));
  }

  /** Whether there is anything, readable or not. */
  async has(key: string): Promise<boolean> {
    const stored = await this.#call('read the record of', key, () => this.#store.get(key));
    return stored !== undefined && stored !== null;
  }

  async delete(key: string): Promise<void> {
    await this.#call('delete the record of', key, () => this.#store.delete(key));
  }

  /**
   * The record of an id; undefined where there is none, or none that can be read.
   *
   * @param isOurs - Another server's job may have the same id.
   */
  async find(jobId: string, isOurs: (record: JobRecord) => boolean): Promise<JobRecord | undefined> {
    const { find } = this.#store;
    if (find !== undefined) {
      const found = await this.#call('find a record', undefined, () => find.call(this.#store, jobId));
      const record = readRecord(found);
      if (record?.jobId !== jobId) return undefined;
      if (isOurs(record)) return record;
    }
    for await (const { record } of this.list()) if (record?.jobId === jobId && isOurs(record)) return record;
    return undefined;
  }

  get canFind(): boolean {
    return this.#store.find !== undefined;
  }

  get hasLeases(): boolean {
    return this.#store.lease !== undefined;
  }

  async lease(key: string, holder: string, forMs: number): Promise<boolean> {
    const { lease } = this.#store;
    if (lease === undefined) return true;
    return this.#call('lease the record of', key, () => lease.call(this.#store, key, holder, forMs));
  }

  async *list(query: JobStoreQuery = {}): AsyncGenerator<Listed, void, undefined> {
    const what = 'list the records';
    const records = await this.#call(what, undefined, () => this.#store.list(query)[Symbol.asyncIterator]());
    try {
      for (;;) {
        // Looked into here: what is no result of an iterator is a store that failed.
        const next = await this.#call(what, undefined, async () => {
          const { done, value } = await records.next();
          return { done, value };
        });
        if (next.done === true) return;
        const record = readRecord(next.value);
        if (record === undefined) {
          const { key } = (next.value ?? {}) as { key?: unknown };
          const known = typeof key === 'string' ? key : undefined;
          yield { key: known, error: unreadable(known) };
        } else if (query.group === undefined || record.group === query.group) yield { record };
      }
    } finally {
      // One that hangs when it is left is nothing to wait for.
      (async () => records.return?.())().catch(() => {});
    }
  }

  #read(key: string, stored: unknown): JobRecord | undefined {
    if (stored === undefined || stored === null) return undefined;
    const record = readRecord(stored);
    if (record?.key !== key) throw unreadable(key);
    return record;
  }

  /** @param what - What it is to do, and with the record of which key, for the words of the error. */
  #call<T>(what: string, key: string | undefined, call: () => T | Promise<T>, late?: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      let isGivenUp = false;
      const fail = (cause: unknown) => {
        this.#runtime.clearTimeout(timer);
        reject(failed(key === undefined ? what : `${what} ${shown(key)}`, cause));
      };
      const timer = this.#runtime.setTimeout(() => {
        isGivenUp = true;
        fail(new Error(`it did not answer within ${this.#limitMs} ms`));
      }, this.#limitMs);
      const done = (value: T) => {
        this.#runtime.clearTimeout(timer);
        resolve(value);
        if (isGivenUp) late?.();
      };
      (async () => call())().then(done, fail).catch(reject);
    });
  }
}

function failed(what: string, cause: unknown): JobStoreError {
  const why = redactQueries(cause instanceof Error ? cause.message : wordsOf(cause));
  return new JobStoreError(`the store of jobs could not ${what}: ${why.slice(0, 500)}`, {
    cause,
    hint: 'Check that the store can be reached and written.',
  });
}

function unreadable(key: string | undefined): JobStoreError {
  const about = key === undefined ? 'a record' : `the record of ${shown(key)}`;
  return new JobStoreError(`${about} cannot be read: it is damaged, or of another version`, {
    hint:
      key === undefined
        ? 'See what is in the store.'
        : `A job may have been made under it. Where it is of no use any more: client.forget(${JSON.stringify(key)}).`,
  });
}

function shown(key: string): string {
  return `key ${JSON.stringify(key.slice(0, 255))}`;
}
