import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { applications, node, serve, tools } from './tools.js';

const page = join(applications, 'page');
const watched = { status: 'completed', downloaded: true, refused: true };

/** What was bundled holds nothing that only Node has, and runs. */
async function expectToRun(folder: string, entry: string): Promise<void> {
  const scripts = readdirSync(join(page, folder)).filter((file) => file.endsWith('.js'));
  for (const script of scripts) {
    const text = readFileSync(join(page, folder, script), 'utf8');
    expect(text, script).not.toMatch(/fs\/promises|isomorphic-ws|realpath/);
    expect(text.length, script).toBeLessThan(300_000);
  }
  const printed = await node('page', join(page, 'run.cjs'), [join(page, folder, entry), await serve()]);
  expect(JSON.parse(printed)).toEqual(watched);
}

describe('a page', () => {
  it.each(['webpack-5', 'webpack-4'])('is bundled as %s resolves, and runs', async (out) => {
    const program = [
      `const webpack = require('${tools}/webpack');`,
      "webpack(require('./webpack.config.cjs'), (error, stats) => {",
      '  if (error || stats.hasErrors() || stats.hasWarnings()) throw error ?? new Error(stats.toString());',
      '});',
    ];
    await node('page', '--eval', [program.join('\n')], { OUT: out });
    await expectToRun(out, 'main.js');
  });

  it('is bundled by Parcel 2 as it comes, without a polyfill, and runs', async () => {
    const before = readFileSync(join(applications, 'package.json'), 'utf8');
    const args = ['build', 'page.mjs', '--dist-dir', 'parcel', '--no-cache', '--no-source-maps'];
    await node('page', join(tools, 'parcel/lib/bin.js'), args);
    const entry = readdirSync(join(page, 'parcel')).find((file) => file.startsWith('page'));
    await expectToRun('parcel', entry ?? '');
    expect(readFileSync(join(applications, 'package.json'), 'utf8')).toBe(before);
  });
});

describe('ESLint', () => {
  it('resolves every entry by its default resolver, which reads no exports', async () => {
    await node('page', join(tools, 'eslint/bin/eslint.js'), ['subpaths.mjs', 'page.mjs']);
  });
});

describe('esbuild for Node', () => {
  it.each([
    { format: 'cjs', transport: 'websocket' },
    { format: 'cjs', transport: 'sse' },
    { format: 'esm', transport: 'sse' },
    { format: 'esm', transport: 'polling' },
  ] as const)(
    'bundles, as $format, a program that follows by $transport and saves',
    async ({ format, transport }) => {
      const outfile = join(applications, `node/${format}.${format === 'cjs' ? 'cjs' : 'mjs'}`);
      await build({
        entryPoints: [join(applications, 'node/main.mjs')],
        outfile,
        bundle: true,
        platform: 'node',
        target: 'node20',
        format,
        tsconfigRaw: {},
        logLevel: 'error',
      });
      const printed = await node('node', outfile, [await serve(), transport]);
      expect(JSON.parse(printed)).toEqual({ status: 'completed', transport, saved: true });
    },
  );
});
