import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../index.js';

/** Twenty images fit; a device that never ends does not. */
const MAX_BYTES = 64 * 1024 * 1024;

/** @throws InputError that names the flag and the path. */
export async function readInputFile(flag: string, path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    return await readFile(path);
  } catch (error) {
    throw new InputError(flag, `${flag}: ${path} could not be read: ${reasonOf(error)}`, { cause: error });
  }
}

export async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new InputError('stdin', `more than ${MAX_BYTES} bytes came from stdin`);
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
      hint: `Replace it with --output ${target}, or give another path.`,
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
  return code === 'EACCES' ? 'not permitted' : message;
}
