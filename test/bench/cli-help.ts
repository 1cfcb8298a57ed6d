import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, printTable, verdict } from './support/table.js';

export const name = 'cli-help';

const ROUNDS = 20;
const LIMIT_MS = 150;
const execute = promisify(execFile);
const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** What `--help` takes over an empty script, each in a process of its own, in turn. */
export async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'reelwire-bench-'));
  try {
    const empty = join(folder, 'empty.mjs');
    await writeFile(empty, '');
    const reelwire = fromRoot('dist/cli/main.js');
    const programs = [[empty], [reelwire, '--help'], [reelwire, 'generate', '--help']].map((args) => ({
      args,
      ms: [] as number[],
    }));
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { args, ms } of programs) {
        const start = performance.now();
        await execute(process.execPath, args);
        if (round > 0) ms.push(performance.now() - start); // The first round warms up.
      }
    }
    const [base, ...commands] = programs;
    const baseMs = median(base?.ms ?? []);
    printTable(
      [`over an empty script (${baseMs.toFixed(1)} ms), median of ${ROUNDS}`, 'ms', 'limit', ''],
      commands.map(({ args, ms }) => {
        const overMs = median(ms) - baseMs;
        const words = ['reelwire', ...args.slice(1)].join(' ');
        return [words, overMs.toFixed(1), LIMIT_MS, verdict(overMs < LIMIT_MS)];
      }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}
