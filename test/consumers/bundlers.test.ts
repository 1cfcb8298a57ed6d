import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { titleOf } from './matrix.js';
import { applications, node, serve, tools } from './tools.js';

const page = join(applications, 'page');
const watched = { status: 'completed', downloaded: true, refused: true };

/** Nothing that only Node has, nor a polyfill of it. */
function expectNothingOfNode(script: string, maxLength = 300_000): void {
  const text = readFileSync(script, 'utf8');
  expect(text, script).not.toMatch(/fs\/promises|isomorphic-ws|realpath/);
  expect(text.length, script).toBeLessThan(maxLength);
}

async function expectToRun(folder: string, entry: string): Promise<void> {
  const scripts = readdirSync(join(page, folder)).filter((file) => file.endsWith('.js'));
  for (const script of scripts) expectNothingOfNode(join(page, folder, script));
  const printed = await node('page', join(page, 'run.cjs'), [join(page, folder, entry), await serve()]);
  expect(JSON.parse(printed)).toEqual(watched);
}

describe(titleOf('webpack'), () => {
  it.each(['webpack-5', 'webpack-4'])('bundles a page as %s resolves, and that runs', async (out) => {
    const program = [
      `const webpack = require('${tools}/webpack');`,
      "webpack(require('./webpack.config.cjs'), (error, stats) => {",
      '  if (error || stats.hasErrors() || stats.hasWarnings()) throw error ?? new Error(stats.toString());',
      '});',
    ];
    await node('page', '--eval', [program.join('\n')], { OUT: out });
    await expectToRun(out, 'main.js');
  });
});

describe(titleOf('parcel'), () => {
  it('bundles a page as it comes, without a polyfill, and that runs', async () => {
    const before = readFileSync(join(applications, 'package.json'), 'utf8');
    const args = ['build', 'page.mjs', '--dist-dir', 'parcel', '--no-cache', '--no-source-maps'];
    await node('page', join(tools, 'parcel/lib/bin.js'), args);
    const entry = readdirSync(join(page, 'parcel')).find((file) => file.startsWith('page'));
    await expectToRun('parcel', entry ?? '');
    expect(readFileSync(join(applications, 'package.json'), 'utf8')).toBe(before);
  });
});

describe(titleOf('metro'), () => {
  it('bundles for iOS what is for pages, and that runs where answers are no streams, and signals of 2019', async () => {
    const sources = JSON.parse(await node('native', 'metro.cjs')) as string[];
    expect(sources).toContainEqual(expect.stringContaining('reelwire/dist/browser/native.js'));
    expect(sources.filter((source) => !source.includes('/dist/browser/'))).toEqual([]);
    const bundle = join(applications, 'native/bundle.js');
    // All of zod: Metro shakes no trees.
    expectNothingOfNode(bundle, 1_500_000);
    expect(JSON.parse(await node('native', 'run.cjs', [bundle, await serve()]))).toEqual({
      ...watched,
      aborted: ['not needed', 'left the page', 'AbortError'],
      late: 'request-timeout',
      records: ['configuration', 'crypto is missing: load react-native-get-random-values'],
    });
  });
});

describe(titleOf('next'), () => {
  it('builds a page with the hooks, and a route handler as it is, whose secret is not there', async () => {
    const printed = await node('next', join(tools, 'next/dist/bin/next'), ['build'], {
      NEXT_TELEMETRY_DISABLED: '1',
    });
    expect(printed).toMatch(/○ \/\n/);
    expect(printed).toMatch(/ƒ \/hook\n/);
  }, 400_000);
});

describe(titleOf('eslint'), () => {
  it('resolves every entry by its default resolver, which reads no exports', async () => {
    await node('page', join(tools, 'eslint/bin/eslint.js'), ['subpaths.mjs', 'page.mjs']);
  });
});

describe(titleOf('esbuild'), () => {
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
