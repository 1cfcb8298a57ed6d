import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, printTable } from './support/table.js';

export const name = 'import-time';

const ROUNDS = 20;
const root = fileURLToPath(new URL('../..', import.meta.url));
const execute = promisify(execFile);

const LIMITS_MS: Readonly<Record<string, number>> = {
  reelwire: 9,
  'reelwire/backends': 12,
  'reelwire/webhooks': 6,
};
const PEERS = ['replicate', '@fal-ai/client', '@runwayml/sdk', 'openai'];

/** What importing a package adds to the start of an empty script, in Node, in processes of their own. */
export async function run(): Promise<void> {
  const names = [...Object.keys(LIMITS_MS), ...PEERS];
  const folder = await mkdtemp(join(tmpdir(), 'reelwire-bench-'));
  try {
    await link(root, join(folder, 'node_modules/reelwire'));
    for (const peer of PEERS)
      await link(join(root, 'node_modules', peer), join(folder, 'node_modules', peer));
    const programs: Program[] = [];
    for (const [index, name] of ['', ...names].entries()) {
      const esm = join(folder, `${index}.mjs`);
      const cjs = join(folder, `${index}.cjs`);
      await writeFile(esm, name === '' ? '' : `import ${JSON.stringify(name)};`);
      await writeFile(cjs, name === '' ? '' : `require(${JSON.stringify(name)});`);
      programs.push({ name, esm: { file: esm, ms: [] }, cjs: { file: cjs, ms: [] } });
    }
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { file, ms } of programs.flatMap(({ esm, cjs }) => [esm, cjs])) {
        const start = performance.now();
        await execute(process.execPath, [file]);
        if (round > 0) ms.push(performance.now() - start); // The first round warms up.
      }
    }
    print(programs);
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Program {
  readonly name: string;
  readonly esm: { readonly file: string; readonly ms: number[] };
  readonly cjs: { readonly file: string; readonly ms: number[] };
}

function print([empty, ...programs]: readonly Program[]): void {
  if (empty === undefined) return;
  const base = { esm: median(empty.esm.ms), cjs: median(empty.cjs.ms) };
  printTable(
    [`over an empty script, median of ${ROUNDS}`, 'ESM ms', 'CJS ms', 'limit', 'both, of an empty script'],
    programs.map(({ name, esm, cjs }) => {
      const added = { esm: addedMs(esm.ms, empty.esm.ms), cjs: addedMs(cjs.ms, empty.cjs.ms) };
      // What a machine that is twice as slow does not change.
      const share = `${(added.esm / base.esm).toFixed(2)} / ${(added.cjs / base.cjs).toFixed(2)}`;
      return [name, added.esm.toFixed(1), added.cjs.toFixed(1), LIMITS_MS[name] ?? '', share];
    }),
  );
  console.log(`empty script: ESM ${base.esm.toFixed(1)} ms, CJS ${base.cjs.toFixed(1)} ms`);
}

/** Each beside the empty script of its own round: the machine may slow down between two rounds. */
function addedMs(ms: readonly number[], emptyMs: readonly number[]): number {
  return median(ms.map((each, round) => each - (emptyMs[round] ?? Number.NaN)));
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path, 'dir');
}
