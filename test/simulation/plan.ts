import fc from 'fast-check';
import type { FollowSettings } from '../../src/core/follow-model.js';
import type { TransportName } from '../../src/core/model.js';

export const SETTINGS: Omit<FollowSettings, 'transports'> = {
  intervalMs: 5_000,
  connectMs: 10_000,
  headStartMs: 300,
  silenceMs: 30_000,
  missingMs: 60_000,
  retry: { attempts: 3, minDelayMs: 1_000, maxDelayMs: 30_000 },
};
/** A status call that gets no answer is given up after so long. */
export const REQUEST_MS = 10_000;
/** No message takes longer, in the simulated network. */
export const MAX_LATENCY_MS = 200;
export const RETRY_AFTER_MS = 7_000;
/** More than anybody is willing to wait for others. */
export const LONG_RETRY_AFTER_MS = 120_000;
export const QUICK_MS = 1_000;

/** What goes wrong, for a while or at a moment. */
export const FAULTS = [
  'websocket-refuse',
  'websocket-absent',
  'websocket-black-hole',
  'websocket-mute',
  'websocket-drop-terminal',
  'sse-refuse',
  'sse-absent',
  'sse-black-hole',
  'sse-mute',
  'sse-drop-terminal',
  'status-500',
  'status-429',
  'status-network',
  'status-hang',
  'status-404',
  'status-403',
  /** A web page in the place of the answer. */
  'status-html',
  /** Each second call is answered 404: of two workers, one does not know the job. */
  'status-flap',
  /** The calls about all jobs but the last get no answer. */
  'status-hang-some',
  /** The calls about all jobs but the last are answered 429. */
  'status-429-some',
  /** The same, and the server wants a pause that is longer than anybody waits for another job. */
  'status-429-long-some',
  /** A proxy holds each event back until the next. */
  'websocket-hold',
  'sse-hold',
  /** What comes cannot be read, and names no job. */
  'websocket-garble',
  'sse-garble',
  /** Somebody sets the clock of the machine by an hour. */
  'clock-back',
  'clock-forward',
  /** Every connection is closed. */
  'cut',
  /** Every connection is gone, and nobody is told. */
  'half-open',
  /** Every connection is closed, and nothing answers for a while. */
  'restart',
  /** The tab sleeps: no timer fires, nothing is received. */
  'sleep',
  'online',
  'visible',
  /** Each stream sends a frame that is none; it names a job. */
  'garbage',
] as const;
export type FaultName = (typeof FAULTS)[number];

export interface PlannedFault {
  readonly name: FaultName;
  /** From the start, in milliseconds. */
  readonly at: number;
  readonly forMs: number;
}

export interface PlannedJob {
  /** From the start; the job itself exists from then on, or a little earlier. */
  readonly followAt: number;
  /** When the server knows of the end, from the start; may be before it is followed. */
  readonly endsAt: number;
  /** How often it reports progress before. */
  readonly steps: number;
  readonly outcome: 'completed' | 'failed';
  /** Undefined: to its end. */
  readonly unfollowAt: number | undefined;
  /** When the server loses it for ever, from the start; missing where it does not. */
  readonly goneAt?: number;
}

export interface Plan {
  readonly seed: number;
  readonly transports: readonly TransportName[];
  readonly jobs: readonly PlannedJob[];
  readonly faults: readonly PlannedFault[];
  /** The server greets on connect. */
  readonly greets: boolean;
  /** Each frame comes twice. */
  readonly duplicates: boolean;
  /** Frames overtake each other. */
  readonly disorder: boolean;
  /** The status call answers 50 while the job is processed, whatever the truth. */
  readonly coarse: boolean;
  /** Frames do not say why a job failed. */
  readonly wordless: boolean;
  /** The jobs are followed as `generate` does; missing where the faults say. */
  readonly known?: boolean;
  /**
   * The status says completed of each job that has ended, and streams say that there is something to ask for. What
   * became of it is known so many milliseconds later, and takes a second call. Missing: the status knows at once.
   */
  readonly resultMs?: number;
  /** Each job has an event stream of its own, which ends with its first frame, and when there is something to ask for. */
  readonly perJob?: boolean;
  /** That there is no such job is said by a success. */
  readonly missingBy200?: boolean;
  /** Other processes follow the same jobs, over a bus: one `dies` that was to ask; what one tells comes late. */
  readonly peers?: { readonly dies?: boolean; readonly losesNudges?: boolean };
}

const job: fc.Arbitrary<PlannedJob> = fc.record({
  followAt: fc.nat(5_000),
  endsAt: fc.nat(40_000),
  steps: fc.nat(6),
  outcome: fc.constantFrom('completed', 'failed'),
  unfollowAt: fc.option(fc.nat(40_000), { freq: 6, nil: undefined }),
});

const fault: fc.Arbitrary<PlannedFault> = fc.record({
  name: fc.constantFrom(...FAULTS),
  at: fc.nat(30_000),
  forMs: fc.nat(30_000),
});

/** A proxy that accepts the upgrade and passes nothing, from the beginning to the end. */
export const MUTE_WEBSOCKET: readonly PlannedFault[] = [{ name: 'websocket-mute', at: 0, forMs: 200_000 }];

const TRANSPORTS: readonly (readonly TransportName[])[] = [
  ['websocket', 'sse', 'polling'],
  ['sse', 'websocket', 'polling'],
  ['websocket', 'polling'],
  ['sse', 'polling'],
  ['websocket'],
  ['sse'],
  ['polling'],
];

/** No WebSocket at all, in this way or that. */
const noWebSocket: fc.Arbitrary<PlannedFault> = fc.record({
  name: fc.constantFrom('websocket-refuse', 'websocket-absent', 'websocket-black-hole'),
  at: fc.constant(0),
  forMs: fc.constant(200_000),
});

/** A schedule. All that is random in it follows from it, so that the seed of fast-check brings it back. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer(),
  transports: fc.oneof(
    { weight: 2, arbitrary: fc.constant(['websocket', 'sse', 'polling']) },
    { weight: 1, arbitrary: fc.constantFrom(...TRANSPORTS) },
  ) as fc.Arbitrary<readonly TransportName[]>,
  jobs: fc.array(job, { minLength: 1, maxLength: 3 }),
  faults: fc.oneof(
    { weight: 6, arbitrary: fc.array(fault, { maxLength: 5 }) },
    { weight: 3, arbitrary: fc.tuple(noWebSocket, fault, fault, fault) },
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.constant(MUTE_WEBSOCKET) },
  ),
  greets: fc.boolean(),
  duplicates: fc.boolean(),
  disorder: fc.boolean(),
  coarse: fc.boolean(),
  wordless: fc.boolean(),
});

/** Three jobs that are polled, with these faults and no others. */
export function plansOf(faults: readonly FaultName[]): fc.Arbitrary<Plan> {
  const always = fc.record({ at: fc.nat(10_000), forMs: fc.nat(30_000) });
  return fc
    .tuple(
      plans,
      fc.array(job, { minLength: 3, maxLength: 3 }),
      fc.array(always, { minLength: 4, maxLength: 4 }),
    )
    .map(([plan, jobs, times]) => ({
      ...plan,
      transports: ['polling'],
      jobs,
      faults: faults.map((name, index) => ({ name, ...(times[index] ?? { at: 0, forMs: 0 }) })),
    }));
}

/** One job whose calls are answered, and then a crowd of others whose calls are all answered 429. */
export const crowdPlans: fc.Arbitrary<Plan> = fc
  .tuple(plans, fc.array(job, { minLength: 10, maxLength: 10 }))
  .map(([plan, jobs]) => ({
    ...plan,
    transports: ['polling'],
    jobs: jobs.map((one, index) => ({
      ...one,
      followAt: index === jobs.length - 1 ? 0 : 1_000 + (one.followAt * 4) / 5,
    })),
    faults: [{ name: 'status-429-some', at: 0, forMs: 60_000 }],
  }));

/** What the streams bring cannot be read, from the beginning to the end or from some moment on. */
export const garbledPlans: fc.Arbitrary<Plan> = fc.tuple(plans, fc.nat(20_000)).map(([plan, at]) => ({
  ...plan,
  transports: ['websocket', 'sse', 'polling'],
  faults: (['websocket-garble', 'sse-garble'] as const).map((name) => ({ name, at, forMs: 200_000 })),
}));

/** A job that the server loses, known before or not, and one that lives on; somebody may set the clock. */
export const gonePlans: fc.Arbitrary<Plan> = fc
  .tuple(
    ...([plans, job, fc.boolean(), fc.nat(30_000)] as const),
    fc.subarray(['clock-back', 'clock-forward'] as const),
    fc.boolean(),
  )
  .map(([plan, living, known, goneAt, clocks, missingBy200]) => ({
    ...{ ...plan, transports: ['polling'], missingBy200 },
    jobs: [
      {
        ...{ followAt: living.followAt, endsAt: 200_000, steps: living.steps, outcome: living.outcome },
        ...{ unfollowAt: undefined, goneAt: known ? goneAt : 0 },
      },
      living,
    ],
    faults: clocks.map((name, index) => ({ name, at: goneAt + 7_000 * (index + 1), forMs: 0 })),
    known,
  }));

/** Jobs that seem to be completed, and of which a second call says what they are; often with nothing in its way. */
export const followUpPlans: fc.Arbitrary<Plan> = fc
  .tuple(plans, fc.boolean(), fc.oneof(fc.constant(0), fc.nat(20_000)), fc.boolean())
  .map(([plan, isCalm, resultMs, perJob]) => ({
    ...plan,
    faults: isCalm ? [] : plan.faults,
    resultMs,
    perJob,
  }));

/** Jobs that several processes follow, most of them by polling. */
export const peerPlans: fc.Arbitrary<Plan> = fc
  .tuple(plans, fc.boolean(), fc.boolean(), fc.boolean())
  .map(([plan, isPolled, dies, losesNudges]) => ({
    ...plan,
    transports: isPolled ? ['polling'] : plan.transports,
    peers: { dies, losesNudges },
  }));

/** As many as there are jobs, so that none waits in line; but where some are in the way of others. */
export function concurrencyOf({ faults }: Plan): number {
  return faults.some(({ name }) => name.endsWith('-some')) ? 2 : 4;
}

/** Then a job is followed as `generate` does: it is known to be. Else three refusals end it. */
export function isKnown({ faults, known }: Plan): boolean {
  return known ?? faults.some(({ name }) => /^status-(404|403|html|flap)$/.test(name));
}

export function idOf(index: number): string {
  return `job-${index}`;
}
