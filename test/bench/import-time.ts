import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, printTable } from './support/table.js';

export const name = 'import-time';

const ROUNDS = 20;
const root = fileURLToPath(new URL('../..', import.meta.url));
const execute = promisify(execFile);

const LIMITS_MS: Readonly<Record<string, number>> = { reelwire: 18 };
const PEERS = ['replicate', '@fal-ai/client', '@runwayml/sdk', 'openai'];

/** What importing a package adds to the start of an empty script, in Node, in processes of their own. */
export async function run(): Promise<void> {
  const names = [...Object.keys(LIMITS_MS), ...PEERS];
  const programs = names.flatMap((name) => [
    { name, kind: 'module', source: `import ${JSON.stringify(name)};` },
    { name, kind: 'commonjs', source: `require(${JSON.stringify(name)});` },
  ]);
  programs.push({ name: '', kind: 'module', source: '' }, { name: '', kind: 'commonjs', source: '' });
  const times = new Map(programs.map((program): [object, number[]] => [program, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const program of programs) {
      const ms = await timeOf(program);
      if (round > 0) times.get(program)?.push(ms);
    }
  }
  const medianOf = (name: string, kind: string) => {
    const program = programs.find((candidate) => candidate.name === name && candidate.kind === kind);
    return program === undefined ? Number.NaN : median(times.get(program) ?? []);
  };
  const over = (name: string, kind: string) => (medianOf(name, kind) - medianOf('', kind)).toFixed(1);
  printTable(
    [`over an empty script, median of ${ROUNDS}`, 'ESM ms', 'CJS ms', 'limit'],
    names.map((name) => [name, over(name, 'module'), over(name, 'commonjs'), LIMITS_MS[name] ?? '']),
  );
  console.log(
    `empty script: ${medianOf('', 'module').toFixed(1)} ms, ${medianOf('', 'commonjs').toFixed(1)} ms`,
  );
}

async function timeOf({ kind, source }: { kind: string; source: string }): Promise<number> {
  const start = performance.now();
  await execute(process.execPath, [`--input-type=${kind}`, '--eval', source], { cwd: root });
  return performance.now() - start;
}
