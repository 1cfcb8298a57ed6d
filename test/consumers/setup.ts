import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { installTarball, npm, packTarball } from '../support/tarball.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder with the tarball installed in it, and in it a folder for each application. */
    applications: string;
    /** The tarball itself. */
    tarball: string;
  }
}

const here = fileURLToPath(new URL('.', import.meta.url));

/** What applications import of the tools themselves, or of what they have besides. */
const LINKS = ['vitest', 'next', 'react', 'react-dom', 'typescript', '@types/node', '@types/react'];

/** Installs the tools beside this file, and the packed package away from the repository. */
export default function setup(project: TestProject): () => void {
  const installed = join(here, 'node_modules/.package-lock.json');
  const lock = join(here, 'package-lock.json');
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
    npm(here, 'ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund');
  }
  const folder = mkdtempSync(join(tmpdir(), 'reelwire-consumers-'));
  const tarball = packTarball(folder);
  const applications = join(folder, 'applications');
  cpSync(join(here, 'applications'), applications, { recursive: true });
  writeFileSync(join(applications, 'package.json'), '{ "name": "applications", "private": true }\n');
  installTarball(tarball, applications);
  for (const name of LINKS) {
    const link = join(applications, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(here, 'node_modules', name), link, 'dir');
  }
  project.provide('applications', applications);
  project.provide('tarball', tarball.file);
  return () => rmSync(folder, { recursive: true, force: true });
}
