import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { build, transform } from 'esbuild';
import { defineConfig, type Options } from 'tsup';
import { joinChunks } from './.ci/join-chunks.js';
import { shorten } from './.ci/shorten.js';

/** `x.browser.ts` stands beside `x.ts` and takes its place in a browser build. */
const browserCounterparts: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'browser-counterparts',
  setup(build) {
    build.onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
      const counterpart = resolve(resolveDir, path.replace(/js$/, 'browser.ts'));
      return existsSync(counterpart) ? { path: counterpart } : undefined;
    });
  },
};

/** What is another file in a page: `x.browser.ts` stands beside `x.ts`. CommonJS loads nothing later. */
const platform = new Map(
  readdirSync('src', { encoding: 'utf8', recursive: true })
    .filter((file) => file.endsWith('.browser.ts') && !/load/.test(basename(file)))
    .map((file) => [`src/${file.replace(/\.browser\.ts$/, '')}`, basename(file, '.browser.ts')]),
);

const platformEntries = Object.fromEntries(
  [...platform].flatMap(([file, name]) => [
    [`platform/${name}`, `${file}.ts`],
    [`platform/${name}.browser`, `${file}.browser.ts`],
  ]),
);

/** All of them for Node, and all for pages. */
const platformScripts = {
  platform: [...platform.values()].map((name) => `platform/${name}`),
  'platform.browser': [...platform.values()].map((name) => `platform/${name}.browser`),
};

/** CommonJS is built once for Node and for pages: what differs is asked for by a name that package.json resolves. */
const platformByName: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'platform-by-name',
  setup(build) {
    build.onResolve({ filter: /^\..*\.js$/ }, ({ path, importer, resolveDir }) => {
      const file = relative('.', resolve(resolveDir, path.replace(/\.js$/, '')));
      // What is in there itself does not ask for it.
      const isInside = platform.has(relative('.', importer).replace(/\.ts$/, ''));
      return platform.has(file) && !isInside ? { path: '#platform', external: true } : undefined;
    });
  },
};

const nodeEntries = {
  index: 'src/index.ts',
  'backends/hosted/index': 'src/backends/hosted/index.ts',
  'jobs/index': 'src/jobs/index.ts',
  'jobs/node': 'src/jobs/node.ts',
  'jobs/testing': 'src/jobs/testing.ts',
  'mock-server/index': 'src/mock-server/index.ts',
  'mock-server/msw': 'src/mock-server/msw.ts',
  'react/index': 'src/react/index.ts',
  'webhooks/index': 'src/webhooks/index.ts',
  'webhooks/node': 'src/webhooks/node.ts',
  'webhooks/testing': 'src/webhooks/testing.ts',
};

/** Of what is the same for Node and for pages, the contract of stores and the hooks, pages take that of Node. */
const browserEntries = {
  index: 'src/index.ts',
  'backends/hosted/index': 'src/backends/hosted/index.ts',
  'jobs/index': 'src/jobs/index.ts',
  'webhooks/index': 'src/webhooks/index.ts',
  'webhooks/testing': 'src/webhooks/testing.ts',
  // Files of their own, so that an application's bundler leaves out what it does not use of them.
  'backends/hosted/fal': 'src/backends/hosted/fal.ts',
  'backends/hosted/comfy-ui': 'src/backends/hosted/comfy-ui.ts',
  'backends/hosted/open-router': 'src/backends/hosted/open-router.ts',
  'backends/hosted/replicate': 'src/backends/hosted/replicate.ts',
  'backends/hosted/runway': 'src/backends/hosted/runway.ts',
  'backends/hosted/xai': 'src/backends/hosted/xai.ts',
  'backends/openai-videos': 'src/backends/openai-videos.ts',
  'backends/relay': 'src/backends/relay.ts',
  'backends/sora-gateway': 'src/backends/sora-gateway.ts',
  'backends/vid-builder': 'src/backends/vid-builder.ts',
  'jobs/jobs-over': 'src/jobs/jobs-over.ts',
  'webhooks/handler': 'src/webhooks/handler.ts',
};

/**
 * esbuild lets an entry import a chunk for its effects alone, to keep the order of evaluation. No chunk has any, and
 * the bundlers of applications warn of such imports.
 */
const effectlessChunks: NonNullable<Options['plugins']>[number] = {
  name: 'effectless-chunks',
  renderChunk: (code, { map }) => ({
    code: code.replaceAll(/(?<=^|;)import"[./]+chunk-[^"]+";/gm, ''),
    map: map ?? null,
  }),
};

const shared = {
  format: 'esm',
  target: 'es2022',
  // Chunks shared between entries keep every class one class, whichever subpath it is imported from.
  splitting: true,
  // esbuild's own tree shaking is enough; rollup's second pass loses the source maps' names.
  treeshake: false,
  // With maps and sources the scripts would be four times the size.
  sourcemap: false,
  clean: true,
  plugins: [effectlessChunks],
  // Names stay, and lines are of a length that a stack can point to; all else is as short as it can be.
  esbuildOptions(options) {
    options.minifySyntax = true;
    options.minifyWhitespace = true;
    options.lineLimit = 100;
  },
} satisfies Options;

/** Changes all scripts of a folder, and their names where `rename` does. */
async function eachScript(
  folder: string,
  change: (code: string, path: string) => Promise<string>,
  rename = (path: string) => path,
): Promise<void> {
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter((file) => file.endsWith('.js'))) {
    const path = join(folder, file);
    const code = await change(await readFile(path, 'utf8'), rename(path));
    await rm(path);
    await writeFile(rename(path), code);
  }
}

/**
 * Turns ES modules into CommonJS, file by file: esbuild cannot split CommonJS into chunks by itself. Tools that read
 * no `imports` of a package.json take the ES modules.
 */
async function toCommonJS(module: string, path: string): Promise<string> {
  const { code } = await transform(module, {
    format: 'cjs',
    platform: 'node',
    target: shared.target,
    minifyWhitespace: true,
    // Jest runs it where there is no `import()`.
    supported: { 'dynamic-import': false },
  });
  const short = withoutCopy(code).replaceAll(/(require\("\.[^"]+\.)js"\)/g, '$1cjs")');
  // The names for who takes CommonJS by an `import`, which nobody does of these.
  const isInner = /(shared|platform[\w.]*)\.cjs$/.test(path);
  return shorten(path, isInner ? short.replace(/0&&\(module\.exports=\{[^}]*\}\);/, '') : short);
}

/** esbuild copies the exports once more, which takes half a kilobyte in each file, and says nothing that they do not. */
function withoutCopy(code: string): string {
  if (/__toESM|__reExport/.test(code.slice(0, code.indexOf('var stdin_exports')))) return code;
  return code
    .replace(/var __(getOwnPropDesc|getOwnPropNames|hasOwnProp)=[\w.]+;/g, '')
    .replace(/var __copyProps=[\s\S]*?var __toCommonJS=.*?;(?=var )/, '')
    .replace(
      'module.exports=__toCommonJS(stdin_exports)',
      'module.exports=__defProp(stdin_exports,"__esModule",{value:true})',
    );
}

/** Of React Native: a script before the one of all others, which it leaves as it is. */
async function writeNative(folder: string): Promise<void> {
  const index: NonNullable<Options['esbuildPlugins']>[number] = {
    name: 'index-outside',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.\/index\.js$/ }, ({ path }) => ({ path, external: true })),
  };
  await build({
    ...{ bundle: true, format: 'esm', target: shared.target, plugins: [index], tsconfigRaw: {} },
    ...{ entryPoints: ['src/native.ts'], outfile: join(folder, 'native.js') },
    ...{ minifySyntax: true, minifyWhitespace: true },
  });
}

/** The entries of the package, by their files: `src/webhooks/index.ts` is `reelwire/webhooks`. */
const relay = { 'relay/index': 'src/relay/index.ts', 'relay/node': 'src/relay/node.ts' };
const names = new Map(
  Object.entries({ ...nodeEntries, ...relay }).map(([entry, file]) => [
    file,
    `reelwire/${entry}`.replace(/(\/hosted)?\/index$/, ''),
  ]),
);

/**
 * The command and the relay use the library as anybody does: by its name. So a class is one class, what is built for
 * others is the same with and without them, and the relay takes what is for pages in servers that do, such as Workers.
 */
function libraryOutside(room: 'cli' | 'relay'): NonNullable<Options['esbuildPlugins']>[number] {
  return {
    name: 'library-outside',
    setup(build) {
      build.onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
        const file = relative('src', resolve(resolveDir, path.replace(/js$/, 'ts')));
        if (file.startsWith(`${room}/`) || resolveDir.includes('node_modules')) return undefined;
        const name = names.get(`src/${file}`);
        if (name !== undefined) return { path: name, external: true };
        return {
          errors: [{ text: `${room} may import no more than the entries of the library, not ${file}` }],
        };
      });
    },
  };
}

/** What the two entries of the mock server are made of. */
const mockParts = Object.fromEntries(
  ['check-options', 'exchange', 'fault-text', 'media/files', 'server', 'service'].map((name) => [
    `mock-server/${name}`,
    `src/mock-server/${name}.ts`,
  ]),
);

/** It is in the package once, as CommonJS: it is large, for Node alone, and no part of an application. */
const mockOfCommonJS: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'mock-of-commonjs',
  setup(build) {
    build.onResolve({ filter: /^\.\/.*\.js$/ }, ({ path, importer, resolveDir }) => {
      if (!/src[\\/]mock-server[\\/](index|msw)\.ts$/.test(importer)) return undefined;
      const name = relative('src', resolve(resolveDir, path.replace(/\.js$/, ''))).replaceAll('\\', '/');
      return name in mockParts ? { path: '../../cjs/mock-server/parts.cjs', external: true } : undefined;
    });
  },
};

/** The bars lay out their lines themselves (src/cli/bars.ts): how cli-progress would, with its table of emoji, is left out. */
const withoutFormatter: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'without-formatter',
  setup(build) {
    build.onLoad({ filter: /cli-progress[\\/]lib[\\/]formatter\.js$/ }, () => ({ contents: '' }));
  },
};

/** What is bundled of others goes with its licence, in the folder that holds it. */
const licencesIn = (folder: string): NonNullable<Options['esbuildPlugins']>[number] => ({
  name: 'licences',
  setup(build) {
    build.initialOptions.metafile = true;
    build.onEnd(async ({ metafile }) => {
      const outputs = Object.values(metafile?.outputs ?? {});
      const inputs = outputs.flatMap((output) =>
        Object.entries(output.inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? file : [])),
      );
      // A package may have packages of its own.
      const folders = inputs.flatMap(
        (file) => /^.*node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? [],
      );
      const licences = [...new Set(folders)].sort().map(async (folder) => {
        const licence = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
        if (licence === undefined) throw new Error(`${folder} is bundled, and has no licence to go with it`);
        const name = folder.replace(/^.*node_modules\//, '');
        return { name, text: await readFile(`${folder}/${licence}`, 'utf8') };
      });
      if (licences.length === 0) return;
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'LICENSES.txt'), noticesOf(await Promise.all(licences)));
    });
  },
});

/** Each package with its copyright; terms that are the same word for word (MIT) stand once, behind those they are of. */
function noticesOf(licences: readonly { readonly name: string; readonly text: string }[]): string {
  const groups = new Map<string, { readonly owners: string[]; readonly terms: string }>();
  for (const { name, text } of licences) {
    const paragraphs = text.trim().split(/\r?\n\s*\n/);
    const isTitle = (paragraph: string) => /^\W*(the )?MIT License\W*(MIT)?\W*$/i.test(paragraph);
    const isCopyright = (paragraph: string) => /^\s*copyright\b/i.test(paragraph);
    const terms = paragraphs
      .filter((paragraph) => !isTitle(paragraph) && !isCopyright(paragraph))
      .join('\n\n');
    const words = terms.replaceAll(/\s+/g, ' ');
    const group = groups.get(words) ?? { owners: [], terms };
    groups.set(words, group);
    group.owners.push([name, ...paragraphs.filter(isCopyright)].join('\n'));
  }
  const notices = [...groups.values()].map(({ owners, terms }) => [...owners, terms].join('\n\n'));
  return `${notices.join(`\n\n${'-'.repeat(80)}\n`)}\n`;
}

const forNode = {
  ...shared,
  platform: 'node',
  // Node takes 40 ms to load the seventy files of zod/mini, and 5 ms from ESM to the CommonJS of eventemitter3: the
  // little that is used of them is bundled, as is eventsource. Browser builds leave it to the application's bundler, which can share
  // it with the application.
  noExternal: ['zod', 'eventemitter3', /^eventsource/],
} satisfies Options;

const forRelay = {
  ...shared,
  entry: { index: relay['relay/index'], node: relay['relay/node'] },
  platform: 'node',
  esbuildPlugins: [libraryOutside('relay')],
} satisfies Options;

export default defineConfig([
  {
    ...forNode,
    entry: nodeEntries,
    outDir: 'dist/esm',
    esbuildPlugins: [mockOfCommonJS, licencesIn('dist/esm')],
    async onSuccess() {
      await joinChunks('dist/esm', Object.keys(nodeEntries));
      await eachScript('dist/esm', (code, path) => shorten(path, code));
    },
  },
  {
    ...forNode,
    entry: { ...nodeEntries, ...platformEntries, ...mockParts },
    outDir: 'dist/cjs',
    esbuildPlugins: [platformByName, licencesIn('dist/cjs')],
    async onSuccess() {
      await joinChunks('dist/cjs', Object.keys(nodeEntries), {
        ...platformScripts,
        'mock-server/parts': Object.keys(mockParts),
      });
      await writeNative('dist/cjs');
      await eachScript('dist/cjs', toCommonJS, (path) => path.replace(/js$/, 'cjs'));
    },
  },
  {
    ...shared,
    entry: browserEntries,
    platform: 'browser',
    outDir: 'dist/browser',
    esbuildPlugins: [browserCounterparts, licencesIn('dist/browser')],
    async onSuccess() {
      await writeNative('dist/browser');
      await eachScript('dist/browser', (code, path) => shorten(path, code));
    },
  },
  {
    ...forRelay,
    outDir: 'dist/relay/esm',
    onSuccess: () => eachScript('dist/relay/esm', (code, path) => shorten(path, code)),
  },
  {
    ...forRelay,
    outDir: 'dist/relay/cjs',
    onSuccess: () => eachScript('dist/relay/cjs', toCommonJS, (path) => path.replace(/js$/, 'cjs')),
  },
  {
    ...shared,
    entry: { main: 'src/cli/main.ts' },
    platform: 'node',
    outDir: 'dist/cli',
    // Who uses the library alone need not install what only the command needs.
    noExternal: ['commander', 'cli-progress'],
    esbuildPlugins: [libraryOutside('cli'), withoutFormatter, licencesIn('dist/cli')],
    // Nobody reads it in the debugger, and most of it is of others.
    esbuildOptions(options) {
      shared.esbuildOptions(options);
      options.minifyIdentifiers = true;
    },
    // Both are CommonJS, which asks for the modules of Node by `require`.
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
    onSuccess: () => eachScript('dist/cli', (code, path) => shorten(path, code)),
  },
]);
