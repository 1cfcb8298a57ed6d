import { defineConfig } from 'vite';
import { bundledFirst, sourceInBrowser } from '../../test/support/source-in-browser.js';

export default defineConfig({
  // In this repository the package is its own source; an application that has it installed needs neither line.
  plugins: [sourceInBrowser()],
  optimizeDeps: { include: bundledFirst },
});
