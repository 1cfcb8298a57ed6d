import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { installTarball, packTarball } from '../support/tarball.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder with the tarball installed in it, and in it a folder for each consumer. */
    consumers: string;
    /** Every file of the tarball, as paths from the package's root. */
    packedFiles: readonly string[];
    /** Bytes, when it is installed. */
    unpackedSize: number;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packs the built package as a release would, and installs it as an application would, once for all tests. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'reelwire-package-'));
  const tarball = packTarball(folder);

  const consumers = join(folder, 'consumers');
  cpSync(join(root, 'test/package/consumers'), consumers, { recursive: true });
  writeFileSync(join(consumers, 'package.json'), '{ "name": "consumers", "private": true }\n');
  installTarball(tarball, consumers);
  // What a Node project written in TypeScript has anyway.
  mkdirSync(join(consumers, 'node_modules/@types'), { recursive: true });
  symlinkSync(join(root, 'node_modules/@types/node'), join(consumers, 'node_modules/@types/node'), 'dir');

  project.provide('consumers', consumers);
  project.provide('packedFiles', tarball.contents);
  project.provide('unpackedSize', tarball.unpackedSize);
  return () => rmSync(folder, { recursive: true, force: true });
}
