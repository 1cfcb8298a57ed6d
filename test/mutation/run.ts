import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';

// npm run mutate                            every room, one after the other
// npm run mutate -- core http               only these
// npm run mutate -- core/backoff.ts         one file, judged by the tests of its room

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The tests that judge a room, in rounds: each judges what those before it left, so that most mutants cost no more than
 * the room's own tests. Last come tests over real sockets, of the rooms that use it as its callers do.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  core: ['unit/core', 'unit/{job,transports,backends,client,http}', 'integration/client'],
  http: ['unit/{http,client}', 'integration/http', 'integration/{client,download,backends}'],
  download: ['unit/download', 'integration/download', 'integration/client'],
  webhooks: ['unit/webhooks', 'integration/webhooks'],
  transports: ['unit/transports', 'integration/{client,transports}', 'conformance'],
  job: ['unit/{job,client}', 'integration/client'],
};

/** What runs in pages alone, where `npm run test:browser` judges it. */
const PAGES_ONLY = ['src/**/*.browser.ts', 'src/http/reachable.ts'];

async function mutate(target: string): Promise<number> {
  const tests = ROOMS[target.split('/')[0] ?? ''];
  if (tests === undefined) throw new Error(`no room ${target}; there are ${Object.keys(ROOMS).join(', ')}`);
  let score = 0;
  for (const round of tests.keys()) score = await judge(target, tests.slice(0, round + 1));
  return score;
}

async function judge(target: string, tests: readonly string[]): Promise<number> {
  const [room = '', file] = target.split('/');
  if (file !== undefined && !existsSync(`${root}/src/${target}`)) throw new Error(`no file src/${target}`);
  const reports = `.mutation/${room}`;
  mkdirSync(`${root}/${reports}`, { recursive: true });
  process.env.MUTATION_TESTS = JSON.stringify(tests.map((folder) => `test/${folder}/**/*.test.{ts,tsx}`));
  const mutants = await new Stryker({
    testRunner: 'vitest',
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
    plugins: ['@stryker-mutator/vitest-runner'],
    mutate: [
      file === undefined ? `src/${room}/**/*.ts` : `src/${target}`,
      ...PAGES_ONLY.map((files) => `!${files}`),
    ],
    coverageAnalysis: 'perTest',
    incremental: true,
    incrementalFile: `${reports}/incremental.json`,
    reporters: ['clear-text', 'progress-append-only', 'html'],
    clearTextReporter: { logTests: false, allowColor: false, reportTests: false },
    htmlReporter: { fileName: `${reports}/index.html` },
    // Tests over real sockets wait for one another where more share the machine.
    concurrency: Math.min(2, availableParallelism()),
    timeoutMS: 5_000,
    tempDirName: '.mutation/sandbox',
    ignorePatterns: ['dist', 'docs', 'videos', '.changeset', '.github'],
    allowConsoleColors: false,
    allowEmpty: false,
  }).runMutationTest();
  const found = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
  const missed = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').length;
  return (100 * found) / (found + missed);
}

process.chdir(root);
const targets = process.argv.slice(2);
const scores: Record<string, string> = {};
for (const target of targets.length > 0 ? targets : Object.keys(ROOMS)) {
  const start = performance.now();
  const score = await mutate(target);
  scores[target] = `${score.toFixed(1)} % in ${((performance.now() - start) / 60_000).toFixed(1)} min`;
}
console.table(scores);
