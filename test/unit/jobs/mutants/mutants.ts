import type { JobRecord } from '../../../../src/jobs/record.js';
import type { JobStore } from '../../../../src/jobs/store.js';
import type { Answer } from '../support.js';
import {
  diedWhileResuming,
  forgottenMeanwhile,
  madeUnseen,
  neverConnected,
  portOf,
  refusedRepeat,
  refusedThenAgain,
  replyLost,
  resumedWhileTrying,
  type Scenario,
  toldBeforeTheFailure,
  type Wrap,
} from './scenarios.js';

export interface Mutant {
  readonly breaks: string;
  readonly scenario: Scenario;
  /** What the scenario says of it. */
  readonly foundBy: RegExp;
  readonly wrap: Wrap;
}

/** Writes past all rules: what is there is deleted first. */
async function overwrite(store: JobStore, record: JobRecord): Promise<void> {
  await store.delete(record.key);
  await store.add(record);
}

/** Where a first POST may have made a job, whatever the client is told. */
const UNSEEN: readonly (readonly [Answer, string])[] = [
  ...[408, 409, 425, 499, 500, 503].map((status): [Answer, string] => [
    { status, makesJob: true },
    `for ${status}`,
  ]),
  [{ connection: 'lost' }, 'where a connection that was made is lost'],
];

/**
 * What broke when a rule was missing, made at the port: a store, or a client as a store sees it, that breaks one rule each.
 */
export const MUTANTS: readonly Mutant[] = [
  {
    breaks: 'a refused record is replaced',
    scenario: refusedThenAgain,
    foundBy: /refused submit/,
    wrap: (store) => ({
      ...portOf(store),
      add: async (record) => (await store.get(record.key)) ?? store.add(record),
    }),
  },
  {
    breaks: 'a refused record is replaced by one with a new idempotency key',
    scenario: refusedThenAgain,
    foundBy: /refused submit/,
    wrap: (store) => ({
      ...portOf(store),
      async add(record) {
        const before = (await store.get(record.key)) as JobRecord | undefined;
        return store.add({ ...record, idempotencyKey: before?.idempotencyKey ?? record.idempotencyKey });
      },
    }),
  },
  {
    breaks: 'put writes no submitting',
    scenario: toldBeforeTheFailure,
    foundBy: /webhook told/,
    wrap: (store) => ({
      ...portOf(store),
      put: (record) => (record.state === 'submitting' ? overwrite(store, record) : store.put(record)),
    }),
  },
  {
    breaks: 'put creates nothing',
    scenario: forgottenMeanwhile,
    foundBy: /forgotten/,
    wrap: (store) => ({
      ...portOf(store),
      async put(record) {
        if ((await store.get(record.key)) === undefined) await store.add(record);
        else await store.put(record);
      },
    }),
  },
  {
    breaks: 'an add that resolves with one’s own has succeeded',
    scenario: replyLost,
    foundBy: /was written/,
    wrap(store) {
      let calls = 0;
      return {
        ...portOf(store),
        // A client that takes whatever is there already for another's.
        async add(record) {
          const isRepeat = calls++ > 0;
          const stored = (await store.add(record)) as JobRecord;
          return isRepeat ? { ...stored, idempotencyKey: 'another’s' } : stored;
        },
      };
    },
  },
  {
    breaks: 'decidedBy is renewed by each try',
    scenario: resumedWhileTrying,
    foundBy: /lives was called submit-outcome-unknown/,
    wrap: (store) => ({
      ...portOf(store),
      put: async (record) => (record.state === 'submitting' ? undefined : store.put(record)),
    }),
  },
  {
    breaks: 'refused is written by the first POST of a record alone',
    scenario: refusedRepeat,
    foundBy: /jobs of one key/,
    wrap(store) {
      let words = 0;
      return {
        ...portOf(store),
        // The first word is of the first POST's failure; then that the second begins, and then of its failure.
        put: (record) => store.put(++words === 3 ? { ...record, state: 'refused' } : record),
      };
    },
  },
  {
    breaks: 'refused is written where the connection was never made',
    scenario: neverConnected,
    foundBy: /never left/,
    wrap: (store) => ({
      ...portOf(store),
      put: async (record) => (record.state === 'refused' ? undefined : store.put(record)),
    }),
  },
  ...UNSEEN.map(([answer, words]) => ({
    breaks: `refused is not written ${words}`,
    scenario: madeUnseen(answer),
    foundBy: /jobs of one key/,
    wrap: (store: JobStore) => ({
      ...portOf(store),
      put: (record: JobRecord) =>
        store.put(record.state === 'submitting' ? { ...record, state: 'refused' as const } : record),
    }),
  })),
  {
    breaks: 'a resume that passed over leased records lists once more',
    scenario: diedWhileResuming,
    foundBy: /what was resumed/,
    wrap(store) {
      let listings = 0;
      return {
        ...portOf(store),
        async *list(query) {
          if (listings++ === 0) yield* store.list(query);
        },
      };
    },
  },
];
