import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
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
};

const browserEntries = {
  index: 'src/index.ts',
  // Files of their own, so that an application's bundler leaves out the dialects it does not use.
  'backends/openai-videos': 'src/backends/openai-videos.ts',
  'backends/sora-gateway': 'src/backends/sora-gateway.ts',
  'backends/vid-builder': 'src/backends/vid-builder.ts',
};

const shared: Options = {
  target: 'es2022',
  // Chunks shared between entries keep every class one class, whichever subpath it is imported from.
  splitting: true,
  // esbuild's own tree shaking is enough; rollup's second pass loses the source maps' names.
  treeshake: false,
  sourcemap: true,
  clean: true,
};

const node: Options = {
  ...shared,
  entry: nodeEntries,
  platform: 'node',
  // zod/mini is about seventy files, which Node takes 40 ms to load: the few functions in use are bundled. Browser
  // builds leave it to the application's bundler, which can share it with the application.
  noExternal: ['zod'],
};

export default defineConfig([
  { ...node, format: 'esm', outDir: 'dist/esm' },
  {
    ...node,
    format: 'cjs',
    outDir: 'dist/cjs',
    outExtension: () => ({ js: '.js' }),
    onSuccess: () => writeFile('dist/cjs/package.json', '{ "type": "commonjs", "sideEffects": false }\n'),
  },
  {
    ...shared,
    entry: browserEntries,
    format: 'esm',
    platform: 'browser',
    outDir: 'dist/browser',
    esbuildPlugins: [browserCounterparts],
  },
]);
