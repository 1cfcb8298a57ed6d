import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { asOneProgram } from '../../support/build-program.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program `reelwire`, built of the sources as they are now. */
    cli: string;
  }
}

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Builds the command once: a hundred starts of it need not each compile the sources. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'reelwire-cli-'));
  copyFileSync(fromRoot('package.json'), join(folder, 'package.json'));
  symlinkSync(fromRoot('node_modules'), join(folder, 'node_modules'), 'junction');
  await build({
    entryPoints: [fromRoot('src/cli/main.ts')],
    outdir: join(folder, 'dist/cli'),
    splitting: true,
    // Packages too: to look for their hundreds of files takes longer than all the rest of a start.
    ...asOneProgram,
    logLevel: 'warning',
  });
  project.provide('cli', join(folder, 'dist/cli/main.js'));
  return () => rmSync(folder, { recursive: true, force: true });
}
