import type { JobRecord, Jobs } from '../index.js';
import { noSuchJob } from './answer.js';

/** For how long what was read is believed, in milliseconds. */
export const FRESH_MS = 5_000;
/**
 * And for how much longer where the store does not answer: a page whose calls are spread over processes may not come to the
 * one that knows its job for a while, and the others cannot tell whose it is.
 */
const STALE_MS = 300_000;
/** Records that are kept; the oldest are dropped. */
const MAX_KNOWN = 10_000;

interface Known {
  readonly record: JobRecord;
  readonly until: number;
}

/** Whose a job is, and what it is called upstream. */
export class Records {
  readonly #jobs: Pick<Jobs, 'get' | 'list'>;
  /** In the order of their time. */
  readonly #known = new Map<string, Known>();
  /** How often a job was forgotten: what was asked of the store before that may be no longer so. */
  #forgotten = 0;
  #dropping: ReturnType<typeof setTimeout> | undefined;

  constructor(jobs: Pick<Jobs, 'get' | 'list'>) {
    this.#jobs = jobs;
  }

  /**
   * The record of a job of this user. While the store cannot be read, what was known of it last does: whose a job is, and
   * what it is called upstream, does not change.
   *
   * @throws Refused with 404 where it is another's, or is not there: no caller can tell which.
   */
  async own(userId: string, key: string): Promise<JobRecord> {
    const known = this.#known.get(key);
    const record =
      known !== undefined && performance.now() < known.until ? known.record : await this.#readOr(key, known);
    if (record?.group !== userId) throw noSuchJob();
    return record;
  }

  async #readOr(key: string, known: Known | undefined): Promise<JobRecord | undefined> {
    try {
      return await this.read(key);
    } catch (error) {
      // It may have been forgotten while the store was asked.
      if (known === undefined || !this.#known.has(key)) throw error;
      // Not each call is to wait for a store that does not answer.
      this.#remember(known.record);
      return known.record;
    }
  }

  /** As it is now. */
  async read(key: string): Promise<JobRecord | undefined> {
    const forgotten = this.#forgotten;
    // What no key can be is not asked for.
    const record = /^[\x21-\x7e]{1,255}$/.test(key) ? await this.#jobs.get(key) : undefined;
    this.#known.delete(key);
    // What is not there may be in a moment, and what has no id may get one.
    if (forgotten !== this.#forgotten) return this.read(key);
    if (record?.jobId !== undefined) this.#remember(record);
    return record;
  }

  #remember(record: JobRecord): void {
    this.#known.delete(record.key); // The oldest come first.
    this.#known.set(record.key, { record, until: performance.now() + FRESH_MS });
    const [oldest = ''] = this.#known.size > MAX_KNOWN ? this.#known.keys() : [];
    this.#known.delete(oldest);
    this.#dropLater();
  }

  /** What nobody may believe any more, even where the store is away, is not kept. */
  #dropLater(): void {
    if (this.#dropping !== undefined || this.#known.size === 0) return;
    this.#dropping = setTimeout(() => {
      this.#dropping = undefined;
      const now = performance.now();
      for (const [key, { until }] of this.#known) {
        if (until + STALE_MS > now) break;
        this.#known.delete(key);
      }
      this.#dropLater();
    }, FRESH_MS);
    (this.#dropping as { unref?(): void }).unref?.();
  }

  /** Changes whenever a job is forgotten. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** The user's, in no order. */
  list(userId: string): AsyncIterable<JobRecord> {
    return this.#jobs.list({ group: userId });
  }

  forget(key: string): void {
    this.#forgotten++;
    this.#known.delete(key);
  }
}
