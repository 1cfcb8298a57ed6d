import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { expect, inject, it } from 'vitest';

const files = inject('packedFiles');
const installed = join(inject('consumers'), 'node_modules/reelwire');
const read = (file: string): string => readFileSync(join(installed, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
};

interface ByFormat {
  readonly import: string;
  readonly require: string;
}

interface Conditions {
  readonly types: ByFormat;
  readonly browser?: ByFormat;
  readonly import: string;
  readonly require: string;
}

/** Every file that a value of `exports`, however deep, points to. */
function targets(value: unknown): string[] {
  return typeof value === 'string' ? [posix.normalize(value)] : Object.values(value ?? {}).flatMap(targets);
}

it('holds what was built, the guides and the examples, and nothing else', () => {
  const expected = [
    /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
    /^examples\/([a-z0-9-]+\/)*[a-zA-Z0-9-]+\.(ts|md|html|css|json)$/,
    /^examples\/relay\/(Dockerfile|compose\.yaml|nginx\.conf)$/,
    // For what reads no `exports`.
    /^(backends|jobs|mock-server|react|relay|webhooks)\/([a-z]+\/)?package\.json$/,
    /^dist\/cjs\/([a-z0-9-]+\/)*[a-z0-9-]+\.d\.cts$/,
    /^dist\/cjs\/platform(\.browser)?\.cjs$/,
    // What the entries of the mock server are made of, there once.
    /^dist\/cjs\/mock-server\/(media\/)?[a-z-]+\.cjs$/,
    /^dist\/cli\/([a-z-]+-[A-Z0-9]{8}|main)\.js$/,
    /^dist\/(esm|cjs|cli)\/LICENSES\.txt$/,
    /^dist\/(browser|relay\/(esm|cjs))\/chunk-[A-Z0-9]{8}\.c?js$/,
    /^dist\/(esm|cjs|browser)\/seldom-[A-Z0-9]{8}\.c?js$/,
    // What all entries share, and those of a room: Node pays for each file.
    /^dist\/(esm|cjs)\/([a-z-]+\/)?shared\.c?js$/,
    // What a page loads only when it is needed.
    /^dist\/browser\/(base64|comfy-ui-(frame|prompt)|diagnose|download|embed-files|follower|generate-many|records|sse)-[A-Z0-9]{8}\.js$/,
    /^dist\/browser\/(backends\/(hosted\/)?[a-z0-9-]+|jobs\/jobs-over|webhooks\/handler)\.js$/,
  ];
  const entries = targets(manifest.exports);
  const known = (file: string) => expected.some((pattern) => pattern.test(file)) || entries.includes(file);
  expect(files.filter((file) => !known(file))).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(['package.json', 'LICENSE']));
});

// The aim is 2 MB, which guides and examples that came since pass by 10 kB: this holds what is.
it('takes at most 2 MB where it is installed', () => {
  expect(inject('unpackedSize')).toBeLessThanOrEqual(2_000_000);
});

it('leaves no folder of a subpath in the checkout, where Vite would take `react` for React', () => {
  const root = join(import.meta.dirname, '../..');
  expect(
    ['backends', 'jobs', 'mock-server', 'react', 'relay', 'webhooks'].filter((folder) =>
      existsSync(join(root, folder)),
    ),
  ).toEqual([]);
});

it('holds every file of the package that its documents link to', () => {
  const documents = files.filter((file) => file.endsWith('.md'));
  expect(documents.length).toBeGreaterThan(5);
  for (const document of documents) {
    for (const [, link = ''] of read(document).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)) {
      const target = posix.join(posix.dirname(document), link);
      expect(
        files.some((file) => file === target || file.startsWith(`${target}/`)),
        `${document}: ${link}`,
      ).toBe(true);
    }
  }
});

it('holds every file that its exports name', () => {
  expect(targets(manifest.exports).filter((file) => !files.includes(file))).toEqual([]);
});

it('holds examples that import the package by its name, and nothing that stayed behind', () => {
  const examples = files.filter((file) => /^examples\/.*\.ts$/.test(file));
  expect(examples.length).toBeGreaterThan(10);
  expect(examples.filter((file) => /from '[./]*\/(src|test)\//.test(read(file)))).toEqual([]);
});

it('holds scripts to be read as they are, and so no maps', () => {
  const scripts = files.filter((file) => /^dist\/(esm|cjs|browser)\/.*\.c?js$/.test(file));
  expect(scripts.length).toBeGreaterThan(10);
  for (const file of scripts) {
    expect(read(file), file).not.toContain('sourceMappingURL');
    // Minified ones have some thousand.
    const lines = read(file).split('\n');
    expect(read(file).length / lines.length, file).toBeLessThan(200);
  }
});

it('declares bytes by a name that TypeScript before 5.7 knows, too', () => {
  const declarations = files.filter((file) => file.endsWith('.d.cts'));
  expect(declarations.length).toBeGreaterThan(20);
  expect(declarations.filter((file) => /^(?!\s*(\/\*|\*)).*Uint8Array</m.test(read(file)))).toEqual([]);
});

it('has one type of each class, for `import` and for `require`', () => {
  for (const { types } of Object.values(manifest.exports) as Partial<Conditions>[]) {
    if (types === undefined) continue;
    const { import: esm, require: cjs } = types;
    const target = posix.relative(dirname(esm), cjs).replace(/d\.cts$/, 'cjs');
    // msw has two of its own.
    const declared = read(cjs).replaceAll(" from './", ` from '${posix.dirname(target)}/`);
    expect(read(esm)).toBe(esm.endsWith('msw.d.ts') ? declared : `export * from '${target}';\n`);
  }
});

it.each(['esm', 'cjs', 'browser'])('defines each class of errors once in its build for %s', (build) => {
  const scripts = files.filter((file) => file.startsWith(`dist/${build}/`) && /\.c?js$/.test(file));
  const definitions = scripts.flatMap((file) =>
    [...read(file).matchAll(/\b(\w+Error) ?= ?class\b/g)].map(([, name]) => name),
  );
  expect(definitions).toEqual(expect.arrayContaining(['VideoError', 'ApiError', 'WebhookVerificationError']));
  expect(definitions).toHaveLength(new Set(definitions).size);
});

it('holds the notice of each package that is bundled, in the folder that holds it', () => {
  const library = ['eventemitter3', 'eventsource', 'eventsource-parser', 'zod'];
  const command = ['cli-progress', 'commander'];
  for (const [folder, names] of Object.entries({ esm: library, cjs: library, cli: command })) {
    const notices = read(`dist/${folder}/LICENSES.txt`).split(/\n-{80}\n/);
    const owners: (string | undefined)[] = [];
    for (const notice of notices) {
      // Those whose terms are the same, each with its copyright, then the terms.
      expect(notice).toMatch(
        /^([@\w/.-]+\nCopyright .*\n[\s\S]*?\n)+Permission (is hereby granted|to use)[\s\S]*AS IS/,
      );
      owners.push(...[...notice.matchAll(/^([@\w/.-]+)\nCopyright /gm)].map(([, name]) => name));
    }
    expect(owners).toEqual(expect.arrayContaining(names));
    // The build writes one for each package that it bundles.
    expect(owners.toSorted()).toEqual(names);
  }
  // What is for pages leaves them to the bundler of the application.
  expect(files).not.toContain('dist/browser/LICENSES.txt');
});

it('asks for `import()` in no CommonJS file, for Jest runs them where there is none', () => {
  const scripts = files.filter((file) => /^dist\/cjs\/.*\.cjs$/.test(file));
  expect(
    scripts.filter((file) => /\bimport\(/.test(read(file).replaceAll(/^\s*(\/\/|\*).*$/gm, ''))),
  ).toEqual([]);
});

it('has a folder for each subpath, with what `exports` says of it, for tools that do not read that', () => {
  const { '.': root, './package.json': _, ...subpaths } = manifest.exports as Record<string, Conditions>;
  expect(Object.keys(subpaths).length).toBeGreaterThan(5);
  const { browser } = JSON.parse(read('package.json')) as { browser: string };
  expect(browser).toBe(root?.browser?.import);
  for (const [subpath, conditions] of Object.entries(subpaths)) {
    const folder = posix.normalize(subpath);
    const fields = JSON.parse(read(`${folder}/package.json`)) as Record<string, string>;
    const inPackage = (field: string) => fields[field] && `./${posix.join(folder, fields[field])}`;
    expect(inPackage('main'), subpath).toBe(conditions.require);
    expect(inPackage('module'), subpath).toBe(conditions.import);
    expect(inPackage('types'), subpath).toBe(conditions.types.require);
    expect(inPackage('browser'), subpath).toBe(conditions.browser?.import);
  }
});

it('says nothing of the machine it was built on', () => {
  const root = join(import.meta.dirname, '../..');
  expect(files.filter((file) => read(file).includes(root))).toEqual([]);
});

it('says where it is from by one owner, the same in each place', () => {
  const { homepage, bugs, repository } = JSON.parse(read('package.json')) as {
    homepage: string;
    bugs: { url: string };
    repository: { url: string };
  };
  const home = homepage.replace('#readme', '');
  expect(home).toMatch(/^https:\/\/github\.com\/[\w-]+\/reelwire$/);
  expect(bugs.url).toBe(`${home}/issues`);
  expect(repository.url).toBe(`git+${home}.git`);
});

it('depends on five packages', () => {
  expect(Object.keys(manifest.dependencies).sort()).toEqual([
    'eventemitter3',
    'eventsource',
    'isomorphic-ws',
    'ws',
    'zod',
  ]);
});
