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

interface Target {
  readonly types: string;
  readonly default: string;
}

interface Conditions {
  readonly browser?: { readonly import: Target; readonly require: Target };
  readonly import: Target;
  readonly require: Target;
}

/** Every file that a value of `exports`, however deep, points to. */
function targets(value: unknown): string[] {
  return typeof value === 'string' ? [posix.normalize(value)] : Object.values(value ?? {}).flatMap(targets);
}

test('holds the sources, what was built of them, and nothing else', () => {
  const expected = [
    /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
    /^src\/([a-z0-9-]+\/)*[a-z0-9-]+(\.browser)?\.tsx?$/,
    // The rules that comments of the sources name.
    /^src\/core\/FOLLOWING\.md$/,
    /^dist\/(cjs|browser-cjs)\/package\.json$/,
    // For what reads no `exports`.
    /^(mock-server|react|webhooks)\/([a-z]+\/)?package\.json$/,
    /^dist\/(esm|cjs)\/([a-z0-9-]+\/)*[a-z0-9-]+(\.browser)?\.d\.ts(\.map)?$/,
    /^dist\/cli\/([a-z-]+-[A-Z0-9]{8}|main)\.js(\.map)?$/,
    /^dist\/[a-z-]+\/LICENSES\.txt$/,
    /^dist\/(esm|cjs|browser|browser-cjs)\/(chunk|seldom)-[A-Z0-9]{8}\.js(\.map)?$/,
  ];
  const entries = targets(manifest.exports).filter((file) => file.endsWith('.js'));
  const known = (file: string) =>
    expected.some((pattern) => pattern.test(file)) ||
    entries.includes(file.replace(/\.map$/, '')) ||
    /^dist\/browser(-cjs)?\/(backends\/[a-z0-9-]+|webhooks\/handler)\.js(\.map)?$/.test(file);
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

test.each(['esm', 'cjs', 'browser', 'browser-cjs'])(
  'defines each class of errors once in its build for %s',
  (build) => {
    const scripts = files.filter((file) => file.startsWith(`dist/${build}/`) && file.endsWith('.js'));
    const definitions = scripts.flatMap((file) =>
      [...read(file).matchAll(/\b(\w+Error) = class\b/g)].map(([, name]) => name),
    );
    expect(definitions).toEqual(
      expect.arrayContaining(['VideoError', 'ApiError', 'WebhookVerificationError']),
    );
    expect(definitions).toHaveLength(new Set(definitions).size);
  },
);

test('holds the notice of each package that is bundled, beside what holds it', () => {
  const bundled = new Map<string, Set<string>>();
  for (const file of files.filter((file) => /^dist\/.*\.js\.map$/.test(file))) {
    const folder = file.split('/').slice(0, 2).join('/');
    for (const source of (JSON.parse(read(file)) as { sources: string[] }).sources) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1];
      if (name !== undefined) bundled.set(folder, (bundled.get(folder) ?? new Set()).add(name));
    }
  }
  expect([...bundled.keys()].sort()).toEqual(['dist/cjs', 'dist/cli', 'dist/esm']);
  expect([...(bundled.get('dist/cjs') ?? [])].sort()).toEqual(['eventemitter3', 'zod']);
  for (const [folder, names] of bundled) {
    const notices = read(`${folder}/LICENSES.txt`).split(/\n-{80}\n/);
    for (const name of names) {
      const notice = notices.find((text) => text.startsWith(`${name}\n`));
      expect(notice, `${folder}, ${name}`).toMatch(/Permission (is hereby granted|to use, copy)[\s\S]*AS IS/);
    }
  }
});

test('asks for `import()` in no CommonJS file, for Jest runs them where there is none', () => {
  const scripts = files.filter((file) => /^dist\/(browser-)?cjs\/.*\.js$/.test(file));
  expect(
    scripts.filter((file) => /\bimport\(/.test(read(file).replaceAll(/^\s*(\/\/|\*).*$/gm, ''))),
  ).toEqual([]);
});

test('has a folder for each subpath, with what `exports` says of it, for tools that do not read that', () => {
  const { '.': root, './package.json': _, ...subpaths } = manifest.exports as Record<string, Conditions>;
  expect(Object.keys(subpaths).length).toBeGreaterThan(5);
  const { browser } = JSON.parse(read('package.json')) as { browser: string };
  expect(browser).toBe(root?.browser?.import.default);
  for (const [subpath, conditions] of Object.entries(subpaths)) {
    const folder = posix.normalize(subpath);
    const fields = JSON.parse(read(`${folder}/package.json`)) as Record<string, string>;
    const inPackage = (field: string) => fields[field] && `./${posix.join(folder, fields[field])}`;
    expect(inPackage('main'), subpath).toBe(conditions.require.default);
    expect(inPackage('module'), subpath).toBe(conditions.import.default);
    expect(inPackage('types'), subpath).toBe(conditions.require.types);
    expect(inPackage('browser'), subpath).toBe(conditions.browser?.import.default);
  }
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
