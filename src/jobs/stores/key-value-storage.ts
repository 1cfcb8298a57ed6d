import { isRecord } from '../../core/record.js';
import { ConfigurationError } from '../../errors.js';

/** The part of an `unstorage` storage that is used. */
export interface UnstorageShape {
  /** Null where there is none. */
  getItem(key: string): Promise<unknown>;
  /** Writes, or overwrites. */
  setItem(key: string, value: string): Promise<unknown>;
  /** Does nothing where there is none. */
  removeItem(key: string): Promise<unknown>;
  /** Those that begin with `base`. */
  getKeys(base: string): Promise<readonly string[]>;
}

/** The part of a `Keyv` that is used. */
export interface KeyvShape {
  /** Undefined where there is none. */
  get(key: string): Promise<unknown>;
  /** The time to live in milliseconds. */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  /** False where there is none. */
  delete(key: string): Promise<unknown>;
  /** Not every store of one can be listed. */
  iterator?: ((argument: undefined) => AsyncIterable<unknown>) | undefined;
  readonly throwOnErrors?: boolean | undefined;
}

/** The part of the module `idb-keyval` that is used. */
export interface IdbKeyvalShape {
  /** Undefined where there is none. */
  get(key: string): Promise<unknown>;
  /** Writes, or overwrites. */
  set(key: string, value: string): Promise<unknown>;
  /** Does nothing where there is none. */
  del(key: string): Promise<unknown>;
  /** All of them. */
  keys(): Promise<readonly unknown[]>;
}

/** What can keep records: a storage of `unstorage`, a `Keyv`, or the module `idb-keyval`. */
export type KeyValueStorage = UnstorageShape | KeyvShape | IdbKeyvalShape;

/** The four things that all of them can do. */
export interface KeyValues {
  read(key: string): Promise<unknown>;
  write(key: string, text: string, ttlMs: number): Promise<unknown>;
  remove(key: string): Promise<unknown>;
  /** With those of others, perhaps. */
  keys(base: string): Promise<readonly unknown[]>;
}

/** Throws ConfigurationError for what is none of them. */
export function keyValuesOf(storage: KeyValueStorage): KeyValues {
  if (has(storage, 'getItem', 'setItem', 'removeItem', 'getKeys')) {
    return {
      read: (key) => storage.getItem(key),
      write: (key, text) => storage.setItem(key, text),
      remove: (key) => storage.removeItem(key),
      keys: (base) => storage.getKeys(base),
    };
  }
  if (has(storage, 'get', 'set', 'del', 'keys')) {
    // A namespace, which is no object to call them on.
    const { get, set, del, keys } = storage;
    return {
      read: (key) => get(key),
      write: (key, text) => set(key, text),
      remove: (key) => del(key),
      keys: () => keys(),
    };
  }
  if (has(storage, 'get', 'set', 'delete')) return ofKeyv(storage);
  throw wrong('must be a storage of unstorage, a Keyv, or the module idb-keyval');
}

function ofKeyv(keyv: KeyvShape): KeyValues {
  if (keyv.throwOnErrors === false) {
    throw wrong(
      'must be a Keyv made with { throwOnErrors: true }: without, a key that could not be read is as good as a key that is not there',
    );
  }
  if (keyv.iterator === undefined)
    throw wrong('must be a Keyv whose store can be listed: this one has no iterator');
  return {
    read: (key) => keyv.get(key),
    write: (key, text, ttlMs) => keyv.set(key, text, ttlMs),
    remove: (key) => keyv.delete(key),
    async keys() {
      const found: unknown[] = [];
      for await (const entry of keyv.iterator?.(undefined) ?? [])
        found.push((entry as readonly unknown[])[0]);
      return found;
    },
  };
}

function has<Name extends string>(
  storage: KeyValueStorage,
  ...names: readonly Name[]
): storage is Extract<KeyValueStorage, Record<Name, unknown>> {
  const methods: unknown = storage;
  return isRecord(methods) && names.every((name) => typeof methods[name] === 'function');
}

function wrong(problem: string): ConfigurationError {
  return new ConfigurationError('storage', `storage ${problem}`);
}
