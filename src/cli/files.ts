import { randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname, join, parse, sep } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { InputError } from '../index.js';
import { shellCommand } from './text.js';

/** Twenty images fit; a device that never ends does not. */
export const MAX_INPUT_BYTES = 64 * 1024 * 1024;

/**
 * Counts what is read: devices, FIFOs and what is in /proc have no size, and a file may grow.
 *
 * @throws InputError that names the flag and the path.
 */
export async function readInputFile(
  flag: string,
  path: string,
  maxBytes: number = MAX_INPUT_BYTES,
): Promise<Buffer> {
  try {
    return await readAtMost(createReadStream(path), maxBytes);
  } catch (error) {
    throw new InputError(flag, `${flag}: ${path} could not be read: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * @param signal - Who reads may wait for a person, who presses Ctrl-C.
 * @throws InputError, or the reason of the signal.
 */
export async function readStdin(signal?: AbortSignal, maxBytes: number = MAX_INPUT_BYTES): Promise<Buffer> {
  try {
    const { stdin } = process;
    return await readAtMost(signal === undefined ? stdin : addAbortSignal(signal, stdin), maxBytes);
  } catch (error) {
    signal?.throwIfAborted();
    throw new InputError('stdin', `stdin could not be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** As text, without the byte order mark that editors and shells of Windows put in front. */
export function textOf(bytes: Buffer): string {
  return bytes.toString().replace(/^\uFEFF/, '');
}

async function readAtMost(source: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.byteLength;
    // Leaving the loop closes the file.
    if (size > maxBytes) throw new Error(`it holds more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Looked at before a job is paid for whose video could not be saved. */
export async function checkWritable(path: string): Promise<void> {
  if (path === '-') return;
  // As of a variable of the shell that is not set.
  if (path === '') throw new InputError('--output', '--output is empty');
  const isFolder = await isDirectory(path);
  const folder = isFolder ? path : dirname(path);
  let tried = folder;
  try {
    await fs.access(folder, constants.W_OK);
    tried = path;
    if (!isFolder) await checkName(path);
  } catch (error) {
    throw new InputError('--output', `nothing can be written to ${tried}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** A name that is too long or below what is no folder, a circle of links, or the name of a folder that is not there. */
async function checkName(path: string): Promise<void> {
  const namesFolder = path.endsWith('/') || path.endsWith(sep);
  await fs.stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || namesFolder) throw error;
  });
}

/** @throws InputError where it is none, or nothing can be written to it. */
export async function checkFolder(path: string): Promise<void> {
  if (!(await isDirectory(path))) {
    throw new InputError('--output', `--output: ${path} is no folder`, {
      hint: 'Give a folder that is there: there may be several videos.',
    });
  }
  await checkWritable(path);
}

export interface Target {
  readonly path: string;
  /** True for a path that was given: it is taken as it is. */
  readonly replaces: boolean;
}

/**
 * Where to save: a path given is taken as it is, and replaced; below a folder, or below the current one, the server's
 * name is used, which replaces nothing.
 */
export async function targetOf(output: string | undefined, filename: string): Promise<Target> {
  const inFolder = output === undefined || (await isDirectory(output));
  if (!inFolder) return { path: output, replaces: true };
  const path = join(output ?? '.', basename(filename));
  // A link that leads nowhere is something, too.
  if ((await fs.lstat(path).catch(() => undefined)) !== undefined) {
    throw new InputError('--output', `${path} is there already`, {
      hint: `Replace it with ${shellCommand(['--output', path])}, or give another path.`,
    });
  }
  return { path, replaces: false };
}

/**
 * Lets `save` write beside the target, and gives that the target's name only if nothing has it by then: two commands
 * may have been given the same one. The second gets the next free one, such as `video-2.mp4`.
 *
 * @returns The path that it has now.
 */
export async function saveWithoutReplacing(
  target: string,
  save: (path: string) => Promise<void>,
): Promise<string> {
  const { dir, ext, name } = parse(target);
  const temporary = join(dir, `.reelwire-${randomUUID()}.part`);
  try {
    await save(temporary);
    for (let number = 1; ; number++) {
      const path = number === 1 ? target : join(dir, `${name}-${number}${ext}`);
      if (await linkNew(temporary, path)) return path;
    }
  } finally {
    await fs.rm(temporary, { force: true });
  }
}

/** False where the name is taken. Unlike a rename, a link replaces nothing. */
async function linkNew(from: string, to: string): Promise<boolean> {
  const link = async (make: () => Promise<void>) => {
    try {
      await make();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  };
  // Some file systems, such as those of USB sticks, have no links.
  return link(() => fs.link(from, to)).catch(() =>
    link(() => fs.copyFile(from, to, constants.COPYFILE_EXCL)),
  );
}

async function isDirectory(path: string): Promise<boolean> {
  return (await fs.stat(path).catch(() => undefined))?.isDirectory() === true;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it is not there';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'ENOTDIR') return 'what it is below is no folder';
  if (code === 'ENAMETOOLONG') return 'its name is too long';
  if (code === 'ELOOP') return 'its links lead in a circle';
  return code === 'EACCES' ? 'not permitted' : message;
}
