import { setTimeout as sleep } from 'node:timers/promises';

/** workerd tells of a page that is gone with the next comment of its event stream, 15 s later at most. */
const UNTIL_MS = 30_000;

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
