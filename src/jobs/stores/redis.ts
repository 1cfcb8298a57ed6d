import { uuid } from '../../core/uuid.js';
import { ConfigurationError } from '../../errors.js';
import type { Jobs } from '../jobs.js';
import { jobsOver } from '../jobs-over.js';
import { readRecord } from '../read-record.js';
import type { JobRecord } from '../record.js';
import { admits, isListed, keptUntil, merged } from '../rules.js';
import type { JobStore, JobStoreQuery } from '../store.js';
import { evalScript, type IORedisJobsClient, type NodeRedisJobsClient } from './redis-eval.js';
import { GET, LEASE, MEMBERS, PAGE, RECORDS, SWAP } from './redis-scripts.js';

/** Options for `redisJobs`. */
export interface RedisJobsOptions {
  /**
   * Before each key, in braces; give each application one of its own. All that is kept is in one slot of a cluster.
   *
   * @default 'reelwire:jobs'
   */
  readonly prefix?: string | undefined;
}

/**
 * Keeps records in redis, for any number of processes, over a client of `ioredis` or of `redis` that the caller has
 * connected; some 700 bytes a job. What is written outlives redis itself where that is set to write what it is told
 * (`appendonly yes`). A command that is not answered within 5 s has failed, and nothing is sent. What it may write yet is taken
 * back by the next one; over a pool of connections that may come first, and the record then stays as one of a submit whose
 * outcome nobody knows.
 *
 * @throws ConfigurationError where it is no client, or the prefix is empty or has braces.
 * @example
 * const client = new VideoClient({ backend, auth, jobs: redisJobs(new Redis(url)) });
 */
export function redisJobs(
  client: IORedisJobsClient | NodeRedisJobsClient,
  { prefix = 'reelwire:jobs' }: RedisJobsOptions = {},
): Jobs {
  return jobsOver(new RedisJobStore(client, prefix));
}

const PAGE_SIZE = 100;
const LONGEST_MS = 365 * 86_400_000;

/** Records in redis, for any number of processes. */
export class RedisJobStore implements JobStore {
  readonly #client: IORedisJobsClient | NodeRedisJobsClient;
  readonly #prefix: string;

  constructor(client: IORedisJobsClient | NodeRedisJobsClient, prefix: string) {
    if (typeof prefix !== 'string' || prefix === '' || /[{}]/.test(prefix)) {
      throw new ConfigurationError('prefix', 'prefix must be a text without braces, such as "videos"');
    }
    if (typeof client?.eval !== 'function') {
      throw new ConfigurationError('client', 'client must be a client of ioredis or of redis');
    }
    this.#client = client;
    this.#prefix = `{${prefix}}:`;
  }

  async add(record: JobRecord): Promise<unknown> {
    // Each try is another text: what takes it back, over another connection of a pool perhaps, takes back no later one.
    const text = `${JSON.stringify(record)}\n${uuid()}`;
    let before = '';
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const there = await this.#swap(record.key, before, text, record).catch((error: unknown) => {
        // It may be written yet, when nobody sends what it is the record of.
        this.#swap(record.key, text, '', record).catch(() => {});
        throw error;
      });
      if (there === undefined) return record;
      const stored = there === '' ? undefined : parse(record.key, there);
      if (!admits(stored) && !isSameSubmit(stored, record)) return stored;
      before = there;
    }
    throw changedTooOften(record.key);
  }

  async put(record: JobRecord): Promise<void> {
    let before = await this.#text(record.key);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const next = before === '' ? undefined : merged(parse(record.key, before), record);
      if (next === undefined) return;
      const there = await this.#swap(record.key, before, JSON.stringify(next), next);
      if (there === undefined) return;
      before = there;
    }
    throw changedTooOften(record.key);
  }

  async get(key: string): Promise<unknown> {
    const text = await this.#text(key);
    return text === '' ? undefined : parse(key, text);
  }

  async delete(key: string): Promise<void> {
    let before = await this.#text(key);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const there = await this.#swap(key, before, '', readRecord(parse(key, before)));
      if (there === undefined) return;
      before = there;
    }
    throw changedTooOften(key);
  }

  async *list(query: JobStoreQuery = {}): AsyncGenerator<unknown> {
    const index = query.group === undefined ? 'all' : `of:${query.group}`;
    for await (const keys of this.#pages(index)) {
      const records = await this.#run(RECORDS, [index, ...keys.map((key) => `record:${key}`)], keys);
      for (const [i, key] of keys.entries()) {
        const stored = records[i] ? parse(key, records[i]) : undefined;
        if (stored !== undefined && isListed(stored, query)) yield stored;
      }
    }
  }

  async find(jobId: string): Promise<unknown> {
    for (const key of await this.#run(MEMBERS, [`id:${jobId}`], [])) {
      const stored = await this.get(key);
      if (readRecord(stored)?.jobId === jobId) return stored;
    }
    return undefined;
  }

  async lease(key: string, holder: string, forMs: number): Promise<boolean> {
    return (await this.#run(LEASE, [`lease:${key}`], [holder, String(Math.ceil(forMs))])) === 'done';
  }

  /** From where the last one ended, and what is of the same moment anew: meanwhile others come and go. */
  async *#pages(index: string): AsyncGenerator<readonly string[]> {
    let from = '-inf';
    let seen: ReadonlySet<string> = new Set();
    for (;;) {
      const size = seen.size + PAGE_SIZE;
      const page = await this.#run(PAGE, [index], [from, String(size)]);
      const last = page.at(-1) ?? '';
      const fresh: string[] = [];
      const ofLast = new Set(last === from ? seen : []);
      for (let i = 0; i < page.length; i += 2) {
        const [key = '', at] = page.slice(i, i + 2);
        if (!seen.has(key)) fresh.push(key);
        if (at === last) ofLast.add(key);
      }
      yield fresh;
      if (page.length < 2 * size) return;
      [from, seen] = [last, ofLast];
    }
  }

  async #text(key: string): Promise<string> {
    return String(await this.#run(GET, [`record:${key}`], []));
  }

  /** Undefined where it is done; else what is there, empty for nothing. */
  async #swap(
    key: string,
    expected: string,
    text: string,
    record: JobRecord | undefined,
  ): Promise<string | undefined> {
    const now = Date.now();
    // What none can read is kept as long as anything.
    const forMs = Math.min(Math.max(1, Math.ceil(keptUntil(record) - now)), LONGEST_MS);
    const { group, jobId } = record ?? {};
    const keys = [`record:${key}`, 'all', 'ends', `of:${group ?? ''}`, `id:${jobId ?? ''}`];
    const flags = [group !== undefined, jobId !== undefined].map((flag) => (flag ? '1' : ''));
    const times = [forMs, record?.createdAt ?? 0, now].map(String);
    const answer = await this.#run(SWAP, keys, [expected, text, key, ...times, ...flags]);
    return answer === 'done' ? undefined : String(answer).slice(1);
  }

  #run(
    script: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<string | readonly string[]> {
    const prefixed = keys.map((key) => this.#prefix + key);
    return evalScript(this.#client, script, prefixed, args);
  }
}

/** Others change the same record as often in the time of one answer; no job has so many changes. */
const MAX_TRIES = 100;

function changedTooOften(key: string): Error {
  return new Error(
    `the record of ${JSON.stringify(key)} was changed by others each time it was to be written`,
  );
}

/** An earlier try to add the same record, of which no answer came. */
function isSameSubmit(stored: unknown, { idempotencyKey, createdAt }: JobRecord): boolean {
  const before = readRecord(stored);
  const isOfIt = before?.idempotencyKey === idempotencyKey && before.createdAt === createdAt;
  return isOfIt && before.state === 'submitting';
}

function parse(key: string, text: string): unknown {
  try {
    return JSON.parse(text.split('\n', 1)[0] ?? '');
  } catch {
    return { key };
  }
}
