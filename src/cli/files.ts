import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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

/** @throws InputError */
export async function readStdin(): Promise<Buffer> {
  try {
    return await readAtMost(process.stdin, MAX_INPUT_BYTES);
  } catch (error) {
    throw new InputError('stdin', `stdin could not be read: ${reasonOf(error)}`, { cause: error });
  }
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
  const folder = (await isDirectory(path)) ? path : dirname(path);
  try {
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new InputError('--output', `nothing can be written to ${folder}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Where to save: a path given is taken as it is, and replaced; below a folder, or below the current one, the server's
 * name is used, which replaces nothing.
 */
export async function targetOf(output: string | undefined, filename: string): Promise<string> {
  const inFolder = output === undefined || (await isDirectory(output));
  if (!inFolder) return output;
  const target = join(output ?? '.', basename(filename));
  if ((await stat(target).catch(() => undefined)) !== undefined) {
    throw new InputError('--output', `${target} is there already`, {
      hint: `Replace it with ${shellCommand(['--output', target])}, or give another path.`,
    });
  }
  return target;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it is not there';
  if (code === 'EISDIR') return 'it is a directory';
  return code === 'EACCES' ? 'not permitted' : message;
}
