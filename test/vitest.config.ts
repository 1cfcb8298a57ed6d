import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import tsconfig from '../tsconfig.json' with { type: 'json' };

const root = fileURLToPath(new URL('..', import.meta.url));

/** Examples import the package by its name; here that is its source, as in tsconfig.json. */
const alias = Object.entries(tsconfig.compilerOptions.paths).map(([name, [path]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: `${root}${path?.slice(2)}`,
}));

function project(name: string, testTimeout = 5_000) {
  return {
    resolve: { alias },
    test: {
      name,
      root,
      include: [`test/${name}/**/*.test.{ts,tsx}`],
      testTimeout,
      // Long, for the machine may be busy; nothing waits for all of it but what has failed.
      expect: { poll: { timeout: 20_000 } },
    },
  };
}

/** Files share a worker and what it has loaded, of which nothing keeps a state: to load it for each takes half the time. */
function unitProject() {
  const { test, ...rest } = project('unit', 30_000);
  return { ...rest, test: { ...test, isolate: false } };
}

/** Builds the command that its tests start. */
function integrationProject() {
  const { test, ...rest } = project('integration', 60_000);
  return { ...rest, test: { ...test, globalSetup: 'test/integration/cli/setup.ts' } };
}

/** Packs and installs the built package: run `npm run build` first. */
function packageProject() {
  const { test } = project('package', 60_000);
  return { test: { ...test, globalSetup: 'test/package/setup.ts' } };
}

export default defineConfig({
  test: {
    root,
    // By itself it leaves a core free, which on two is half of them; most tests wait more than they work.
    maxWorkers: Math.max(4, availableParallelism() - 1),
    // The client warns on the console: only where a test failed is that worth reading.
    silent: 'passed-only',
    projects: [
      unitProject(),
      // Type tests themselves are checked by `tsc`; these compile what is not in a file of its own.
      project('types', 60_000),
      project('conformance', 60_000),
      integrationProject(),
      // Its schedules are many; how long they take depends on the machine, and nothing in them does.
      project('simulation', 300_000),
      // Each starts processes of its own, and waits for them: too long for `npm test`.
      project('crashes', 60_000),
      packageProject(),
    ],
  },
});
