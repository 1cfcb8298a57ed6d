import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { createMockServer, type MockServer, mockMedia } from '../../src/mock-server/index.js';
import { installTarball, packTarball } from '../support/tarball.js';
import { signedDeliveries } from './deliveries.js';
import type { Task } from './programs/scenario.js';

/** How long a job of the mock server takes: enough for each transport to open before the end. */
const JOB_MS = 600;

/** A folder away from the repository, with the tarball installed in it as an application would, and the programs. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'reelwire-runtimes-'));
  readonly #deliveries = signedDeliveries();
  readonly #videoSha256 = createHash('sha256').update(mockMedia()).digest('hex');

  constructor() {
    writeFileSync(join(this.folder, 'package.json'), '{ "name": "application", "private": true }\n');
    installTarball(packTarball(this.folder), this.folder);
    const programs = join(this.folder, 'programs');
    cpSync(fileURLToPath(new URL('programs', import.meta.url)), programs, { recursive: true });
    mkdirSync(join(this.folder, 'saved'));
  }

  /** A program, compiled into one file. Where the packages are not external, they are those of the tarball. */
  async compile(program: string, outfile: string, options: BuildOptions): Promise<string> {
    const file = join(this.folder, outfile);
    await build({
      entryPoints: [join(this.folder, 'programs', `${program}.ts`)],
      outfile: file,
      bundle: true,
      target: 'es2022',
      // Without it `reelwire` would be its source, as tsconfig.json has it for the tests.
      tsconfigRaw: {},
      logLevel: 'error',
      ...options,
    });
    return file;
  }

  /** A mock server of its own for each run, so that what is left open is known to be of that run. */
  async serve(): Promise<{ server: MockServer; task: Task }> {
    const server = await createMockServer({ durationMs: JOB_MS, style: 'field' });
    const task = { baseUrl: server.url, videoSha256: this.#videoSha256, deliveries: this.#deliveries };
    return { server, task };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
