import { execFile } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createMockServer } from '../../src/mock-server/index.js';
import { compile, MODULE_KINDS } from './compile.js';

const consumers = inject('consumers');
const run = promisify(execFile);

describe.each(['esm', 'cjs'])('an application of %s modules', (kind) => {
  it('generates, follows and saves a video, and exits', async () => {
    const { stdout, stderr } = await run(process.execPath, [join(consumers, kind, 'main.js')]);
    expect(JSON.parse(stdout)).toEqual({ status: 'completed', saved: true });
    expect(stderr).toBe('');
  });

  it('has one class of each error, whichever subpath it comes from', async () => {
    const { stdout } = await run(process.execPath, [join(consumers, kind, 'classes.js')]);
    expect(JSON.parse(stdout)).toEqual({ shared: true, thrown: true });
  });

  it('reads in a stack the names that functions have in the sources', async () => {
    const load = kind === 'esm' ? "await import('reelwire')" : "require('reelwire')";
    const program = `const { VideoClient } = ${load}; try { new VideoClient({}) } catch (e) { console.log(e.stack) }`;
    const type = kind === 'esm' ? 'module' : 'commonjs';
    const { stdout } = await run(process.execPath, [`--input-type=${type}`, '--eval', program], {
      cwd: join(consumers, kind),
    });
    expect(stdout).toMatch(/ConfigurationError: baseUrl [\s\S]* at resolveOptions \(.*reelwire\/dist\//);
  });
});

describe('an application written in TypeScript', () => {
  it.each(MODULE_KINDS)(
    'compiles strictly with module resolution %s, in a package of %s',
    async (resolution, kind) => {
      const folder = join(consumers, 'typescript', `${resolution}-${kind}`);
      await mkdir(folder, { recursive: true });
      await copyFile(join(consumers, kind, 'package.json'), join(folder, 'package.json'));
      await copyFile(join(consumers, 'typescript/main.ts'), join(folder, 'main.ts'));
      expect(await compile(folder, 'main.ts', resolution, '--types node')).toBe('');
    },
  );
});

describe('tests with msw written in TypeScript', () => {
  it.each(MODULE_KINDS)('compile with module resolution %s, in a package of %s', async (resolution, kind) => {
    const folder = join(consumers, 'typescript', `msw-${resolution}-${kind}`);
    await mkdir(join(folder, 'node_modules'), { recursive: true });
    await symlink(resolve('node_modules/msw'), join(folder, 'node_modules/msw'), 'dir');
    await copyFile(join(consumers, kind, 'package.json'), join(folder, 'package.json'));
    const program = `import { setupServer } from 'msw/node';
      import { createMockHandlers } from 'reelwire/mock-server/msw';
      setupServer(...createMockHandlers().handlers).listen();`;
    await writeFile(join(folder, 'main.ts'), program);
    const said = await compile(folder, 'main.ts', resolution, '--types node --skipLibCheck');
    expect(said).toBe('');
  });
});

describe('an application bundled for browsers', () => {
  async function bundle(): Promise<{ file: string; imports: string[]; parts: string[] }> {
    const file = join(consumers, 'browser/bundle.mjs');
    const { metafile } = await build({
      entryPoints: [join(consumers, 'browser/main.js')],
      outfile: file,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      metafile: true,
    });
    const inputs = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
    const [output] = Object.values(metafile.outputs);
    return {
      file,
      imports: inputs.filter(({ external }) => external).map(({ path }) => path),
      parts: Object.entries(output?.inputs ?? {}).flatMap(([path, part]) =>
        part.bytesInOutput > 0 ? [path] : [],
      ),
    };
  }

  it('imports nothing that a browser has not', async () => {
    expect((await bundle()).imports).toEqual([]);
  });

  it('holds no zod where it uses the default backend alone', async () => {
    const { parts } = await bundle();
    expect(parts).toContainEqual(expect.stringContaining('node_modules/eventsource/'));
    expect(parts).not.toContainEqual(expect.stringContaining('node_modules/zod/'));
  });

  it('generates, follows and downloads with web standards alone', async () => {
    const server = await createMockServer({ durationMs: 50 });
    onTestFinished(() => server.close());
    const { file } = await bundle();
    const { watch } = (await import(pathToFileURL(file).href)) as {
      watch(baseUrl: string): Promise<unknown>;
    };
    await expect(watch(server.url)).resolves.toEqual({
      status: 'completed',
      downloaded: true,
      refused: true,
    });
  });
});
