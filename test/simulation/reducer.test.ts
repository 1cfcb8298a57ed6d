import fc from 'fast-check';
import { expect, it } from 'vitest';
import { followUpPlans, garbledPlans, gonePlans, peerPlans, plans } from './plan.js';
import { playReducer } from './reducer-world.js';
import { END_BOUND_MS } from './witness.js';

const RUNS = Number(process.env.SIMULATION_RUNS ?? 100_000);

it('the bound on the end being told is what the README says', () => {
  expect(END_BOUND_MS).toBe(10_000 + 30_000 + 7_000 + 800);
});

it('in every schedule each end is told once and in time, nothing moves back, nothing is left, and there is no storm', () => {
  fc.assert(
    fc.property(plans, (plan) => playReducer(plan)),
    { numRuns: RUNS },
  );
});

it('an end that comes in a frame that nobody can read is told as if the job were polled', () => {
  fc.assert(
    fc.property(garbledPlans, (plan) => playReducer(plan)),
    { numRuns: RUNS / 10 },
  );
});

it('a job that the server has lost is given up in time, one that nobody knew sooner, and no other with it', () => {
  fc.assert(
    fc.property(gonePlans, (plan) => playReducer(plan)),
    { numRuns: RUNS / 10 },
  );
});

it('what a second call says of a job that seemed to be completed is what is told of it, and not before', () => {
  fc.assert(
    fc.property(followUpPlans, (plan) => playReducer(plan)),
    { numRuns: RUNS / 10 },
  );
});

it('a job that several processes follow is told in time by each, whoever of them asks', () => {
  fc.assert(
    fc.property(peerPlans, (plan) => playReducer(plan)),
    { numRuns: RUNS / 10 },
  );
});
