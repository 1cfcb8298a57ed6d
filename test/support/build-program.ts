import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, buildSync } from 'esbuild';

/** With its packages in it, of which some are CommonJS and have to find Node's own modules. */
export const asOneProgram = {
  ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20' },
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
} satisfies BuildOptions;

/** Makes one file of a program and all that it imports: to start it from source takes ten times as long. */
export function buildProgram(source: URL, folder: string): string {
  const path = fileURLToPath(source);
  const outfile = join(folder, basename(path).replace(/\.ts$/, '.mjs'));
  buildSync({ entryPoints: [path], outfile, ...asOneProgram, logLevel: 'error' });
  return outfile;
}
