import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { compile, MODULE_KINDS } from './compile.js';

const consumers = inject('consumers');
const run = promisify(execFile);
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

describe.each([
  { major: 18, react: 'react18', reactDom: 'react-dom18' },
  { major: 19, react: 'react', reactDom: 'react-dom' },
])('an application of React $major', ({ major, react, reactDom }) => {
  const application = join(consumers, `react-${major}`);

  /** Copies, not links: whoever asks for React from within one gets this one. */
  beforeAll(async () => {
    const own = join(application, 'node_modules');
    await cp(join(consumers, 'react'), application, { recursive: true });
    await cp(join(consumers, 'node_modules/reelwire'), join(own, 'reelwire'), { recursive: true });
    await cp(join(modules, react), join(own, 'react'), { recursive: true });
    await cp(join(modules, reactDom), join(own, 'react-dom'), { recursive: true });
  });

  it.each(['main.mjs', 'main.cjs'])(
    'renders the hooks on a server, %s, sends nothing, and exits',
    async (program) => {
      const { stdout, stderr } = await run(process.execPath, [join(application, program)]);
      expect(JSON.parse(stdout)).toEqual({
        version: expect.stringMatching(new RegExp(`^${major}\\.`)),
        html: '<p>job-1: 0 known, generate is a function</p>',
        requests: 0,
      });
      expect(stderr).toBe('');
    },
  );
});

describe('a component written in TypeScript', () => {
  it.each(MODULE_KINDS)(
    'compiles strictly with module resolution %s, in a package of %s',
    async (resolution, kind) => {
      const folder = join(consumers, `react-types/${resolution}-${kind}`);
      await mkdir(join(folder, 'node_modules/@types'), { recursive: true });
      await symlink(join(modules, '@types/react'), join(folder, 'node_modules/@types/react'), 'dir');
      await copyFile(join(consumers, kind, 'package.json'), join(folder, 'package.json'));
      await copyFile(join(consumers, 'react/component.tsx'), join(folder, 'component.tsx'));
      expect(await compile(folder, 'component.tsx', resolution, '--jsx react-jsx --types react')).toBe('');
    },
  );

  it('takes our declarations with the types of React 18 as of 19, for they name none', async () => {
    const declarations = inject('packedFiles').filter((file) => /^dist\/\w+\/react\/.*\.d\.c?ts$/.test(file));
    // The ESM entry, which holds all, and the CommonJS files.
    expect(declarations.length).toBeGreaterThan(3);
    for (const file of declarations) {
      const text = await readFile(join(consumers, 'node_modules/reelwire', file), 'utf8');
      expect(text, file).not.toMatch(/from ['"]react|\bReact\b\.|\bJSX\b/);
    }
  });
});
