import { defineConfig } from 'vite';
import { bundledFirst, sourceInBrowser } from '../../../test/support/source-in-browser.js';

export default defineConfig({
  // In this repository the package is its own source; an application that has it installed needs none of these lines.
  plugins: [sourceInBrowser()],
  optimizeDeps: { include: bundledFirst },
  cacheDir: '../../../node_modules/.vite/relay',
});
