import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject, onTestFinished } from 'vitest';
import { createMockServer } from '../../src/mock-server/index.js';

const run = promisify(execFile);

export const applications = inject('applications');
export const tools = fileURLToPath(new URL('node_modules', import.meta.url));

/** Runs a program of Node in the folder of an application, and gives all it printed. Rejects with that where it fails. */
export async function node(
  folder: string,
  program: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { NODE_OPTIONS: _, VITEST: __, NODE_ENV: ___, ...own } = process.env;
  try {
    const { stdout, stderr } = await run(process.execPath, [program, ...args], {
      cwd: join(applications, folder),
      env: { ...own, TOOLS: tools, CI: 'true', ...env },
    });
    return `${stdout}${stderr}`;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} failed:\n${stdout}${stderr}`);
  }
}

/** A mock server whose jobs take a moment, and which pages of any origin may call. */
export async function serve(): Promise<string> {
  const server = await createMockServer({ durationMs: 1_500, allowedOrigins: ['*'] });
  onTestFinished(() => server.close());
  return server.url;
}
