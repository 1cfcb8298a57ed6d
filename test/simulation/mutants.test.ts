import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { step } from '../../src/core/follow.js';
import { MUTANTS, playable } from './mutants.js';
import { plans } from './plan.js';
import { playReducer } from './reducer-world.js';

describe('the simulation finds out a reducer that breaks', () => {
  test.each(Object.entries(MUTANTS))('%s', (_, mutant) => {
    const result = fc.check(
      fc.property(plans, (plan) => playReducer(plan, playable(mutant))),
      { numRuns: 20_000, endOnFailure: true, seed: 1 },
    );
    expect(result.failed).toBe(true);
    console.log(_, result.numRuns, String(result.errorInstance));
  });
});

test('and lets one pass that breaks none', () => {
  const result = fc.check(
    fc.property(plans, (plan) => playReducer(plan, playable(step))),
    { numRuns: 2_000 },
  );
  expect(fc.defaultReportMessage(result) ?? '').toBe('');
});
