import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Puts the packed package through the tools of applications: run `npm run build` first. */
export default defineConfig({
  test: {
    root,
    include: ['test/consumers/*.test.ts'],
    globalSetup: 'test/consumers/setup.ts',
    // Each starts a tool that takes a core or more.
    fileParallelism: false,
    testTimeout: 120_000,
  },
});
