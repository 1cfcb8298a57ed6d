import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MUTANTS } from './mutants.js';
import { portOf, type Scenario, type Wrap } from './scenarios.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'], now: 1_800_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Plays it to its end, a minute of its time at most. */
async function play(scenario: Scenario, wrap: Wrap): Promise<string | undefined> {
  let result: { readonly found: string | undefined } | undefined;
  scenario(wrap).then(
    (found) => {
      result = { found };
    },
    (error: unknown) => {
      result = { found: `threw ${String(error)}` };
    },
  );
  for (let steps = 0; result === undefined && steps < 600; steps++) await vi.advanceTimersByTimeAsync(100);
  return result === undefined ? 'it never ended' : result.found;
}

describe('where it is broken that', () => {
  it.each(MUTANTS)('$breaks, that shows', async ({ scenario, wrap, foundBy }) => {
    expect(await play(scenario, wrap)).toMatch(foundBy);
    expect(await play(scenario, portOf)).toBeUndefined();
  });
});
