import { spawn } from 'node:child_process';
import type { IPty } from '@lydell/node-pty';
import { inject, onTestFinished } from 'vitest';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';

const cli = inject('cli');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
}

function environment(env: RunOptions['env'] = {}): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    TERM: 'xterm-256color',
    ...env,
  };
}

export interface Running {
  /** Resolves with what was written so far, once it matches. */
  until(pattern: RegExp): Promise<string>;
  interrupt(signal?: NodeJS.Signals): void;
  /** As `head` does once it has enough. */
  stopReading(): void;
  readonly ended: Promise<Outcome>;
}

/** The command as another program runs it: pipes, no terminal. */
export function start(args: readonly string[], { env, cwd, input }: RunOptions = {}): Running {
  const child = spawn(process.execPath, [cli, ...args], { env: environment(env), cwd });
  onTestFinished(() => void child.kill('SIGKILL'));
  const chunks: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  const text = (name: 'stdout' | 'stderr') => Buffer.concat(chunks[name]).toString('latin1');
  const reader = watched();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      chunks[name].push(chunk);
      reader.changed(text('stdout') + text('stderr'));
    });
  }
  child.stdin.on('error', () => {}); // It may end before it has read all.
  child.stdin.end(input);
  const ended = new Promise<Outcome>((resolve) => {
    child.on('close', (code) =>
      resolve({
        code,
        stdout: Buffer.concat(chunks.stdout).toString(),
        stderr: Buffer.concat(chunks.stderr).toString(),
      }),
    );
  });
  return {
    until: reader.until,
    interrupt: (signal = 'SIGINT') => void child.kill(signal),
    stopReading: () => void child.stdout.destroy(),
    ended,
  };
}

export function run(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return start(args, options).ended;
}

export interface TerminalRun {
  until(pattern: RegExp): Promise<string>;
  type(keys: string): void;
  /** Everything written to the terminal, and the exit code. */
  readonly ended: Promise<{ readonly code: number; readonly text: string }>;
}

/** The command as a person runs it: in a terminal of 80 columns. */
export async function startInTerminal(
  args: readonly string[],
  options: RunOptions = {},
): Promise<TerminalRun> {
  const { spawn: spawnInTerminal } = await import('@lydell/node-pty').catch((error: unknown) => {
    throw new Error(
      'no pseudo-terminal: @lydell/node-pty has no binary for this system; install without --omit=optional',
      { cause: error },
    );
  });
  const { cwd, env } = options;
  const terminal: IPty = spawnInTerminal(process.execPath, [cli, ...args], {
    cols: 80,
    rows: 24,
    env: environment(env),
    ...(cwd !== undefined && { cwd }),
  });
  const reader = watched();
  let text = '';
  terminal.onData((data) => {
    text += data;
    reader.changed(text);
  });
  let over = false;
  onTestFinished(() => {
    if (!over) terminal.kill('SIGKILL');
  });
  const ended = new Promise<{ code: number; text: string }>((resolve) => {
    terminal.onExit(({ exitCode }) => {
      over = true;
      resolve({ code: exitCode, text });
    });
  });
  return { until: reader.until, type: (keys) => terminal.write(keys), ended };
}

function watched() {
  let text = '';
  const waiting = new Set<() => void>();
  return {
    changed(all: string) {
      text = all;
      for (const look of waiting) look();
    },
    until: (pattern: RegExp) =>
      new Promise<string>((resolve) => {
        const look = () => {
          if (!pattern.test(text)) return;
          waiting.delete(look);
          resolve(text);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** A server that ends with the test, and the environment that leads to it. */
export async function startServer(
  options: MockServerOptions = {},
): Promise<{ server: MockServer; env: Record<string, string> }> {
  const server = await createMockServer({ durationMs: 300, ...options });
  onTestFinished(() => server.close());
  return { server, env: { REELWIRE_BASE_URL: server.url } };
}

export function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
