import { readdirSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** Every file and package that an entry brings with it. */
async function inputsOf(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [`src/webhooks/${entry}.ts`],
    ...{ bundle: true, write: false, metafile: true, format: 'esm', platform: 'node', logLevel: 'silent' },
  });
  return Object.keys(metafile.inputs);
}

it.each(['index', 'node', 'testing'])(
  'reelwire/webhooks, entry %s, brings no client and no package',
  async (entry) => {
    const inputs = await inputsOf(entry);
    expect(inputs.filter((file) => file.includes('node_modules'))).toEqual([]);
    expect(inputs.filter((file) => !/^src\/(webhooks\/|core\/|errors\.ts)/.test(file))).toEqual([]);
  },
);

it('verify.ts brings nothing but the errors and what it computes with', async () => {
  const inputs = await inputsOf('verify');
  expect(inputs.filter((file) => !file.startsWith('src/webhooks/'))).toEqual(['src/errors.ts']);
});

it('what only Node has is named in files called node.ts alone, in types too', () => {
  const files = readdirSync('src/webhooks', { recursive: true, encoding: 'utf8' });
  const naming = files.filter(
    (file) => /\.ts$/.test(file) && /['"]node:/.test(readFileSync(`src/webhooks/${file}`, 'utf8')),
  );
  expect(naming.sort()).toEqual(['crypto/node.ts', 'node.ts']);
});

it('only the adapter for Node imports of Node', async () => {
  for (const entry of ['index', 'testing', 'verify']) {
    const { outputFiles } = await build({
      entryPoints: [`src/webhooks/${entry}.ts`],
      ...{ bundle: true, write: false, format: 'esm', platform: 'browser', logLevel: 'silent' },
    });
    expect(outputFiles[0]?.text).not.toMatch(/from\s*["']node:/);
  }
});

/** The files of this room of which something is left in a bundle of one name, minified. */
async function filesIn(name: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: `export { ${name} } from './src/webhooks/index.ts'`, resolveDir: '.' },
    ...{ bundle: true, minify: true, write: false, metafile: true, format: 'esm', platform: 'browser' },
    logLevel: 'silent',
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  return inputs.flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []));
}

it.each([
  ['verifyWebhookSignature', []],
  ['createWebhookHandler', []],
  ['replicateWebhooks', ['replicate', 'signed']],
  ['openRouterWebhooks', ['open-router', 'signed']],
  ['klingWebhooks', ['kling', 'signed']],
  ['falWebhooks', ['fal']],
  ['unsignedWebhooks', ['unsigned']],
])('a bundle of %s has no source in it but what it uses', async (name, wanted) => {
  const files = await filesIn(name);
  const sources = files.flatMap((file) => /sources\/([\w-]+)\.ts$/.exec(file)?.[1] ?? []);
  expect(sources.sort()).toEqual(wanted);
  const providers = files.flatMap((file) => /core\/(replicate|open-router|fal)-/.exec(file)?.[1] ?? []);
  expect(providers).toEqual(wanted.filter((source) => /replicate|open-router|fal/.test(source)));
});
