import { createHash } from 'node:crypto';
import { ConfigurationError } from '../../errors.js';
import type { JobRecord } from '../record.js';
import { admits, isListed, merged } from '../rules.js';
import type { JobStore, JobStoreQuery } from '../store.js';
import { codeOf, Folder, TEMPORARY } from './file-folder.js';
import { leaseFile } from './file-leases.js';
import { logLine, readLog } from './file-log.js';
import { keyOfName, nameOfKey } from './key-name.js';

const RECORD = '.jsonl';
const LEASE = '.lease';
/** Longer names are hashed: many file systems end at 255 bytes, some at 143. */
const MAX_NAME = 120;
/**
 * In characters: a key that is refused again and again would have a longer one each time. Whoever has the key then begins
 * a new one.
 */
const MAX_LOG = 65_536;
/** So often a file is another one when it is written; others do not come and go as fast. */
const MAX_TRIES = 20;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Records as files of one folder, for any number of processes of one host. */
export class FileJobStore implements JobStore {
  readonly #folder: Folder;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(folder: string) {
    if (typeof folder !== 'string' || folder.trim() === '') {
      throw new ConfigurationError('folder', 'folder must be the path of a folder, such as ".videos"');
    }
    this.#folder = new Folder(folder);
  }

  async add(record: JobRecord): Promise<unknown> {
    this.#sweepSometimes();
    const name = fileOf(record.key);
    return this.#explaining('written', async () => {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const text = await this.#folder.read(name);
        const line = logLine('add', record, Date.now());
        if (text === undefined) {
          if (await this.#folder.create(name, line)) return record;
          continue;
        }
        const stored = readLog(text, record.key, Date.now());
        if (!admits(stored)) return stored;
        if (!(await this.#folder.append(name, line))) continue;
        // Of several lines the first one counts.
        const all = (await this.#folder.read(name)) ?? '';
        const now = readLog(all, record.key, Date.now());
        if (all.length > MAX_LOG && line.includes(JSON.stringify(now)))
          await this.#folder.replace(name, all, line).catch(() => {});
        if (now !== undefined) return now;
      }
      throw new Error(`the record of ${JSON.stringify(record.key)} came and went while it was added`);
    });
  }

  async put(record: JobRecord): Promise<void> {
    const name = fileOf(record.key);
    await this.#explaining('written', async () => {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const text = await this.#folder.read(name);
        if (text === undefined || merged(readLog(text, record.key, Date.now()), record) === undefined) return;
        if (await this.#folder.append(name, logLine('put', record, Date.now()))) return;
      }
      throw new Error(`the record of ${JSON.stringify(record.key)} came and went while it was changed`);
    });
  }

  async get(key: string): Promise<unknown> {
    return this.#explaining('read', () => this.#get(key));
  }

  async delete(key: string): Promise<void> {
    await this.#explaining('written', async () => {
      await this.#folder.remove(fileOf(key));
      await this.#folder.remove(fileOf(key, LEASE));
    });
  }

  async *list(query?: JobStoreQuery): AsyncGenerator<unknown> {
    for (const name of await this.#explaining('read', () => this.#folder.names())) {
      if (!name.endsWith(RECORD)) continue;
      const text = await this.#explaining('read', () => this.#folder.read(name));
      const stored = text === undefined ? undefined : readLog(text, keyIn(name), Date.now());
      if (stored !== undefined && isListed(stored, query)) yield stored;
    }
  }

  async lease(key: string, holder: string, forMs: number): Promise<boolean> {
    return this.#explaining('written', () => leaseFile(this.#folder, fileOf(key, LEASE), holder, forMs));
  }

  async #get(key: string): Promise<unknown> {
    const text = await this.#folder.read(fileOf(key));
    return text === undefined ? undefined : readLog(text, key, Date.now());
  }

  /** With the first record, and each hour from then on: nobody waits for it, and it may fail. */
  #sweepSometimes(): void {
    const now = performance.now();
    if (now - this.#sweptAt < 60 * MINUTE_MS) return;
    this.#sweptAt = now;
    this.#sweep().catch(() => {});
  }

  /** Takes away what a process that was killed has left, and records that were kept long enough, and a day. */
  async #sweep(): Promise<void> {
    const folder = this.#folder;
    for (const name of await folder.names()) {
      const ageMs = Date.now() - ((await folder.changedAt(name)) ?? Date.now());
      if (name.endsWith(TEMPORARY) && ageMs > MINUTE_MS) await folder.remove(name);
      if (ageMs < DAY_MS) continue;
      const isOld = (text: string) => readLog(text, keyIn(name), Date.now() - DAY_MS) === undefined;
      if (name.endsWith(LEASE)) await folder.removeWhere(name, (_, mtimeMs) => mtimeMs < Date.now());
      if (name.endsWith(RECORD) && isOld((await folder.read(name)) ?? ''))
        await folder.removeWhere(name, isOld);
    }
  }

  async #explaining<T>(verb: 'read' | 'written', act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      const why = REASONS[codeOf(cause)] ?? (cause instanceof Error ? cause.message : String(cause));
      const folder = JSON.stringify(this.#folder.path);
      throw new Error(`the folder of jobs ${folder} could not be ${verb}: ${why}`, { cause });
    }
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this process may not (EACCES)',
  EPERM: 'this process may not (EPERM)',
  EROFS: 'its file system is read-only (EROFS)',
  ENOTDIR: 'a part of its path is a file (ENOTDIR)',
  EEXIST: 'there is a file of its name (EEXIST)',
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the quota of the disk is used up (EDQUOT)',
  EMFILE: 'too many files are open (EMFILE)',
};

function fileOf(key: string, extension = RECORD): string {
  const name = nameOfKey(key);
  // A point is in no other name.
  const short = name.length <= MAX_NAME ? name : `.${createHash('sha256').update(key).digest('hex')}`;
  return short + extension;
}

/** Undefined where the name is a hash: its lines say it, as long as one of them can be read. */
function keyIn(name: string): string | undefined {
  return keyOfName(name.slice(0, -RECORD.length));
}
