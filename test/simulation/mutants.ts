import type { Arbitrary } from 'fast-check';
import { step } from '../../src/core/follow.js';
import { schedule } from '../../src/core/follow-jobs.js';
import type { CallStanding, FollowEffect, FollowEvent } from '../../src/core/follow-model.js';
import type { FollowState } from '../../src/core/follow-state.js';
import type { JobUpdate } from '../../src/core/model.js';
import { ApiError } from '../../src/errors.js';
import { StatusCalls, type StatusCallsDeps } from '../../src/transports/status-calls.js';
import type { VirtualClock } from './clock.js';
import { crowdPlans, followUpPlans, garbledPlans, gonePlans, type Plan, peerPlans, plansOf } from './plan.js';
import type { Step } from './reducer-world.js';

export interface Mutant {
  readonly breaks: string;
  /** What the simulation says of it. */
  readonly foundBy: RegExp;
  readonly step: Step;
  /** Where it shows in schedules of one kind only. */
  readonly plans?: Arbitrary<Plan>;
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
        if ((job.service?.connection ?? 0) !== 0 && job.trouble === undefined) job.heardAt = state.now;
      }
      return step(state, signal);
    },
  },
  {
    breaks: 'rule 4: a stream that lied is kept',
    foundBy: /not pushed/,
    step: (state, signal) => {
      for (const { service } of state.jobs.values()) if (service) service.judging = false;
      return step(state, signal);
    },
  },
  {
    breaks: 'rule 4: a frame that cannot be read proves the stream',
    foundBy: /nobody can read/,
    plans: garbledPlans,
    step: (state, signal) =>
      step(
        state,
        signal.type === 'said' && signal.message.type === 'problem'
          ? { ...signal, message: { type: 'control' } }
          : signal,
      ),
  },
  {
    breaks: 'rule 6: what failed is tried again at once',
    foundBy: /connects, of/,
    step: (state, signal) => {
      for (const stream of Object.values(state.streams)) stream.retryAt = Number.NEGATIVE_INFINITY;
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
  {
    breaks: 'rule 11: a refusal ends a job that was known',
    foundBy: /was given up/,
    step: (state, signal) => {
      const job = signal.type === 'refused' ? state.jobs.get(signal.jobId) : undefined;
      if (job?.trouble !== undefined) job.trouble.refusedMs = Number.POSITIVE_INFINITY;
      return step(state, signal);
    },
  },
  {
    breaks: 'rule 11: a job that is gone is followed for ever',
    foundBy: /never given up/,
    plans: gonePlans,
    step: (state, signal) => {
      for (const { trouble } of state.jobs.values()) {
        if (trouble !== undefined) trouble.refusedMs = 0;
      }
      return step(state, signal);
    },
  },
  {
    breaks: 'rule 11: an id that nobody knew is followed as one that was',
    foundBy: /never given up/,
    plans: gonePlans,
    step: (state, signal) => {
      for (const { trouble } of state.jobs.values()) {
        if (trouble !== undefined) trouble.refusals = 0;
      }
      return step(state, signal);
    },
  },
  {
    breaks: 'rule 11: each refusal is warned about',
    foundBy: /warned of refusals/,
    step: (state, signal) => {
      for (const job of state.jobs.values()) job.refusalWarned = false;
      return step(state, signal);
    },
  },
  {
    breaks: 'rule 13: waits are on the clock of the machine',
    foundBy: /given up early/,
    plans: gonePlans,
    step: (state, signal) => step(state, { ...signal, now: signal.wallNow }),
  },
  {
    breaks: 'rule 11: polling is told to serve while nothing answers',
    foundBy: /nothing answers/,
    step: (state, signal) => {
      for (const job of state.jobs.values()) job.answers = true;
      return step(state, signal);
    },
  },
  {
    breaks: 'rule 9: a failure is told without waiting for its reason',
    foundBy: /not why/,
    step: (state, signal) =>
      step(
        state,
        signal.type === 'said' &&
          signal.message.type === 'update' &&
          signal.message.update.status === 'failed'
          ? {
              ...signal,
              message: { type: 'update', update: { error: 'unknown', ...told(signal.message.update) } },
            }
          : signal,
      ),
  },
  {
    breaks: 'rule 4: a stream is to have said what only a second call knows',
    foundBy: /accused of what a second call told/,
    plans: followUpPlans,
    step: (state, signal) =>
      step(
        state,
        signal.type === 'answered'
          ? { ...signal, update: { ...signal.update, isFollowUp: undefined } }
          : signal,
      ),
  },
  {
    breaks: 'rule 7: a job whose own stream has ended is taken to be carried by it',
    foundBy: /ended in the gap/,
    plans: followUpPlans,
    step: (state, signal) => (signal.type === 'dropped' ? [] : step(state, signal)),
  },
  {
    breaks: 'a stream that says to ask is not listened to',
    foundBy: /not pushed/,
    plans: followUpPlans,
    step: (state, signal) =>
      step(
        state,
        signal.type === 'said' && signal.message.type === 'ask'
          ? { ...signal, message: { type: 'control' } }
          : signal,
      ),
  },
  {
    breaks: 'rule 5: the second call is made again only after a silence',
    foundBy: /not yet/,
    plans: followUpPlans,
    step: (state, signal) =>
      step(
        state,
        signal.type === 'answered' && signal.update.status === undefined
          ? { ...signal, update: { ...signal.update, isFollowUp: undefined } }
          : signal,
      ),
  },
  {
    breaks: 'rule 5: a job that another process was to ask about is not asked about again',
    foundBy: /never told|too late/,
    plans: peerPlans,
    step: (state, signal) => (signal.type === 'spared' ? [] : step(state, signal)),
  },
  {
    breaks: 'rule 1: the first question is left to another process',
    foundBy: /first snapshot/,
    plans: peerPlans,
    step: (state, signal) => {
      const effects = step(state, signal);
      if (signal.type !== 'follow') return effects;
      return effects.map((effect) => (effect.type === 'ask' ? { ...effect, routine: true } : effect));
    },
  },
  {
    breaks: 'rule 3: what a stream that opens may have missed is left to another process',
    foundBy: /ended in the gap/,
    plans: peerPlans,
    step: (state, signal) => {
      const effects = step(state, signal);
      if (signal.type !== 'opened') return effects;
      return effects.map((effect) => (effect.type === 'ask' ? { ...effect, routine: true } : effect));
    },
  },
  {
    breaks: 'rule 11: an answer that says nothing yet is a refusal',
    foundBy: /was given up|first snapshot/,
    plans: followUpPlans,
    step: (state, signal) => {
      if (signal.type !== 'answered' || signal.update.status !== undefined) return step(state, signal);
      const { now, wallNow, jobId, askedAgain } = signal;
      const error = new ApiError('answered 400', { status: 400 });
      return step(state, { type: 'refused', now, wallNow, jobId, askedAgain, error });
    },
  },
];

/** What is there of it. */
function told({ error, ...update }: JobUpdate): JobUpdate {
  return error === undefined ? update : { ...update, error };
}

/** Status calls and their scheduler, broken where its rules are; each is found by schedules of this kind. */
export const CALL_MUTANTS: readonly {
  readonly breaks: string;
  readonly foundBy: RegExp;
  readonly plans: Arbitrary<Plan>;
  readonly make: (deps: StatusCallsDeps, clock: VirtualClock) => StatusCalls;
}[] = [
  {
    breaks: 'rule 12: calls that hang may hold every line',
    foundBy: /held job-\d up/,
    plans: plansOf(['status-hang-some']),
    make: (deps) => withStanding({ ...deps, quickMs: Number.POSITIVE_INFINITY }, () => 'good'),
  },
  {
    breaks: 'rule 12: a job that is refused again and again pauses all others each time',
    foundBy: /held job-\d up/,
    plans: crowdPlans,
    make: (deps) => withStanding(deps, (standing) => (standing === 'bad' ? 'new' : standing)),
  },
  {
    breaks: 'rule 12: those that were answered do not go first after a pause',
    foundBy: /held job-\d up/,
    plans: crowdPlans,
    make: (deps) => withStanding(deps, (standing) => (standing === 'good' ? 'new' : standing)),
  },
  {
    breaks: 'rule 12: all pause for as long as one job is told to',
    foundBy: /held job-\d up/,
    plans: plansOf(['status-429-long-some']),
    make: (deps) => new StatusCalls({ ...deps, maxPauseMs: Number.POSITIVE_INFINITY }),
  },
  {
    breaks: 'rule 13: the pause is on the clock of the machine',
    foundBy: /never told/,
    plans: plansOf(['status-429', 'clock-back']),
    make: (deps, clock) =>
      new StatusCalls({ ...deps, runtime: { ...deps.runtime, elapsedMs: () => clock.wallNow } }),
  },
  {
    breaks: 'a job that seems to be completed is told so without the second call',
    foundBy: /was told completed: failed|before it had/,
    plans: followUpPlans,
    make: (deps) =>
      withAnswers(deps, (update) => ({
        ...update,
        ...(update.isFollowUp === true && ({ status: 'completed', error: undefined } as const)),
      })),
  },
  {
    breaks: 'rule 11: a success that says that there is no such job is an answer like any other',
    foundBy: /never given up/,
    plans: gonePlans,
    make: (deps) =>
      withAnswers(
        deps,
        (update) => update,
        (jobId, error) => {
          if (error instanceof ApiError && /knows no job/.test(error.message))
            return { jobId, raw: undefined };
          throw error;
        },
      ),
  },
];

/** Makes something else of what a call came to. */
function withAnswers(
  deps: StatusCallsDeps,
  answered: (update: JobUpdate) => JobUpdate,
  refused: (jobId: string, error: unknown) => JobUpdate = (_, error) => {
    throw error;
  },
): StatusCalls {
  return new StatusCalls({
    ...deps,
    askStatus: (jobId, signal) =>
      deps.askStatus(jobId, signal).then(answered, (error) => refused(jobId, error)),
  });
}

/** Takes what is known of a job's last call for something else. */
function withStanding(deps: StatusCallsDeps, change: (standing: CallStanding) => CallStanding): StatusCalls {
  const calls = new StatusCalls(deps);
  const { of } = calls;
  calls.of = (asker) => {
    const asked = of.call(calls, asker);
    return {
      ...asked,
      ask: (jobId, urgent, standing, routine) => asked.ask(jobId, urgent, change(standing), routine),
    };
  };
  return calls;
}

/** As if the reducer had not asked, and had left it to the next deadline. */
function stepWithoutAsks(state: FollowState, signal: FollowEvent): FollowEffect[] {
  const asking = new Set([...state.jobs.values()].filter((job) => job.asking));
  return step(state, signal).filter((effect) => {
    const job = effect.type === 'ask' ? state.jobs.get(effect.jobId) : undefined;
    if (job === undefined) return true;
    if (job.service !== undefined) job.service.reconciled = job.service.connection !== 0;
    if (asking.has(job)) return false;
    job.asking = false;
    job.heardAt = state.now;
    schedule(state, job);
    return false;
  });
}

/** What a mutant puts off has to come to its time all the same. */
export function playable(mutant: Step): Step {
  return (state: FollowState, signal: FollowEvent) => {
    const effects = mutant(state, signal);
    const next = Math.min(state.deadlines.first?.dueAt ?? Number.POSITIVE_INFINITY, state.streamsDueAt);
    if (next >= state.timerAt) return effects;
    state.timerAt = next;
    return [...effects, { type: 'timer', delayMs: Math.max(0, Math.ceil(next - state.now)) }];
  };
}
