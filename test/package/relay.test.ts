import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
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

it.each(['index', 'node'])(
  'the relay, %s, takes the library by its name, whatever it is loaded for',
  (entry) => {
    const [[file, text] = ['', ''], ...others] = reached(`dist/relay/esm/${entry}.js`);
    expect(file).toBe(`dist/relay/esm/${entry}.js`);
    expect(others).toEqual([]);
    const names = [...text.matchAll(/(?:\bfrom|\bimport)\s*["'](reelwire[^"']*)["']/g)].map(
      ([, name]) => name,
    );
    expect(new Set(['reelwire', 'reelwire/webhooks', ...names]).size).toBe(2);
  },
);

it.each([
  { format: 'mjs', conditions: [] },
  { format: 'mjs', conditions: ['-C', 'browser'] },
  { format: 'cjs', conditions: [] },
  { format: 'cjs', conditions: ['-C', 'browser'] },
])('the relay throws errors of the library, $format with $conditions', async ({ format, conditions }) => {
  const load = format === 'mjs' ? 'await import' : 'require';
  const script = join(inject('consumers'), `relay-errors${conditions.length}.${format}`);
  writeFileSync(
    script,
    `const { createRelay } = ${load}('reelwire/relay');
    const { ConfigurationError } = ${load}('reelwire');
    try { createRelay({}) } catch (error) { console.log(error instanceof ConfigurationError) }`,
  );
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...conditions, script]);
  expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
});
