import type { FileHandle } from 'node:fs/promises';
import { DownloadError, InputError } from '../errors.js';
import { sleep } from '../runtime/abort.js';
import { syncFile } from '../runtime/file-handle.js';
import { systemRuntime } from '../runtime/system.js';
import type { ByteSource, Saving } from './byte-source.js';
import { PartFiles, type SaveFileSystem } from './part-files.js';
import { removeAtExit } from './remove-at-exit.js';

/** Bytes are written in batches of this size: few calls, and little memory. */
const BATCH_BYTES = 1_048_576;
const MAX_BATCH_CHUNKS = 512;

/**
 * Saves to a file, whole or not at all: into a temporary file beside the target, synced, then renamed. Loaded
 * lazily, so that a runtime without files can import the package.
 *
 * @throws DownloadError of code `download-not-saved` that names the path; nothing is left behind.
 */
export async function saveFile(path: string, saving: Saving, fileSystem?: SaveFileSystem): Promise<void> {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new InputError('path', 'save() needs the path of a file', { jobId: saving.jobId });
  }
  const [fs, { unlinkSync }, { hostname }, { basename, dirname, join, resolve }] = await attempt(
    path,
    saving,
    async () =>
      Promise.all([
        fileSystem ?? import('node:fs/promises'),
        import('node:fs'),
        import('node:os'),
        import('node:path'),
      ]),
  );
  const target = await attempt(path, saving, () => targetOf(fs, path, { dirname, resolve }));
  const directory = dirname(target);
  const { jobId } = saving;
  const parts = new PartFiles(basename(target), { jobId, hostname: nameOf(hostname), pid: process.pid });
  await parts.removeLeftovers(fs, directory, join);
  const temporary = join(directory, parts.newName());
  // Before it is there: a signal may come in between.
  const keep = removeAtExit(temporary, unlinkSync);
  const handle = await attempt(path, saving, async () => {
    const existing = await fs.stat(target).catch(existingOrThrow);
    if (existing?.isDirectory()) throw new Error('it is a directory');
    if (existing !== undefined && !existing.isFile()) throw new Error('it is not a regular file');
    if (existing === undefined) return fs.open(temporary, 'wx');
    const mode = existing.mode & 0o777;
    const opened = await fs.open(temporary, 'wx', mode);
    try {
      await opened.chmod(mode); // Whatever the umask took of it.
    } catch {
      // Not every file system has modes, nor every runtime this method: the file is there, and is saved all the same.
    }
    return opened;
  }).catch((error: unknown) => {
    keep();
    throw error;
  });
  const source = saving.open();
  try {
    await copy(source, handle, path, saving);
    await attempt(path, saving, async () => {
      await syncFile(handle);
      await handle.close();
      await rename(fs, temporary, target);
    });
  } catch (error) {
    await handle.close().catch(() => {});
    await fs.unlink(temporary).catch(() => {});
    throw error;
  } finally {
    keep();
    source.close();
  }
  await syncDirectory(fs, directory);
}

/** Deno asks for a permission of its own before it tells. */
function nameOf(hostname: () => string): string {
  try {
    return hostname();
  } catch {
    return '';
  }
}

/** A name that is too long, or below a file, is found before the download, not after it. */
function existingOrThrow(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/** A link stays one: what it points at is replaced, or made where it is not there yet. */
async function targetOf(
  fs: SaveFileSystem,
  path: string,
  { dirname, resolve }: Pick<typeof import('node:path'), 'dirname' | 'resolve'>,
): Promise<string> {
  if (/[/\\]$/.test(path) && (process.platform === 'win32' || path.endsWith('/')))
    throw new Error('it is the name of a directory');
  let target = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    const found = await fs.lstat(target).catch(existingOrThrow);
    if (found?.isSymbolicLink() !== true) return target;
    const real = await fs.realpath(target).catch(() => undefined);
    if (real !== undefined) return real;
    target = resolve(dirname(target), await fs.readlink(target));
  }
  throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
}

/** Waits in all, in milliseconds, for a scanner or an indexer to let go of a file that is new. */
const RENAME_DELAYS_MS = [50, 100, 200, 400, 800, 1_600, 1_600];

/** Windows forbids it while anybody holds one of the two files open. */
async function rename(fs: SaveFileSystem, from: string, to: string): Promise<void> {
  const delays = process.platform === 'win32' ? RENAME_DELAYS_MS : [];
  for (const delayMs of delays) {
    try {
      return await fs.rename(from, to);
    } catch (error) {
      if (!['EPERM', 'EACCES', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await sleep(systemRuntime(), delayMs);
    }
  }
  await fs.rename(from, to);
}

async function copy(source: ByteSource, handle: FileHandle, path: string, saving: Saving): Promise<void> {
  let position = 0;
  let batch: Uint8Array[] = [];
  let batchBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  // One batch is written while the next one arrives.
  const flush = async (): Promise<void> => {
    await writing;
    const [chunks, at] = [batch, position];
    position += batchBytes;
    batch = [];
    batchBytes = 0;
    writing = attempt(path, saving, () => writeAll(handle, chunks, at));
    writing.catch(() => {});
  };
  try {
    for (;;) {
      const chunk = await source.read();
      if (chunk === undefined) break;
      if (chunk === 'restart') {
        await writing;
        await attempt(path, saving, () => handle.truncate(0));
        [batch, batchBytes, position] = [[], 0, 0];
        continue;
      }
      batch.push(chunk);
      batchBytes += chunk.length;
      if (batchBytes >= BATCH_BYTES || batch.length >= MAX_BATCH_CHUNKS) await flush();
    }
    await flush();
  } finally {
    // Nothing may still be written when the file is closed.
    await writing.catch(() => {});
  }
  await writing;
}

/** A disk that fills up takes a part, and says why only when asked again. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[], at: number): Promise<void> {
  if (chunks.length === 0) return;
  const { bytesWritten } = await handle.writev(chunks, at);
  if (bytesWritten === 0) throw new Error('nothing more could be written');
  let skip = bytesWritten;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (skip < chunk.length) rest.push(chunk.subarray(skip));
    skip = Math.max(0, skip - chunk.length);
  }
  await writeAll(handle, rest, at + bytesWritten);
}

/** Makes the rename last through a power cut, where the system allows to sync a directory. */
async function syncDirectory(fs: SaveFileSystem, directory: string): Promise<void> {
  try {
    const handle = await fs.open(directory, 'r');
    await syncFile(handle).finally(() => handle.close());
  } catch {
    // Windows and some network file systems do not.
  }
}

async function attempt<T>(path: string, { jobId }: Saving, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DownloadError(
      'download-not-saved',
      `the video of job ${jobId} could not be saved to ${path}: ${(code && REASONS[code]) ?? message}`,
      {
        jobId,
        hint: 'Nothing was left behind. Give another path, or use stream(), blob() or bytes().',
        cause: error,
      },
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
  EACCES: 'not permitted (EACCES)',
  EPERM: 'not permitted (EPERM)',
  EROFS: 'the file system is read-only (EROFS)',
  ELOOP: 'its links lead nowhere (ELOOP)',
  ENAMETOOLONG: 'its name is too long (ENAMETOOLONG)',
  ENOENT: 'its directory does not exist (ENOENT)',
  ENOTDIR: 'a part of the path is not a directory (ENOTDIR)',
};
