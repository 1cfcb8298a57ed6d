import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import tsconfig from '../../tsconfig.json' with { type: 'json' };

const root = fileURLToPath(new URL('../..', import.meta.url));
const paths = new Map<string, readonly string[]>(Object.entries(tsconfig.compilerOptions.paths));

/**
 * Lets a page import the package by its name and get its source, as a browser build has it: `x.browser.ts` stands
 * beside `x.ts` and takes its place.
 */
export function sourceInBrowser(): Plugin {
  return {
    name: 'source-in-browser',
    enforce: 'pre',
    resolveId(id, importer) {
      const [source] = paths.get(id) ?? [];
      if (source !== undefined) return resolve(root, source);
      if (!importer?.startsWith(`${root}src/`) || !/^\..*\.js$/.test(id)) return undefined;
      const counterpart = resolve(importer, '..', id.replace(/js$/, 'browser.ts'));
      return existsSync(counterpart) ? counterpart : undefined;
    },
  };
}

/** The package's dependencies, bundled before the page asks: found later, they would make it load anew. */
export const bundledFirst = ['eventemitter3', 'eventsource', 'isomorphic-ws', 'zod/mini'];
