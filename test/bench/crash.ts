import { SERVERS } from '../support/crashes/life.js';
import { killAtRandom } from '../support/crashes/random-kills.js';
import { Stage } from '../support/crashes/stage.js';
import { printTable } from './support/table.js';

export const name = 'crash';

/** Of each store. */
const KILLS = Number(process.env.CRASH_KILLS ?? 1_000);

/** Processes killed at random steps: what became of the jobs that they were at. */
export async function run(): Promise<void> {
  const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
  console.log(`CRASH_SEED=${seed}`);
  await using stage = await Stage.build();
  const wrong: string[] = [];
  const rows: (readonly (string | number)[])[] = [];
  for (const where of ['file', 'redis'] as const) {
    for (const [index, kind] of SERVERS.entries()) {
      const kills = Math.ceil(KILLS / SERVERS.length);
      const options = { ...stage.place(where), programs: stage.programs, kind, kills };
      const result = await killAtRandom({ ...options, seed: seed + index });
      const { keys, posts, jobs, unknown, unknownJobs } = result;
      rows.push([
        ...[`${where}, ${kind}`, result.kills, keys, posts, jobs],
        ...[unknown, unknownJobs, result.wrong.length],
      ]);
      // A run that takes an hour may be broken off.
      console.log(`${where}, ${kind}: ${result.kills} kills, ${result.wrong.length} wrong`);
      wrong.push(...result.wrong.map((what) => `${where}, ${kind}: ${what}`));
    }
  }
  console.log();
  printTable(['store, server', 'kills', 'keys', 'POSTs', 'jobs', 'unknown', 'of these made', 'wrong'], rows);
  for (const what of wrong) console.log(what);
  if (wrong.length > 0) process.exitCode = 1;
}
