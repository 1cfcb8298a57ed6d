import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const programPath = (name: string) => fileURLToPath(new URL(`../programs/${name}`, import.meta.url));

/** Runs a program of `programs/` to its end in a process of its own; it prints one line of JSON. */
export async function runProgram(name: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, [programPath(name), ...args]);
  return JSON.parse(stdout);
}

/** Starts a server of `programs/` in a process of its own; it sends its URL once it listens. */
export async function startProgram(name: string, ...args: string[]): Promise<Program & { url: string }> {
  const { said, ...program } = await converse(name, ...args);
  return { ...program, url: said as string };
}

export interface Program {
  /** Sends a message and waits for the answer to it. */
  ask(message: object): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a program that goes on after the first thing it says. */
export function converse(name: string, ...args: string[]): Promise<Program & { said: unknown }> {
  return converseUnder([], name, ...args);
}

/** The same, under flags of node. */
export async function converseUnder(
  flags: readonly string[],
  name: string,
  ...args: string[]
): Promise<Program & { said: unknown }> {
  const child = fork(programPath(name), args, { execArgv: ['--expose-gc', ...flags] });
  const answer = async () => ((await once(child, 'message')) as [unknown])[0];
  return {
    said: await answer(),
    ask(message) {
      child.send(message);
      return answer();
    },
    async stop() {
      child.kill();
      await once(child, 'exit');
    },
  };
}
