import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { defineConfig, type Options } from 'tsup';

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

const nodeEntries = {
  index: 'src/index.ts',
  'mock-server/index': 'src/mock-server/index.ts',
  'mock-server/msw': 'src/mock-server/msw.ts',
  'react/index': 'src/react/index.ts',
  'webhooks/index': 'src/webhooks/index.ts',
  'webhooks/node': 'src/webhooks/node.ts',
  'webhooks/testing': 'src/webhooks/testing.ts',
};

const browserEntries = {
  index: 'src/index.ts',
  'react/index': 'src/react/index.ts',
  'webhooks/index': 'src/webhooks/index.ts',
  'webhooks/testing': 'src/webhooks/testing.ts',
  // Files of their own, so that an application's bundler leaves out what it does not use of them.
  'backends/openai-videos': 'src/backends/openai-videos.ts',
  'backends/sora-gateway': 'src/backends/sora-gateway.ts',
  'backends/vid-builder': 'src/backends/vid-builder.ts',
  'webhooks/handler': 'src/webhooks/handler.ts',
};

/**
 * esbuild lets an entry import a chunk for its effects alone, to keep the order of evaluation. No chunk has any, and
 * the bundlers of applications warn of such imports.
 */
const effectlessChunks: NonNullable<Options['plugins']>[number] = {
  name: 'effectless-chunks',
  renderChunk: (code, { map }) => ({
    code: code.replaceAll(/^import "[./]+chunk-.*";$/gm, ''),
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
  sourcemap: true,
  clean: true,
  plugins: [effectlessChunks],
} satisfies Options;

/**
 * The CommonJS build is the ESM build, file by file: esbuild cannot split CommonJS into chunks by itself, and what
 * tsup does about that loses the source maps.
 */
async function toCommonJS(): Promise<void> {
  await rm('dist/cjs', { recursive: true, force: true });
  const files = await readdir('dist/esm', { recursive: true });
  await build({
    entryPoints: files.filter((file) => file.endsWith('.js')).map((file) => `dist/esm/${file}`),
    outdir: 'dist/cjs',
    outbase: 'dist/esm',
    format: 'cjs',
    platform: 'node',
    target: shared.target,
    sourcemap: true,
  });
  await writeFile('dist/cjs/package.json', '{ "type": "commonjs", "sideEffects": false }\n');
}

/** The command uses the library as anybody does: built, by its entries. */
const libraryOutside: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'library-outside',
  setup(build) {
    build.onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
      const file = relative('src', resolve(resolveDir, path.replace(/js$/, 'ts')));
      if (file.startsWith('cli/') || resolveDir.includes('node_modules')) return undefined;
      if (Object.values(nodeEntries).includes(`src/${file}`)) {
        return { path: `../esm/${file.replace(/ts$/, 'js')}`, external: true };
      }
      return {
        errors: [{ text: `the command may import no more than the entries of the library, not ${file}` }],
      };
    });
  },
};

/** What is bundled of others goes with its licence. */
const licences: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'licences',
  setup(build) {
    build.initialOptions.metafile = true;
    build.onEnd(async ({ metafile }) => {
      const inputs = Object.keys(metafile?.inputs ?? {});
      // A package may have packages of its own.
      const folders = inputs.flatMap(
        (file) => /^.*node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? [],
      );
      const texts = [...new Set(folders)].sort().map(async (folder) => {
        const licence = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
        return `${folder.replace(/^.*node_modules\//, '')}\n\n${await readFile(`${folder}/${licence}`, 'utf8')}`;
      });
      await mkdir('dist/cli', { recursive: true });
      await writeFile('dist/cli/LICENSES.txt', (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n`));
    });
  },
};

export default defineConfig([
  {
    ...shared,
    entry: nodeEntries,
    platform: 'node',
    outDir: 'dist/esm',
    // Node takes 40 ms to load the seventy files of zod/mini, and 5 ms from ESM to the CommonJS of eventemitter3: the
    // little that is used of them is bundled. Browser builds leave it to the application's bundler, which can share
    // it with the application.
    noExternal: ['zod', 'eventemitter3'],
    onSuccess: toCommonJS,
  },
  {
    ...shared,
    entry: browserEntries,
    platform: 'browser',
    outDir: 'dist/browser',
    esbuildPlugins: [browserCounterparts],
  },
  {
    ...shared,
    entry: { main: 'src/cli/main.ts' },
    platform: 'node',
    outDir: 'dist/cli',
    // Who uses the library alone need not install what only the command needs.
    noExternal: ['commander', 'cli-progress'],
    esbuildPlugins: [libraryOutside, licences],
    // Both are CommonJS, which asks for the modules of Node by `require`.
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
  },
]);
