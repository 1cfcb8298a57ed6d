import { open, readFile } from 'node:fs/promises';

/** What became of one line's submit, as a line of JSON. The last entry of a line counts. */
export type Entry = { readonly line: number; readonly script: string } & (
  | { readonly state: 'submitting' }
  | { readonly state: 'submitted'; readonly jobId: string }
  | { readonly state: 'refused' }
);

export interface Journal extends AsyncDisposable {
  /** What earlier runs wrote, by line. */
  readonly known: ReadonlyMap<number, Entry>;
  write(entry: Entry): Promise<void>;
}

/** A file that says what was paid for, and survives the process: each entry is on disk before the next step. */
export async function openJournal(path: string): Promise<Journal> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const known = new Map<number, Entry>();
  for (const entry of text.split('\n').flatMap(parse)) known.set(entry.line, entry);

  const file = await open(path, 'as'); // Append, and wait for the disk.
  if (!/^$|\n$/.test(text)) await file.appendFile('\n');
  return {
    known,
    write: (entry) => file.appendFile(`${JSON.stringify(entry)}\n`),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** A line that a crash cut off says nothing; the one before it still does. */
function parse(line: string): Entry[] {
  try {
    return [JSON.parse(line) as Entry];
  } catch {
    return [];
  }
}
