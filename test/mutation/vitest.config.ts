import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The tests that judge a mutant, given by `run.ts`: Stryker reads no projects. Limits are generous, for a mutant that
 * makes a test slow is found by its own time limit.
 */
export default defineConfig({
  test: {
    root,
    include: JSON.parse(process.env.MUTATION_TESTS ?? '[]') as string[],
    testTimeout: 15_000,
    // A mutant is turned on by a variable: nothing has to be loaded anew for it.
    isolate: false,
  },
});
