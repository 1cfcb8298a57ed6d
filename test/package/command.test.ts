import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it, onTestFinished } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { createMockServer, mockMedia } from '../../src/mock-server/index.js';

const run = promisify(execFile);
const command = join(inject('consumers'), 'node_modules/.bin/reelwire');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

it('is installed with the package, and knows its version', async () => {
  const { stdout } = await run(command, ['--version']);
  expect(stdout.trim()).toBe(manifest.version);
});

it('generates, follows and saves a video', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reelwire-command-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const server = await createMockServer({ durationMs: 100 });
  onTestFinished(() => server.close());
  const file = join(folder, 'out.mp4');
  await run(command, ['generate', 'Explain blockchain', '--base-url', server.url, '-o', file]);
  expect(sha256(await readFile(file))).toBe(sha256(mockMedia()));
});
