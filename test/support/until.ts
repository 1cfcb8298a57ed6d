import { vi } from 'vitest';

/** Long, for the machine may be busy; nothing waits for all of it but what has failed. */
const PATIENCE_MS = 20_000;

/** Waits for something that is bound to become so. `what` is said where it does not. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = String(condition),
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so after ${PATIENCE_MS / 1_000} s: ${what}`);
    await later(5);
  }
}

/** Waits until no expectation of these fails. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: 10 });
}

/** For a time that is part of what is tested, such as how long a server is silent. Never for "by now it will have". */
export const later = (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs));
