import type { Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { DownloadError, InputError } from '../errors.js';
import { type ByteSource, checksumMismatch, type Saving } from './byte-source.js';

/** Bytes are written in batches of this size: few calls, and little memory. */
const BATCH_BYTES = 1_048_576;
const MAX_BATCH_CHUNKS = 512;

/** The part of `node:fs/promises` that saving uses. */
export type SaveFileSystem = Pick<
  typeof import('node:fs/promises'),
  'open' | 'rename' | 'stat' | 'unlink' | 'realpath'
>;

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
  const [fs, { dirname, join }] = await attempt(path, saving, async () =>
    Promise.all([fileSystem ?? import('node:fs/promises'), import('node:path')]),
  );
  // A link stays one: what it points at is replaced.
  const target = await fs.realpath(path).catch(() => path);
  const directory = dirname(target);
  const temporary = join(directory, `.reelwire-${globalThis.crypto.randomUUID()}.part`);
  const handle = await attempt(path, saving, async () => {
    const existing = await fs.stat(target).catch(() => undefined);
    if (existing?.isDirectory()) throw new Error('it is a directory');
    if (existing !== undefined && !existing.isFile()) throw new Error('it is not a regular file');
    return fs.open(temporary, 'wx', existing === undefined ? 0o666 : existing.mode & 0o777);
  });
  const source = saving.open();
  try {
    await copy(source, handle, path, saving);
    await attempt(path, saving, async () => {
      await handle.sync();
      await handle.close();
      await fs.rename(temporary, target);
    });
  } catch (error) {
    await handle.close().catch(() => {});
    await fs.unlink(temporary).catch(() => {});
    throw error;
  } finally {
    source.close();
  }
  await syncDirectory(fs, directory);
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
    let hash: Hash | undefined;
    let fresh = true;
    for (;;) {
      const chunk = await source.read();
      if (chunk === undefined) break;
      if (chunk === 'restart') {
        await writing;
        await attempt(path, saving, () => handle.truncate(0));
        [batch, batchBytes, position, fresh] = [[], 0, 0, true];
        continue;
      }
      if (fresh) {
        hash = source.sha256 === undefined ? undefined : await newHash();
        fresh = false;
      }
      hash?.update(chunk);
      batch.push(chunk);
      batchBytes += chunk.length;
      if (batchBytes >= BATCH_BYTES || batch.length >= MAX_BATCH_CHUNKS) await flush();
    }
    await flush();
    if (hash !== undefined && hash.digest('base64') !== source.sha256) throw checksumMismatch(saving.jobId);
  } finally {
    // Nothing may still be written when the file is closed.
    await writing.catch(() => {});
  }
  await writing;
}

/** Loaded only where there is something to check: it is slow to load. */
async function newHash(): Promise<Hash> {
  return (await import('node:crypto')).createHash('sha256');
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
    await handle.sync().finally(() => handle.close());
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
  ENOENT: 'its directory does not exist (ENOENT)',
  ENOTDIR: 'a part of the path is not a directory (ENOTDIR)',
};
