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
export async function startProgram(
  name: string,
  ...args: string[]
): Promise<{ url: string; stop(): Promise<void> }> {
  const child = fork(programPath(name), args, { execArgv: [] });
  const [url] = (await once(child, 'message')) as [string];
  return {
    url,
    async stop() {
      child.kill();
      await once(child, 'exit');
    },
  };
}
