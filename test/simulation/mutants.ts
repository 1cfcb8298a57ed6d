import { step } from '../../src/core/follow.js';
import { schedule } from '../../src/core/follow-jobs.js';
import type { FollowEffect, FollowSignal, FollowState } from '../../src/core/follow-model.js';
import type { Step } from './reducer-world.js';

export interface Mutant {
  readonly breaks: string;
  /** What the simulation says of it. */
  readonly foundBy: RegExp;
  readonly step: Step;
}

/**
 * Reducers that break one rule each, made by changing what goes into the real one, what comes out of it, or its
 * state afterwards. The simulation has to find out every one of them.
 */
export const MUTANTS: readonly Mutant[] = [
  {
    breaks: 'rule 1: the status is not asked when a job is followed',
    foundBy: /first snapshot/,
    step: (state, signal) =>
      signal.type === 'follow' ? stepWithoutAsks(state, signal) : step(state, signal),
  },
  {
    breaks: 'rule 3: the status is not asked when a stream has opened',
    foundBy: /ended in the gap/,
    step: (state, signal) =>
      signal.type === 'opened' ? stepWithoutAsks(state, signal) : step(state, signal),
  },
  {
    breaks: 'rule 4: an open stream is believed however long it is silent',
    foundBy: /never told|too late/,
    step: (state, signal) => {
      for (const job of state.jobs.values()) {
        if (job.servedBy !== 0 && job.trouble === undefined) job.heardAt = state.now;
      }
      return step(state, signal);
    },
  },
  {
    breaks: 'rule 4: a stream that lied is kept',
    foundBy: /not pushed/,
    step: (state, signal) => {
      for (const job of state.jobs.values()) job.judging = 0;
      return step(state, signal);
    },
  },
  {
    breaks: 'rule 7: each job opens a connection of its own',
    foundBy: /two connections/,
    step: (state, signal) =>
      step(state, signal).map((effect) =>
        effect.type === 'subscribe'
          ? {
              type: 'connect',
              stream: effect.stream,
              connection: state.streams[effect.stream].connection,
              jobIds: [effect.jobId],
            }
          : effect,
      ),
  },
  {
    breaks: 'rule 7: a job followed later is not carried',
    foundBy: /not pushed/,
    step: (state, signal) => step(state, signal).filter(({ type }) => type !== 'subscribe'),
  },
  {
    breaks: 'rule 9: what was known is forgotten with each frame',
    foundBy: /fell|moved back/,
    step: (state, signal) => {
      for (const job of state.jobs.values()) job.snapshot = undefined;
      return step(state, signal);
    },
  },
  {
    breaks: 'rule 9: the end is told for each frame that says it',
    foundBy: /after its end/,
    step: (() => {
      const ends = new WeakMap<FollowState, FollowEffect>();
      return (state, signal) => {
        const effects = step(state, signal);
        const end = effects.find(
          (effect) => effect.type === 'update' && effect.snapshot.status === 'completed',
        );
        if (end !== undefined) ends.set(state, end);
        const again = signal.type === 'said' || signal.type === 'answered' ? ends.get(state) : undefined;
        return again === undefined || again === end ? effects : [...effects, again];
      };
    })(),
  },
  {
    breaks: 'rule 10: the sockets stay open after the last job',
    foundBy: /a connection is left/,
    step: (state, signal) => {
      const effects = step(state, signal);
      return state.jobs.size > 0 ? effects : effects.filter(({ type }) => type !== 'close');
    },
  },
];

/** As if the reducer had not asked, and had left it to the next deadline. */
function stepWithoutAsks(state: FollowState, signal: FollowSignal): FollowEffect[] {
  const asking = new Set([...state.jobs.values()].filter((job) => job.asking));
  return step(state, signal).filter((effect) => {
    const job = effect.type === 'ask' ? state.jobs.get(effect.jobId) : undefined;
    if (job === undefined) return true;
    job.reconciled = job.servedBy;
    if (asking.has(job)) return false;
    job.asking = false;
    job.heardAt = state.now;
    schedule(state, job);
    return false;
  });
}

/** What a mutant puts off has to come to its time all the same. */
export function playable(mutant: Step): Step {
  return (state: FollowState, signal: FollowSignal) => {
    const effects = mutant(state, signal);
    const next = Math.min(state.deadlines.first?.dueAt ?? Number.POSITIVE_INFINITY, state.streamsDueAt);
    if (next >= state.timerAt) return effects;
    state.timerAt = next;
    return [...effects, { type: 'timer', delayMs: Math.max(0, Math.ceil(next - state.now)) }];
  };
}
