import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const file = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const loader = new URL('../../../node_modules/tsx/dist/loader.mjs', import.meta.url).href;

export interface Example {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** Starts an example in a process of its own, as a user would. It ends with the test, where nobody says otherwise. */
export function startExample(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  atTheEnd: (kill: () => void) => void = onTestFinished,
): Example {
  const child = spawn(process.execPath, ['--import', loader, file(`examples/${path}`), ...args], {
    env: { PATH: process.env.PATH, TSX_TSCONFIG_PATH: file('tsconfig.json'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  atTheEnd(() => void child.kill('SIGKILL'));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ended = Promise.all([code, text(child.stdout), text(child.stderr)]);
  return { child, ended: ended.then(([code, stdout, stderr]) => ({ code, stdout, stderr })) };
}
