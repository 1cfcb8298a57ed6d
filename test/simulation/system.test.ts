import fc from 'fast-check';
import { beforeAll, it } from 'vitest';
import { followUpPlans, gonePlans, peerPlans, plans } from './plan.js';
import { playSystem } from './system-world.js';

const RUNS = Math.ceil(Number(process.env.SIMULATION_RUNS ?? 100_000) / 10);

// It is loaded at the first event stream, in real time: the first schedule would not wait for it.
beforeAll(async () => void (await import('eventsource')));

it('reducer, runner, transports and a server together keep the same promises in every schedule', async () => {
  await fc.assert(
    fc.asyncProperty(plans, (plan) => playSystem(plan)),
    { numRuns: RUNS },
  );
});

it('and give up a job that the server has lost, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(gonePlans, (plan) => playSystem(plan)),
    { numRuns: Math.ceil(RUNS / 10) },
  );
});

it('and tell of a job that seemed to be completed what a second call says of it', async () => {
  await fc.assert(
    fc.asyncProperty(followUpPlans, (plan) => playSystem(plan)),
    { numRuns: Math.ceil(RUNS / 10) },
  );
});

it('and share with other processes who asks', async () => {
  await fc.assert(
    fc.asyncProperty(peerPlans, (plan) => playSystem(plan)),
    { numRuns: Math.ceil(RUNS / 10) },
  );
});
