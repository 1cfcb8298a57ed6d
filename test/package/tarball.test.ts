import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { expect, inject, test } from 'vitest';

const files = inject('packedFiles');
const installed = join(inject('consumers'), 'node_modules/reelwire');
const read = (file: string): string => readFileSync(join(installed, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
};

/** Every file that a value of `exports`, however deep, points to. */
function targets(value: unknown): string[] {
  return typeof value === 'string' ? [posix.normalize(value)] : Object.values(value ?? {}).flatMap(targets);
}

test('holds the sources, what was built of them, and nothing else', () => {
  const expected = [
    /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
    /^src\/([a-z0-9-]+\/)*[a-z0-9-]+(\.browser)?\.tsx?$/,
    /^dist\/cjs\/package\.json$/,
    /^dist\/(esm|cjs)\/([a-z0-9-]+\/)*[a-z0-9-]+(\.browser)?\.d\.ts(\.map)?$/,
    /^dist\/cli\/([a-z-]+-[A-Z0-9]{8}|main)\.js(\.map)?$/,
    /^dist\/cli\/LICENSES\.txt$/,
    /^dist\/(esm|cjs|browser)\/chunk-[A-Z0-9]{8}\.js(\.map)?$/,
  ];
  const entries = targets(manifest.exports).filter((file) => file.endsWith('.js'));
  const known = (file: string) =>
    expected.some((pattern) => pattern.test(file)) ||
    entries.includes(file.replace(/\.map$/, '')) ||
    /^dist\/browser\/(backends\/[a-z0-9-]+|webhooks\/handler)\.js(\.map)?$/.test(file);
  expect(files.filter((file) => !known(file))).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(['package.json', 'LICENSE', 'src/index.ts']));
});

test('holds every file that its exports name', () => {
  expect(targets(manifest.exports).filter((file) => !files.includes(file))).toEqual([]);
});

test('maps every script and declaration to a source that it holds', () => {
  const mapped = files.filter((file) => /\.(js|d\.ts)$/.test(file) && file.startsWith('dist/'));
  expect(mapped.length).toBeGreaterThan(10);
  for (const file of mapped) {
    expect(files, file).toContain(`${file}.map`);
    expect(read(file), file).toContain(`//# sourceMappingURL=${posix.basename(file)}.map`);
    const map = JSON.parse(read(`${file}.map`)) as {
      sources: string[];
      sourcesContent?: (string | null)[];
    };
    for (const [index, source] of map.sources.entries()) {
      const path = posix.join(dirname(file), source);
      if (path.startsWith('src/')) expect(files, file).toContain(path);
      // Of the packages bundled in, the map brings the text itself.
      else expect(map.sourcesContent?.[index], `${file}: ${source}`).toBeTypeOf('string');
    }
  }
});

test.each(['esm', 'cjs', 'browser'])('defines each class of errors once in its build for %s', (build) => {
  const scripts = files.filter((file) => file.startsWith(`dist/${build}/`) && file.endsWith('.js'));
  const definitions = scripts.flatMap((file) =>
    [...read(file).matchAll(/\b(\w+Error) = class\b/g)].map(([, name]) => name),
  );
  expect(definitions).toEqual(expect.arrayContaining(['VideoError', 'ApiError', 'WebhookVerificationError']));
  expect(definitions).toHaveLength(new Set(definitions).size);
});

test('says nothing of the machine it was built on', () => {
  const root = join(import.meta.dirname, '../..');
  expect(files.filter((file) => read(file).includes(root))).toEqual([]);
});

test('depends on five packages', () => {
  expect(Object.keys(manifest.dependencies).sort()).toEqual([
    'eventemitter3',
    'eventsource',
    'isomorphic-ws',
    'ws',
    'zod',
  ]);
});
