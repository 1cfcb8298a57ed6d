import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { bundledFirst, sourceInBrowser } from '../support/source-in-browser.js';
import { type Engine, findEngines, type Launch } from './support/engines.js';
import { mockCommands } from './support/mock-commands.js';
import { sameOrigin } from './support/same-origin.js';
import { storeCommands } from './support/store-commands.js';
import { webKitGTK } from './support/webkit-provider.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** How long what is waited for may take: on a busy machine a page takes seconds for what takes it a moment. */
const PATIENT = { timeout: 10_000 };

/** The same files in each browser. */
function inBrowser([engine, launch]: readonly [Engine, Launch]) {
  const provider =
    launch.by === 'webdriver' ? webKitGTK(launch.miniBrowser) : playwright({ launchOptions: launch.options });
  return {
    plugins: [sourceInBrowser(), sameOrigin()],
    optimizeDeps: {
      include: [...bundledFirst, 'react', 'react-dom/client', 'react-dom/server', 'react/jsx-dev-runtime'],
    },
    test: {
      name: engine,
      root,
      include: ['test/browser/*.test.{ts,tsx}'],
      exclude: ['test/browser/*.node.test.ts'],
      testTimeout: 15_000,
      expect: { poll: PATIENT },
      browser: {
        enabled: true,
        provider,
        headless: launch.by === 'playwright',
        screenshotFailures: false,
        fileParallelism: false,
        commands: { ...mockCommands, ...storeCommands },
        instances: [{ browser: engine }],
      },
    },
  };
}

/** React 18 in place of the one that is installed by its own name. */
function withReact18(entry: readonly [Engine, Launch]) {
  const { test, ...project } = inBrowser(entry);
  return {
    ...project,
    resolve: {
      alias: [
        { find: /^react(?=$|\/)/, replacement: 'react18' },
        { find: /^react-dom(?=$|\/)/, replacement: 'react-dom18' },
      ],
    },
    test: { ...test, name: `${test.name}, React 18`, include: ['test/browser/react*.test.tsx'] },
  };
}

/** Whole pages, driven from Node as a person would. */
const pages = {
  test: {
    name: 'pages',
    root,
    include: ['test/browser/*.node.test.ts'],
    testTimeout: 60_000,
    expect: { poll: PATIENT },
    hookTimeout: 30_000,
    // WebKitGTK ends by itself now and then, video and all; what a page does wrong is never tried again.
    retry: { count: 2, condition: /invalid session id/ },
  },
};

const engines = findEngines();

export default defineConfig({
  test: {
    root,
    include: [],
    // Only where there is no browser at all, which has been told.
    passWithNoTests: engines.length === 0,
    projects: [pages, ...engines.map(inBrowser), ...engines.slice(0, 1).map(withReact18)],
  },
});
