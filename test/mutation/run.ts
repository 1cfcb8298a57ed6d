import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';

// npm run mutate                            every room, one after the other
// npm run mutate -- core http               only these
// npm run mutate -- core/backoff.ts         one file, judged by the tests of its room
// npm run mutate -- core --sample 5         every fifth piece of the sources, spread evenly
// npm run mutate -- core --rounds 1         judged by the room's own tests alone: a lower bound, in a tenth of the time

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The tests that judge a room, in rounds: each judges what those before it left, so that most mutants cost no more than
 * the room's own tests. Last come tests over real sockets, of the rooms that use it as its callers do.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  core: [
    '{unit/{core,backends,transports,job,client},simulation/reducer}',
    'unit/http',
    'integration/{client,http}',
  ],
  http: ['{unit/{http,client},integration/http}', 'integration/{client,download,backends}'],
  download: [
    '{{unit,integration}/download,integration/{client/download,port/outputs}}',
    'integration/{client,port}',
  ],
  webhooks: ['{unit,integration}/webhooks', '{unit,integration}/webhooks'],
  transports: [
    '{{unit,integration}/transports,integration/port/{sse-per-job,websocket}}',
    '{conformance/fallback,integration/{client,port}}',
    'conformance/transports',
  ],
  job: ['unit/{job,client}', 'integration/client'],
};

/** What runs in pages alone, where `npm run test:browser` judges it. */
const PAGES_ONLY = /\.browser\.ts$|^src\/http\/reachable\.ts$/;

async function mutate(target: string): Promise<number> {
  const tests = ROOMS[target.split('/')[0] ?? ''];
  if (tests === undefined) throw new Error(`no room ${target}; there are ${Object.keys(ROOMS).join(', ')}`);
  let score = 0;
  for (const round of tests.slice(0, rounds).keys()) score = await judge(target, tests.slice(0, round + 1));
  return score;
}

async function judge(target: string, tests: readonly string[]): Promise<number> {
  const [room = '', file] = target.split('/');
  if (file !== undefined && !existsSync(`${root}/src/${target}`)) throw new Error(`no file src/${target}`);
  const reports = `.mutation/${room}`;
  mkdirSync(`${root}/${reports}`, { recursive: true });
  process.env.MUTATION_FIRST = String(tests.length === 1);
  process.env.MUTATION_TESTS = JSON.stringify(tests.map((place) => `test/${place}{/**/*,}.test.{ts,tsx}`));
  const mutants = await new Stryker({
    testRunner: 'vitest',
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
    plugins: ['@stryker-mutator/vitest-runner'],
    mutate: sample(room, file),
    coverageAnalysis: 'perTest',
    // What only runs while a module is loaded takes a run of all tests a mutant.
    ignoreStatic: true,
    incremental: true,
    incrementalFile: `${reports}/incremental-${every}.json`,
    reporters: ['clear-text', 'progress-append-only', 'html'],
    clearTextReporter: { logTests: false, allowColor: false, reportTests: false },
    htmlReporter: { fileName: `${reports}/index.html` },
    // Tests over real sockets wait for one another where more share the machine.
    concurrency: Math.min(2, availableParallelism()),
    timeoutMS: 10_000,
    tempDirName: '.mutation/sandbox',
    ignorePatterns: ['dist', 'docs', 'videos', '.changeset', '.github'],
    allowConsoleColors: false,
    allowEmpty: false,
  }).runMutationTest();
  const found = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
  const missed = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').length;
  return (100 * found) / (found + missed);
}

/** Lines of one piece. */
const PIECE = 10;

/** What to mutate: all, or of each file every so many pieces, beginning with another one in each file. */
function sample(room: string, file: string | undefined): string[] {
  const files = (file === undefined ? readdirSync(`src/${room}`, { recursive: true }) : [file])
    .map((name) => `src/${room}/${String(name)}`)
    .filter((path) => path.endsWith('.ts') && !PAGES_ONLY.test(path));
  if (every === 1) return files;
  return files.sort().flatMap((path, index) => {
    const pieces = Math.ceil(readFileSync(path, 'utf8').split('\n').length / PIECE);
    return [...Array(pieces).keys()]
      .filter((piece) => (piece + index) % every === 0)
      .map((piece) => `${path}:${piece * PIECE + 1}-${(piece + 1) * PIECE}`);
  });
}

process.chdir(root);
const { values, positionals: targets } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'string', default: '1' }, rounds: { type: 'string', default: '9' } },
});
const rounds = Math.max(1, Number.parseInt(values.rounds, 10));
const every = Math.max(1, Number.parseInt(values.sample, 10));
const scores: Record<string, string> = {};
for (const target of targets.length > 0 ? targets : Object.keys(ROOMS)) {
  const start = performance.now();
  const score = await mutate(target);
  scores[target] = `${score.toFixed(1)} % in ${((performance.now() - start) / 60_000).toFixed(1)} min`;
}
console.table(scores);
