import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from '../support/tarball.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const require = createRequire(import.meta.url);

/**
 * Installs the runtimes beside this file, where that is not done yet. They come as packages that hold the binary, one
 * for each platform; no script of theirs is run.
 */
export function installRuntimes(): void {
  const installed = join(folder, 'node_modules/.package-lock.json');
  const lock = join(folder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('installing the runtimes');
  try {
    npm(folder, 'ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund');
  } catch (error) {
    // Each that is not there fails then, and the browsers are run all the same.
    console.error(`the runtimes could not be installed: ${error instanceof Error ? error.message : error}`);
  }
}

/** A file of one of the packages, the first that there is. */
export function findBinary(candidates: readonly (readonly [name: string, file: string])[]): string {
  for (const [name, file] of candidates) {
    const path = join(folder, 'node_modules', name, file);
    if (existsSync(path)) return path;
  }
  const names = candidates.map(([name]) => name).join(' or ');
  throw new Error(
    `missing: ${names}, which \`npm ci\` in test/runtimes installs where there is one for this platform`,
  );
}

export async function importInstalled(name: string): Promise<{ module: unknown; version: string }> {
  try {
    const module: unknown = await import(require.resolve(name));
    const { version } = require(join(folder, 'node_modules', name, 'package.json')) as { version: string };
    return { module, version };
  } catch (cause) {
    throw new Error(`missing: ${name}, which \`npm ci\` in test/runtimes installs`, { cause });
  }
}
