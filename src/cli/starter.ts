import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const EVERY_MS = 1_000;
/** From here over a shell to npm. */
const MAX_STEPS = 3;
const RUNNER = /^(?:\S*\/)?(?:npm|npx|pnpm|yarn)\b|\b(?:npm|npx)-cli\b|\/(?:pnpm|yarn)[\w.]*( |$)/;

/** A process, and the one that it belongs to until that ends: then the system gives it to another. */
type Link = readonly [pid: number, parent: number];

/**
 * Resolves when the process that started this one has ended: the shell of a script, a test runner, npm. One that had
 * ended before, as in `(reelwire mock &)`, is not waited for.
 */
export async function starterEnds(links: readonly Link[], signal: AbortSignal): Promise<void> {
  for (;;) {
    await delay(EVERY_MS, undefined, { ref: false, signal }).catch(() => {});
    if (signal.aborted) return;
    const parents = await Promise.all(links.map(([pid]) => parentOf(pid)));
    if (parents.some((parent, index) => parent !== links[index]?.[1])) return;
    if (!isThere(process.ppid)) return;
  }
}

/** npm runs a command in a shell of its own, which outlives it; and npm outlives the script that it was started by. */
export async function linksToStarter(): Promise<readonly Link[]> {
  const own: Link = [process.pid, process.ppid];
  const links = [own];
  for (let [, pid] = own; links.length <= MAX_STEPS && pid > 1; ) {
    const [command, parent] = await Promise.all([commandOf(pid), parentOf(pid)]);
    if (command === undefined || parent === undefined) break;
    links.push([pid, parent]);
    if (RUNNER.test(command)) return links;
    pid = parent;
  }
  return [own];
}

async function parentOf(pid: number): Promise<number | undefined> {
  if (pid === process.pid) return process.ppid;
  // Behind the name, which may hold anything: the state, and the parent.
  const stat = /^.*\) \S (\d+)/s.exec(await contentOf(pid, 'stat'))?.[1];
  return Number(stat ?? (await askPs(pid, 'ppid'))) || undefined;
}

async function commandOf(pid: number): Promise<string | undefined> {
  const words = (await contentOf(pid, 'cmdline')).replaceAll('\0', ' ').trim();
  return words || (await askPs(pid, 'args'));
}

function contentOf(pid: number, name: string): Promise<string> {
  return readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
}

/** Where there is no /proc, as on macOS. */
async function askPs(pid: number, what: string): Promise<string | undefined> {
  if (process.platform === 'win32' || process.platform === 'linux') return undefined;
  const asked = promisify(execFile)('ps', ['-o', `${what}=`, '-p', String(pid)]);
  return (await asked.catch(() => undefined))?.stdout.trim() || undefined;
}

/** Windows gives nobody another parent. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
