import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Tarball {
  readonly file: string;
  /** Everything in it, as paths from the package's root. */
  readonly contents: readonly string[];
  /** Bytes, when it is installed. */
  readonly unpackedSize: number;
}

/** Packs what was built, as a release would: run `npm run build` first. */
export function packTarball(folder: string): Tarball {
  const packed = npm(root, 'pack', '--json', '--pack-destination', folder);
  const [{ filename, files, unpackedSize }] = JSON.parse(packed) as [
    { filename: string; files: { path: string }[]; unpackedSize: number },
  ];
  return { file: join(folder, filename), contents: files.map(({ path }) => path), unpackedSize };
}

/** Installs it with its dependencies, as an application would. The folder has a package.json. */
export function installTarball({ file }: Tarball, folder: string): void {
  npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', file);
}

export function npm(folder: string, ...args: string[]): string {
  // Npm hands its own settings to what it starts; those of the repository are not the consumer's.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle)_/i.test(name)),
  );
  return execFileSync('npm', args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
