import { ConfigurationError } from '../../errors.js';
import type { Jobs } from '../jobs.js';
import { jobsOver } from '../jobs-over.js';
import { readRecord } from '../read-record.js';
import type { JobRecord } from '../record.js';
import { admits, hasEnded, isListed, keptUntil, merged } from '../rules.js';
import type { JobStore, JobStoreQuery } from '../store.js';

/** Options for `webJobs`. */
export interface WebJobsOptions {
  /** Whose jobs these are, such as the id of who is signed in: nobody else who uses the same browser is given them. */
  readonly name: string;
}

/**
 * Keeps records in the `localStorage` of a page, for all its tabs. They survive the page and the browser, but perhaps no
 * power cut. In https, two tabs that submit one key at the same moment submit it once; in http there are no Web Locks,
 * and nearly so. Where the storage is full, jobs that have ended are dropped, the oldest first.
 *
 * @throws ConfigurationError for an empty name.
 * @example
 * const client = new VideoClient({ baseUrl: '/videos', backend, jobs: webJobs({ name: user.id }) });
 */
export function webJobs({ name }: WebJobsOptions): Jobs {
  return jobsOver(new WebJobStore(name));
}

const PREFIX = 'reelwire:jobs:';
/** A tab that is frozen while it holds a lock is not waited for. */
const LOCK_MS = 5_000;
/** So long a lock is held besides: Chromium has other tabs see what one has written some milliseconds later. */
const SEEN_MS = 200;

/** Records in `localStorage`, for all tabs of an origin. */
export class WebJobStore implements JobStore {
  readonly #prefix: string;
  readonly #held = new Map<string, Held>();

  constructor(name: string) {
    if (typeof name !== 'string' || name === '') {
      throw new ConfigurationError(
        'name',
        'name must say whose jobs these are, such as the id of who is signed in',
      );
    }
    // In quotes, so that no name begins another.
    this.#prefix = PREFIX + JSON.stringify(name);
  }

  add(record: JobRecord): Promise<unknown> {
    return this.#alone(record.key, () => {
      const stored = this.#read(record.key);
      if (!admits(stored)) return stored;
      this.#write(record);
      return record;
    });
  }

  put(record: JobRecord): Promise<void> {
    return this.#alone(record.key, () => {
      const next = merged(this.#read(record.key), record);
      if (next !== undefined) this.#write(next);
    });
  }

  async get(key: string): Promise<unknown> {
    return this.#read(key);
  }

  delete(key: string): Promise<void> {
    return this.#alone(key, () => localStorage.removeItem(this.#prefix + key));
  }

  async *list(query?: JobStoreQuery): AsyncGenerator<unknown> {
    for (const { stored } of oldestFirst(this.#prefix)) if (isListed(stored, query)) yield stored;
  }

  #read(key: string): unknown {
    const stored = parse(localStorage.getItem(this.#prefix + key), key);
    return keptUntil(stored) > Date.now() ? stored : undefined;
  }

  #write(record: JobRecord): void {
    const name = this.#prefix + record.key;
    const text = JSON.stringify(record);
    const old = oldestFirst(PREFIX).filter((other) => other.name !== name && isDone(other.stored));
    for (;;) {
      try {
        localStorage.setItem(name, text);
        return;
      } catch (cause) {
        // A page that cannot submit is worse than one that has forgotten an old job, whoever's it is.
        const next = old.shift();
        if (next === undefined) throw new Error('localStorage is full, or must not be written', { cause });
        localStorage.removeItem(next.name);
      }
    }
  }

  /** Where there are Web Locks, over all tabs: pages in http have none. */
  async #alone<T>(key: string, act: () => T): Promise<T> {
    const { locks } = globalThis.navigator ?? {};
    if (locks === undefined) return act();
    const held = this.#held.get(key) ?? this.#lock(locks, key);
    await held.granted;
    held.until = performance.now() + SEEN_MS;
    return act();
  }

  #lock(locks: LockManager, key: string): Held {
    const held: Held = { until: 0, granted: Promise.resolve() };
    this.#held.set(key, held);
    const signal = AbortSignal.timeout(LOCK_MS);
    held.granted = new Promise((granted, refused) => {
      const hold = async () => {
        granted();
        do await new Promise((resolve) => setTimeout(resolve, SEEN_MS));
        while (held.until > performance.now());
      };
      const leave = () => this.#held.delete(key);
      locks
        .request(this.#prefix + key, { signal }, () => hold().finally(leave))
        .catch((error) => {
          leave();
          refused(error);
        });
    });
    return held;
  }
}

/** A lock that this tab has, or has asked for. */
interface Held {
  granted: Promise<void>;
  /** By `performance.now()`. */
  until: number;
}

interface Item {
  readonly name: string;
  readonly stored: unknown;
}

/** What is kept under names that begin so. What was kept long enough is removed, and not among them. */
function oldestFirst(prefix: string): Item[] {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  const items = names.map((name) => ({
    name,
    stored: parse(localStorage.getItem(name), name.slice(prefix.length)),
  }));
  for (const { name, stored } of items) if (keptUntil(stored) <= Date.now()) localStorage.removeItem(name);
  return items
    .filter(({ stored }) => stored !== undefined && keptUntil(stored) > Date.now())
    .sort((a, b) => madeAt(a) - madeAt(b));
}

function madeAt({ stored }: Item): number {
  return readRecord(stored)?.createdAt ?? 0;
}

/** Whether nothing more comes of it. */
function isDone(stored: unknown): boolean {
  const record = readRecord(stored);
  return record !== undefined && (hasEnded(record) || record.state === 'refused');
}

function parse(text: string | null, key: string): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return { key };
  }
}
