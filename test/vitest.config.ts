import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

function project(name: string, testTimeout = 5_000) {
  return { test: { name, root, include: [`test/${name}/**/*.test.{ts,tsx}`], testTimeout } };
}

/** Packs and installs the built package: run `npm run build` first. */
function packageProject() {
  const { test } = project('package', 60_000);
  return { test: { ...test, globalSetup: 'test/package/setup.ts' } };
}

export default defineConfig({
  test: {
    root,
    projects: [
      project('unit'),
      project('conformance', 15_000),
      project('integration', 15_000),
      // Its schedules are many; how long they take depends on the machine, and nothing in them does.
      project('simulation', 300_000),
      packageProject(),
    ],
  },
});
