import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { mockMedia } from '../../src/mock-server/index.js';
import { temporaryFolder } from './client/support.js';

const run = promisify(execFile);
const main = new URL('../../examples/demo/main.ts', import.meta.url).pathname;
const tsx = new URL('../../node_modules/.bin/tsx', import.meta.url).pathname;
const tsconfig = new URL('../../tsconfig.json', import.meta.url).pathname;

it('the demo goes from an empty folder to a playable video, and ends by itself within ten seconds', async () => {
  const folder = await temporaryFolder();
  const { stdout } = await run(tsx, ['--tsconfig', tsconfig, main], { cwd: folder, timeout: 10_000 });
  const saved = /^Saved (\S+): 5 s of video, (\d+) bytes$/m.exec(stdout);
  expect(saved).not.toBeNull();
  expect(stdout).toMatch(/^processing 50 %$/m);
  expect(stdout).not.toContain('\u001b');
  const file = await readFile(join(folder, saved?.[1] ?? ''));
  expect(new Uint8Array(file)).toEqual(new Uint8Array(mockMedia('video')));
});
