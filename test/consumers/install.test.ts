import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { npm } from '../support/tarball.js';
import { PEERS, TYPESCRIPTS, titleOf } from './matrix.js';
import { applications, node, tools } from './tools.js';

describe(titleOf('npm'), () => {
  it.each(PEERS)(
    'installs the package beside $name $range, which stays as it is',
    ({ name, range, kept }) => {
      const folder = join(applications, `beside-${name}-${range.replaceAll(/\W/g, '')}`);
      mkdirSync(folder);
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { [name]: range } }));
      const install = [
        'install',
        '--package-lock-only',
        '--ignore-scripts',
        '--prefer-offline',
        '--no-audit',
      ];
      npm(folder, ...install);
      npm(folder, ...install, inject('tarball'));
      const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
        packages: Record<string, { version: string }>;
      };
      expect(lock.packages['node_modules/reelwire']).toBeDefined();
      expect(lock.packages[`node_modules/${name}`]?.version).toMatch(kept);
    },
  );
});

describe(titleOf('yarn'), () => {
  const folder = join(applications, 'pnp');

  beforeAll(() => {
    const reelwire = `file:${inject('tarball')}`;
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'pnp', private: true, dependencies: { reelwire } }),
    );
    // A project of its own, which shares nothing with the folders above it.
    writeFileSync(join(folder, 'yarn.lock'), '');
    const settings = { nodeLinker: 'pnp', enableGlobalCache: false, enableTelemetry: false };
    writeFileSync(join(folder, '.yarnrc.yml'), JSON.stringify(settings));
    execFileSync(process.execPath, [join(tools, '@yarnpkg/cli-dist/bin/yarn.js'), 'install'], {
      cwd: folder,
      env: {
        ...process.env,
        CI: '',
        YARN_ENABLE_IMMUTABLE_INSTALLS: '0',
        YARN_NPM_REGISTRY_SERVER: npm(folder, 'config', 'get', 'registry').trim(),
      },
      stdio: 'pipe',
    });
  }, 120_000);

  it.each(['esm', 'cjs'])('keeps records of jobs, follows and saves, loaded as %s', async (format) => {
    const pnp = ['-r', './.pnp.cjs', '--loader', './.pnp.loader.mjs'];
    const printed = await node('pnp', './main.mjs', [format], { NODE_OPTIONS: pnp.join(' ') });
    const transports = ['websocket', 'sse', 'polling'];
    expect(JSON.parse(printed.split('\n').find((line) => line.startsWith('{')) ?? '')).toEqual({
      saved: transports,
      resumed: transports,
    });
  });
});

describe(titleOf('typescript'), () => {
  const PAGE = [
    '',
    '/backends',
    '/jobs',
    '/jobs/testing',
    '/react',
    '/relay',
    '/webhooks',
    '/webhooks/testing',
  ];
  const SERVER = ['/jobs/node', '/mock-server', '/relay/node', '/webhooks/node'];

  const program = (subpaths: readonly string[]) =>
    subpaths.map((subpath, index) => `export * as entry${index} from 'reelwire${subpath}';`).join('\n');
  /** What the types say of the bytes of a download is a `Uint8Array`, and no `any`. */
  const bytes = `import type { VideoDownload } from 'reelwire';
    export const bytes = (download: VideoDownload): Promise<Uint8Array> => download.bytes();
    // @ts-expect-error it is not any
    export const text = (download: VideoDownload): Promise<string> => download.bytes();\n`;

  it.each(TYPESCRIPTS)(
    '%s takes the declarations, of pages without the types of Node, with lib ES2022 and DOM',
    async (version) => {
      for (const [kind, types, text] of [
        ['page', [], bytes + program(PAGE)],
        ['server', ['node'], program(SERVER)],
      ] as const) {
        const folder = `typescript-${version}-${kind}`;
        mkdirSync(join(applications, folder));
        writeFileSync(join(applications, folder, 'main.ts'), text);
        const compilerOptions = {
          ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: false, types },
          ...{ target: 'es2022', lib: ['es2022', 'dom'], module: 'esnext', moduleResolution: 'bundler' },
        };
        const config = { compilerOptions, files: ['main.ts'] };
        writeFileSync(join(applications, folder, 'tsconfig.json'), JSON.stringify(config));
        expect(await node(folder, join(tools, `typescript-${version}/bin/tsc`), ['-p', '.'])).toBe('');
      }
    },
  );
});
