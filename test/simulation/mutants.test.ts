import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { step } from '../../src/core/follow.js';
import { MUTANTS, playable } from './mutants.js';
import { plans } from './plan.js';
import { playReducer } from './reducer-world.js';

describe('the simulation finds out a reducer that breaks', () => {
  test.each(MUTANTS)('$breaks', ({ step: mutant, foundBy }) => {
    const result = fc.check(
      fc.property(plans, (plan) => playReducer(plan, playable(mutant))),
      { numRuns: 20_000, endOnFailure: true, seed: 1 },
    );
    expect(String(result.errorInstance)).toMatch(foundBy);
  });
});

test('and lets one pass that breaks none', () => {
  const result = fc.check(
    fc.property(plans, (plan) => playReducer(plan, playable(step))),
    { numRuns: 2_000 },
  );
  expect(fc.defaultReportMessage(result) ?? '').toBe('');
});
