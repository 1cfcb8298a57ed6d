import type { FileHandle } from 'node:fs/promises';

// What handles of files cannot do everywhere. Those of Yarn's Plug'n'Play throw at these, an error without a code:
// https://github.com/yarnpkg/berry, packages/yarnpkg-fslib/sources/patchFs/FileHandle.ts.

export function syncFile(handle: FileHandle): Promise<void> {
  return orByDescriptor(
    () => handle.sync(),
    ({ fsync }, done) => fsync(handle.fd, done),
  );
}

/** The same without what nobody needs to read it again, such as its times. */
export function syncData(handle: FileHandle): Promise<void> {
  return orByDescriptor(
    () => handle.datasync(),
    ({ fdatasync }, done) => fdatasync(handle.fd, done),
  );
}

/** When it was read and changed last. */
export function setTimes(handle: FileHandle, ms: number): Promise<void> {
  const seconds = ms / 1_000;
  return orByDescriptor(
    () => handle.utimes(seconds, seconds),
    ({ futimes }, done) => futimes(handle.fd, seconds, seconds, done),
  );
}

async function orByDescriptor(
  work: () => Promise<void>,
  instead: (fs: typeof import('node:fs'), done: (error: Error | null) => void) => void,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    // Not before: a runtime without files loads this file as well.
    const fs = await import('node:fs');
    await new Promise<void>((resolve, reject) =>
      instead(fs, (failure) => (failure === null ? resolve() : reject(failure))),
    );
  }
}
