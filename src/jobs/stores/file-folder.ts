import { constants } from 'node:fs';
import {
  copyFile,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
  utimes,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimes, syncData, syncFile } from '../../runtime/file-handle.js';

/** More than any record has: what is larger is not ours, and is not read. */
const MAX_BYTES = 4_194_304;

/** Files of one folder, which several processes of this host share. What a method has written is on the disk. */
export class Folder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** Undefined where there is no such file; empty text would be no record. */
  async read(name: string): Promise<string | undefined> {
    const handle = await orUndefined(open(this.#at(name), 'r'), 'ENOENT');
    if (handle === undefined) return undefined;
    return closing(handle, async () => {
      const { size } = await handle.stat();
      return size > MAX_BYTES ? 'too large' : await handle.readFile('utf8');
    });
  }

  /** In one step, with all its text: false where there is a file already. */
  async create(name: string, text: string): Promise<boolean> {
    const temporary = this.#temporary();
    const handle = await this.#open(temporary, 'wx');
    try {
      await closing(handle, async () => {
        await handle.writeFile(text);
        await syncFile(handle);
      });
      if (!(await this.#link(temporary, name, text))) return false;
      await syncFolder(this.path);
      return true;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** In one step, at the end: false where the file is not there, or was removed meanwhile. */
  async append(name: string, text: string): Promise<boolean> {
    return this.#append(name, text, constants.O_WRONLY | constants.O_APPEND);
  }

  /**
   * In one step, where the file has this text and no more. Whoever appends at that moment finds that the file is another
   * one; what somebody has appended just before puts the old one back. Only one process at a time may do it.
   */
  async replace(name: string, before: string, text: string): Promise<void> {
    const [old, temporary] = [this.#temporary(), this.#temporary()];
    try {
      await link(this.#at(name), old);
      const handle = await this.#open(temporary, 'wx');
      await closing(handle, async () => {
        await handle.writeFile(text);
        await syncFile(handle);
      });
      await rename(temporary, this.#at(name));
      if ((await readFile(old, 'utf8')) !== before) await rename(old, this.#at(name));
      await syncFolder(this.path);
    } finally {
      await Promise.all([old, temporary].map((path) => rm(path, { force: true })));
    }
  }

  async remove(name: string): Promise<void> {
    const isRemoved = await orUndefined(
      unlink(this.#at(name)).then(() => true),
      'ENOENT',
    );
    if (isRemoved) await orUndefined(syncFolder(this.path), 'ENOENT');
  }

  /**
   * Removes the file where it is still `dead` once nobody else finds it; else it is put back. Between the two it is
   * missing for a moment, which only matters to what has been dead till then.
   */
  async removeWhere(name: string, dead: (text: string, mtimeMs: number) => boolean): Promise<void> {
    const temporary = this.#temporary();
    const isMoved = await orUndefined(
      rename(this.#at(name), temporary).then(() => true),
      'ENOENT',
    );
    if (isMoved === undefined) return;
    const handle = await open(temporary, 'r');
    await closing(handle, async () => {
      const { mtimeMs } = await handle.stat();
      if (!dead(await handle.readFile('utf8'), mtimeMs)) await this.#link(temporary, name);
    });
    await rm(temporary, { force: true });
  }

  /** A file whose time of change is in the future: until then it holds. Nobody needs it after a power cut. */
  async createUntil(name: string, text: string, untilMs: number): Promise<boolean> {
    const temporary = this.#temporary();
    const handle = await this.#open(temporary, 'wx');
    try {
      await closing(handle, async () => {
        await handle.writeFile(text);
        await setTimes(handle, untilMs);
      });
      return await this.#link(temporary, name);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Moves that time. False where the file is not there, or was removed meanwhile. */
  async extend(name: string, untilMs: number): Promise<boolean> {
    const handle = await orUndefined(open(this.#at(name), 'r+'), 'ENOENT');
    if (handle === undefined) return false;
    return closing(handle, async () => {
      await setTimes(handle, untilMs);
      return this.#isStill(name, handle);
    });
  }

  /** When the file was changed last, in milliseconds since the epoch. */
  async changedAt(name: string): Promise<number | undefined> {
    return (await orUndefined(stat(this.#at(name)), 'ENOENT'))?.mtimeMs;
  }

  /** Of all its files; none where there is no folder. */
  async names(): Promise<readonly string[]> {
    const entries = await orUndefined(readdir(this.path, { withFileTypes: true }), 'ENOENT');
    return (entries ?? []).filter((entry) => entry.isFile()).map(({ name }) => name);
  }

  #at(name: string): string {
    return join(this.path, name);
  }

  #temporary(): string {
    return this.#at(`${crypto.randomUUID()}${TEMPORARY}`);
  }

  async #open(path: string, flags: string | number): Promise<FileHandle> {
    const handle = await orUndefined(open(path, flags, 0o600), 'ENOENT');
    if (handle !== undefined) return handle;
    await makeFolder(this.path);
    return open(path, flags, 0o600);
  }

  async #link(temporary: string, name: string, text?: string): Promise<boolean> {
    try {
      await link(temporary, this.#at(name));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      // FAT and some mounted folders have no links. There it is two steps.
      if (!/^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS)$/.test(codeOf(error))) throw error;
      if (text === undefined) return this.#copy(temporary, name);
      // Whoever finds it empty appends to it as well, and reads who was first.
      const { O_WRONLY, O_APPEND, O_CREAT } = constants;
      await this.#append(name, text, O_WRONLY | O_APPEND | O_CREAT);
      await syncFolder(this.path);
      return false;
    }
  }

  async #copy(temporary: string, name: string): Promise<boolean> {
    const { atimeMs, mtimeMs } = await stat(temporary);
    const made = copyFile(temporary, this.#at(name), constants.COPYFILE_EXCL).then(() => true);
    if ((await orUndefined(made, 'EEXIST')) === undefined) return false;
    await utimes(this.#at(name), atimeMs / 1_000, mtimeMs / 1_000);
    return true;
  }

  async #append(name: string, text: string, flags: number): Promise<boolean> {
    const handle = await orUndefined(open(this.#at(name), flags, 0o600), 'ENOENT');
    if (handle === undefined) return false;
    return closing(handle, async () => {
      const bytes = Buffer.from(text);
      // One call: in two, another's line could come between.
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten < bytes.length) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
      await syncData(handle);
      return this.#isStill(name, handle);
    });
  }

  async #isStill(name: string, handle: FileHandle): Promise<boolean> {
    const there = await orUndefined(stat(this.#at(name), { bigint: true }), 'ENOENT');
    const ours = await handle.stat({ bigint: true });
    return there?.ino === ours.ino && there.dev === ours.dev;
  }
}

/** How a file is called that nobody reads. */
export const TEMPORARY = '.tmp';

/** What a system calls its error. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? '');
}

async function closing<T>(handle: FileHandle, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await handle.close();
  }
}

async function orUndefined<T>(promise: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (codeOf(error) === code) return undefined;
    throw error;
  }
}

/** With those above it, each known to the one above that. Nobody else may read what is in it. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    await closing(handle, () => syncFile(handle));
  } catch (error) {
    // Windows opens no folder, and some systems sync none: there it is written when the system likes.
    if (!/^(EISDIR|EPERM|EINVAL|EACCES|ENOTSUP)$/.test(codeOf(error))) throw error;
  }
}
