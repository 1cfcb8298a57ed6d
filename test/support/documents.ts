import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced block of a document. */
export interface Block {
  /** From the root of the repository. */
  readonly document: string;
  /** Of its first line of code. */
  readonly line: number;
  readonly language: string;
  /** Marked as a whole program: ```` ```ts run ````. */
  readonly runs: boolean;
  readonly code: string;
}

/** The README and everything below examples/ that is to be read. */
export const documents: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .map((path) => `examples/${path}`),
];

/** What is written for those who read or change the code. Its links are held as well; it is no part of the guides. */
export const housePages: readonly string[] = [
  'src/README.md',
  'src/core/FOLLOWING.md',
  'src/backends/PROTOCOL.md',
  'test/README.md',
];

export function readDocument(document: string): string {
  return readFileSync(join(root, document), 'utf8');
}

export function blocksOf(document: string): Block[] {
  const text = readDocument(document);
  return [...text.matchAll(/^```(\w+)(| run)\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: language = '', 2: mark, 3: code = '' }) => ({
      document,
      line: text.slice(0, index).split('\n').length + 1,
      language,
      runs: mark !== '',
      code,
    }),
  );
}
