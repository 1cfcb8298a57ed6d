import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { buildProgram } from '../../support/build-program.js';

const file = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const loader = new URL('../../../node_modules/tsx/dist/loader.mjs', import.meta.url).href;

export interface Example {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

const built = new Map<string, readonly string[]>();

/** What Node is told to run it. Built once: one that is started again and again need not be compiled each time. */
function programOf(path: string): readonly string[] {
  const source = file(`examples/${path}`);
  // What serves the files beside it is run where it is.
  if (readFileSync(source, 'utf8').includes('import.meta.url')) return ['--import', loader, source];
  const made = built.get(path) ?? build(path);
  built.set(path, made);
  return made;
}

function build(path: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'reelwire-example-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return [buildProgram(new URL(`../../../examples/${path}`, import.meta.url), folder)];
}

/** Starts an example in a process of its own, as a user would. It ends with the test, where nobody says otherwise. */
export function startExample(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  atTheEnd: (kill: () => void) => void = onTestFinished,
): Example {
  const child = spawn(process.execPath, [...programOf(path), ...args], {
    env: { PATH: process.env.PATH, TSX_TSCONFIG_PATH: file('tsconfig.json'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  atTheEnd(() => void child.kill('SIGKILL'));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ended = Promise.all([code, text(child.stdout), text(child.stderr)]);
  return { child, ended: ended.then(([code, stdout, stderr]) => ({ code, stdout, stderr })) };
}
