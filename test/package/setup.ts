import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder with the tarball installed in it, and in it a folder for each consumer. */
    consumers: string;
    /** Every file of the tarball, as paths from the package's root. */
    packedFiles: readonly string[];
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packs the built package as a release would, and installs it as an application would, once for all tests. */
export default function setup(project: TestProject): () => void {
  if (!existsSync(join(root, 'dist/cjs/index.d.ts'))) {
    throw new Error('there is no build to pack: run `npm run build` first');
  }
  const folder = mkdtempSync(join(tmpdir(), 'reelwire-package-'));
  const packed = npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder);
  const [tarball] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];

  const consumers = join(folder, 'consumers');
  cpSync(join(root, 'test/package/consumers'), consumers, { recursive: true });
  writeFileSync(join(consumers, 'package.json'), '{ "name": "consumers", "private": true }\n');
  npm(consumers, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball.filename));
  // What a Node project written in TypeScript has anyway.
  mkdirSync(join(consumers, 'node_modules/@types'), { recursive: true });
  symlinkSync(join(root, 'node_modules/@types/node'), join(consumers, 'node_modules/@types/node'), 'dir');

  project.provide('consumers', consumers);
  project.provide(
    'packedFiles',
    tarball.files.map(({ path }) => path),
  );
  return () => rmSync(folder, { recursive: true, force: true });
}

function npm(folder: string, ...args: string[]): string {
  // Npm hands its own settings to what it starts; those of the repository are not the consumer's.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle)_/i.test(name)),
  );
  return execFileSync('npm', args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
