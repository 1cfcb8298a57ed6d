import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, inject, it } from 'vitest';

const root = join(inject('consumers'), 'node_modules/reelwire');

/** A file of the package, and all that it leads to. */
function reached(entry: string): Map<string, string> {
  const files = new Map<string, string>();
  const queue = [entry];
  for (const file of queue) {
    if (files.has(file)) continue;
    const text = readFileSync(join(root, file), 'utf8');
    files.set(file, text);
    for (const [, path = ''] of text.matchAll(/(?:\bfrom|\bimport|import\()\s*["'](\.[^"']+)["']/g))
      queue.push(posix.join(posix.dirname(file), path));
  }
  return files;
}

it('what a page loads of reelwire has nothing of the relay, nor of its backend', () => {
  const files = reached('dist/browser/index.js');
  expect(files.size).toBeGreaterThan(5);
  for (const [file, text] of files) expect(/relay/i.exec(`${file} ${text}`)?.[0], file).toBeUndefined();
});

it.each(['esm', 'browser'])('the relay of %s takes the library from the entries of that folder', (folder) => {
  const files = [...reached(`dist/relay/${folder}/index.js`).keys()];
  expect(files).toContain(`dist/${folder}/index.js`);
  expect(files.filter((file) => !file.startsWith(`dist/${folder}/`))).toEqual([
    `dist/relay/${folder}/index.js`,
  ]);
});
