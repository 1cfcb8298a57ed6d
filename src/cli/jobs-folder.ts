import { resolve } from 'node:path';
import { runner, shellCommand } from './text.js';

/** Where the records of jobs are, from the current folder. */
export const JOBS_FOLDER = '.reelwire/jobs';

/** A command of `reelwire jobs`, as it is typed into a shell. */
export function jobsCommand(name: string, words: readonly string[], folder = JOBS_FOLDER): string {
  const flags = folder === JOBS_FOLDER ? [] : ['--jobs', folder];
  // Behind it, a key may begin with a hyphen.
  const behind = words.some((word) => word.startsWith('-')) ? ['--'] : [];
  return shellCommand([...runner(), 'jobs', name, ...flags, ...behind, ...words]);
}

/** What a record is to know of the command: where the video goes, from whichever folder it is resumed. */
export function metadataOf({ output }: { readonly output?: string }): object | undefined {
  return output === undefined || output === '-' ? undefined : { saveTo: resolve(output) };
}

/** Where the video of a record goes, if its command said so. */
export function saveToOf(metadata: unknown): string | undefined {
  const { saveTo } = (metadata ?? {}) as { readonly saveTo?: unknown };
  return typeof saveTo === 'string' && saveTo !== '' ? saveTo : undefined;
}
