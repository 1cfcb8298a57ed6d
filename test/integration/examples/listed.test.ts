import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (file: string) => readFile(join(root, file), 'utf8');
const index = await read('examples/README.md');

/** Each example of the table, and the npm script that its row names. */
const examples = index.split('\n').flatMap((row) => {
  if (!row.startsWith('|')) return [];
  const script = /`npm run ([\w:]+)/.exec(row)?.[1];
  return [...row.matchAll(/\]\(([\w./-]+)\)/g)].map(([, path]) => ({ path: path ?? '', script }));
});

const files = await readdir(join(root, 'test'), { recursive: true });
const tests = await Promise.all(
  files.filter((file) => /(?<!listed)\.test\.tsx?$/.test(file)).map((file) => read(`test/${file}`)),
);

it.each(examples)('$path is there, and a test imports or starts it', ({ path, script }) => {
  expect(existsSync(join(root, 'examples', path))).toBe(true);
  const imported = `examples/${path.replace(/\.ts$/, '.')}`;
  const started = [`startExample('${path}'`, `'run', '${script}'`];
  expect(tests.some((text) => [imported, ...started].some((mention) => text.includes(mention)))).toBe(true);
});

it('the list misses no folder', async () => {
  const entries = await readdir(join(root, 'examples'));
  expect(entries.filter((entry) => entry !== 'README.md' && !index.includes(`](${entry}`))).toEqual([]);
});
