import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { step } from '../../src/core/follow.js';
import { CALL_MUTANTS, MUTANTS, playable } from './mutants.js';
import { type Plan, plans } from './plan.js';
import { playReducer } from './reducer-world.js';
import { playSystem } from './system-world.js';

describe('the simulation finds out a reducer that breaks', () => {
  it.each(MUTANTS)('$breaks', ({ step: mutant, foundBy, plans: shownBy = plans }) => {
    const result = fc.check(
      fc.property(shownBy, (plan) => playReducer(plan, playable(mutant))),
      { numRuns: 20_000, endOnFailure: true, seed: 1 },
    );
    expect(String(result.errorInstance)).toMatch(foundBy);
  });
});

describe('the simulation finds out status calls that break', () => {
  it.each(CALL_MUTANTS)('$breaks', async ({ make, plans: polled, foundBy }) => {
    const check = (play: (plan: Plan) => Promise<void>) =>
      fc.check(fc.asyncProperty(polled, play), { numRuns: 500, endOnFailure: true, seed: 1 });
    expect(String((await check((plan) => playSystem(plan, make))).errorInstance)).toMatch(foundBy);
    expect((await check((plan) => playSystem(plan))).errorInstance).toBeNull();
  });
});

it('and lets one pass that breaks none', () => {
  const result = fc.check(
    fc.property(plans, (plan) => playReducer(plan, playable(step))),
    { numRuns: 2_000 },
  );
  expect(fc.defaultReportMessage(result) ?? '').toBe('');
});
