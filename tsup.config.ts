import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, posix, relative, resolve } from 'node:path';
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
async function toCommonJS(from: string, to: string, platform: 'node' | 'browser'): Promise<void> {
  await rm(to, { recursive: true, force: true });
  const files = await readdir(from, { recursive: true });
  await build({
    entryPoints: files.filter((file) => file.endsWith('.js')).map((file) => `${from}/${file}`),
    outdir: to,
    outbase: from,
    format: 'cjs',
    platform,
    target: shared.target,
    sourcemap: true,
    // Jest runs it where there is no `import()`.
    supported: { 'dynamic-import': false },
  });
  await writeFile(`${to}/package.json`, '{ "type": "commonjs", "sideEffects": false }\n');
  await cp(`${from}/LICENSES.txt`, `${to}/LICENSES.txt`).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error; // It bundles nothing of others.
  });
}

/**
 * For what reads no `exports`: Parcel 2 as it comes, webpack 4, the default resolver of ESLint. Each subpath is a
 * folder with a package.json that says where its files are.
 */
async function writeSubpathFolders(): Promise<void> {
  const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as Manifest;
  for (const [subpath, { import: esm, require: cjs, browser }] of Object.entries(exports)) {
    if (subpath === '.' || esm === undefined || cjs === undefined) continue;
    const here = (target: string) => posix.relative(subpath, posix.normalize(target));
    const fields = {
      main: here(cjs.default),
      module: here(esm.default),
      ...(browser && { browser: here(browser.import.default) }),
      types: here(cjs.types),
      sideEffects: false,
    };
    await mkdir(subpath, { recursive: true });
    await writeFile(`${subpath}/package.json`, `${JSON.stringify(fields, null, 2)}\n`);
  }
}

interface Target {
  readonly types: string;
  readonly default: string;
}

interface Manifest {
  readonly exports: Record<
    string,
    { import?: Target; require?: Target; browser?: { import: Target; require: Target } }
  >;
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
    const folder = build.initialOptions.outdir ?? '';
    build.onEnd(async ({ metafile }) => {
      const outputs = Object.values(metafile?.outputs ?? {});
      const inputs = outputs.flatMap((output) =>
        Object.entries(output.inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? file : [])),
      );
      // A package may have packages of its own.
      const folders = inputs.flatMap(
        (file) => /^.*node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? [],
      );
      const texts = [...new Set(folders)].sort().map(async (folder) => {
        const licence = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
        if (licence === undefined) throw new Error(`${folder} is bundled, and has no licence to go with it`);
        return `${folder.replace(/^.*node_modules\//, '')}\n\n${await readFile(`${folder}/${licence}`, 'utf8')}`;
      });
      if (texts.length === 0) return;
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'LICENSES.txt'), (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n`));
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
    esbuildPlugins: [licences],
    onSuccess: async () => {
      await toCommonJS('dist/esm', 'dist/cjs', 'node');
      await writeSubpathFolders();
    },
  },
  {
    ...shared,
    entry: browserEntries,
    platform: 'browser',
    outDir: 'dist/browser',
    esbuildPlugins: [browserCounterparts, licences],
    // Jest in jsdom asks for the condition `browser`, and requires what it finds.
    onSuccess: () => toCommonJS('dist/browser', 'dist/browser-cjs', 'browser'),
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
