import type { Jobs } from '../jobs.js';
import { jobsOver } from '../jobs-over.js';
import type { JobRecord } from '../record.js';
import { admits, isListed, keptUntil, merged } from '../rules.js';
import type { JobStore, JobStoreQuery } from '../store.js';
import { keyOfName, nameOfKey } from './key-name.js';
import { type KeyValueStorage, type KeyValues, keyValuesOf } from './key-value-storage.js';
import { Turns } from './turns.js';

/**
 * Keeps records in a storage of `unstorage`, a `Keyv`, or the module `idb-keyval`, under keys that begin with
 * `reelwire:jobs:`. Only one process, or one tab, may write to it at a time: these storages know no step that two can
 * agree by. It survives what the storage survives.
 *
 * @param storage - A `Keyv` must be made with `{ throwOnErrors: true }`, over a store that can be listed.
 * @throws ConfigurationError where it is none of them.
 * @example
 * import * as idbKeyval from 'idb-keyval';
 *
 * const client = new VideoClient({ backend, auth, jobs: keyValueJobs(idbKeyval) });
 */
export function keyValueJobs(storage: KeyValueStorage): Jobs {
  return jobsOver(new KeyValueJobStore(storage));
}

const BASE = 'reelwire:jobs';
const LONGEST_MS = 365 * 86_400_000;
/** Where the storage is a folder, the longest name that a file or a folder may have is some 255. */
const MAX_PART = 100;

/** Records in a storage that knows no atomic step: one process may write to it. */
export class KeyValueJobStore implements JobStore {
  readonly #values: KeyValues;
  readonly #turns = new Turns();

  constructor(storage: KeyValueStorage) {
    this.#values = keyValuesOf(storage);
  }

  add(record: JobRecord): Promise<unknown> {
    return this.#turns.take(record.key, async () => {
      const stored = await this.get(record.key);
      if (!admits(stored)) return stored;
      await this.#write(record);
      return record;
    });
  }

  put(record: JobRecord): Promise<void> {
    return this.#turns.take(record.key, async () => {
      const next = merged(await this.get(record.key), record);
      if (next !== undefined) await this.#write(next);
    });
  }

  async get(key: string): Promise<unknown> {
    const stored = parse(key, await this.#values.read(nameOf(key)));
    return keptUntil(stored) <= Date.now() ? undefined : stored;
  }

  delete(key: string): Promise<void> {
    return this.#turns.take(key, async () => {
      await this.#values.remove(nameOf(key));
    });
  }

  async *list(query?: JobStoreQuery): AsyncGenerator<unknown> {
    // Some give a key twice while they change.
    for (const name of new Set(await this.#values.keys(BASE))) {
      const key = keyOf(name);
      if (key === undefined) continue;
      const stored = await this.get(key);
      if (stored === undefined) await this.#dropOld(key);
      else if (isListed(stored, query)) yield stored;
    }
  }

  async #write(record: JobRecord): Promise<void> {
    const ttlMs = Math.min(Math.max(1, keptUntil(record) - Date.now()), LONGEST_MS);
    const isWritten = await this.#values.write(nameOf(record.key), JSON.stringify(record), ttlMs);
    if (isWritten === false) throw new Error('the storage did not take the record');
  }

  /** What was kept long enough; another may have its key meanwhile. */
  #dropOld(key: string): Promise<void> {
    return this.#turns.take(key, async () => {
      if ((await this.get(key)) === undefined) await this.#values.remove(nameOf(key));
    });
  }
}

function parse(key: string, value: unknown): unknown {
  // Some storages parse JSON by themselves.
  if (typeof value !== 'string') return value ?? undefined;
  try {
    return JSON.parse(value);
  } catch {
    return { key };
  }
}

/** In parts: a part that another follows ends with what no name does, so that none is a file and a folder. */
function nameOf(key: string): string {
  const parts = nameOfKey(key).match(new RegExp(`.{1,${MAX_PART}}`, 'g')) ?? [''];
  return `${BASE}:${parts.join('__:')}`;
}

function keyOf(name: unknown): string | undefined {
  if (typeof name !== 'string' || !name.startsWith(`${BASE}:`)) return undefined;
  return keyOfName(name.slice(BASE.length + 1).replaceAll('__:', ''));
}
