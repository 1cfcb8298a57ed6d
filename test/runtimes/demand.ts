import { setTimeout as sleep } from 'node:timers/promises';

/** workerd tells of a page that is gone only when something is written to its event stream: a comment each 15 s, of which
 * the first may still find room. */
const UNTIL_MS = 60_000;

export function demand(holds: boolean, problem: string): void {
  if (!holds) throw new Error(problem);
}

/** Rejects where it does not come to hold. */
export async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + UNTIL_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it never came to be that ${what}`);
    await sleep(20);
  }
}
