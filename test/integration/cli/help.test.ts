import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { run } from './support.js';

it.each([
  'generate',
  'watch',
  'status',
  'cancel',
  'download',
  'list',
  'resume',
  'jobs',
  'jobs list',
  'jobs forget',
  'jobs adopt',
  'doctor',
  'mock',
  'relay',
  'webhook',
  'webhook send',
  'webhook verify',
])('%s --help has an example', async (command) => {
  const { code, stdout } = await run([...command.split(' '), '--help']);
  expect(stdout).toMatch(new RegExp(`^Examples?:\\n {2}\\$ .*reelwire ${command}`, 'm'));
  expect(code).toBe(0);
});

it('--help documents every exit code and variable', async () => {
  const { stdout } = await run(['--help']);
  for (const code of [0, 1, 2, 3, 4, 130, 143]) expect(stdout).toMatch(new RegExp(`^ {2}${code} `, 'm'));
  for (const name of ['BASE_URL', 'TOKEN', 'WEBHOOK_SECRET', 'LOG'])
    expect(stdout).toContain(`REELWIRE_${name}`);
  expect(stdout).toContain('NO_COLOR');
});

it('--version is the version of the package', async () => {
  const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});
