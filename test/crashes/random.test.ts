import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVERS } from '../support/crashes/life.js';
import { killAtRandom } from '../support/crashes/random-kills.js';
import { Stage } from '../support/crashes/stage.js';

/** Of each store, a third for each kind of server. More by hand: `npm run bench -- crash`. */
const KILLS = 60;
/** The one that a failure tells of is given to see it again. */
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);

let stage: Stage;

beforeAll(async () => {
  console.log(`CRASH_SEED=${SEED}`);
  stage = await Stage.build();
}, 120_000);
afterAll(() => stage?.[Symbol.asyncDispose]());

describe.each(['file', 'redis'] as const)('processes killed at random over a store of %s', (where) => {
  it.each(SERVERS.map((kind, index) => [kind, index] as const))(
    'leave no job that nobody is told of, and pay for none twice, where the server %s',
    async (kind, index) => {
      const options = { ...stage.place(where), programs: stage.programs, kind, kills: KILLS / 3 };
      const result = await killAtRandom({ ...options, seed: SEED + index });
      expect(result.wrong, `CRASH_SEED=${SEED}`).toEqual([]);
      expect(result.kills).toBeGreaterThanOrEqual(KILLS / 3);
      // They died while they were at it.
      expect(result.jobs).toBeGreaterThan(0);
    },
    120_000,
  );
});
