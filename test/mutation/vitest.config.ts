import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const isFirst = process.env.MUTATION_FIRST === 'true';
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The tests that judge a mutant, given by `run.ts`: Stryker reads no projects. Limits are generous, for a mutant that
 * makes a test slow is found by its own time limit.
 */
export default defineConfig({
  test: {
    root,
    include: JSON.parse(process.env.MUTATION_TESTS ?? '[]') as string[],
    // One measures time, which mutants do not change but the many processes do. The others take seconds a mutant: they
    // judge what the rest left.
    exclude: [
      '**/growth.test.ts',
      ...(isFirst ? ['**/fuzz.test.ts', '**/crash.test.ts', '**/redis-trouble.test.ts'] : []),
    ],
    testTimeout: 60_000,
    // Schedules enough for a mutant that breaks a rule in many of them.
    env: { SIMULATION_RUNS: '1000' },
    // A mutant is turned on by a variable: in the first round nothing has to be loaded anew for it. Some of the tests
    // over sockets change the platform before they load.
    isolate: !isFirst,
  },
});
