import { startRedis } from '../support/redis.js';
import { crashRelays, seedsOf } from '../support/relay-crashes/crash-relays.js';
import { RelayProgram } from '../support/relay-crashes/relays.js';
import { printTable } from './support/table.js';

export const name = 'relay-crash';

/** Two relays that are killed in turn under 200 pages: what became of their jobs. */
export async function run(): Promise<void> {
  const redis = await startRedis();
  await using program = await RelayProgram.build();
  const rows: (readonly (string | number)[])[] = [];
  for (const seed of seedsOf(50, 1)) {
    const startedAt = performance.now();
    const result = await crashRelays({ program, redisPort: redis.port, seed });
    const { kind, struck, keys, posts, jobs, unknown, ends, files, bytes, wrong } = result;
    const row = [
      kind,
      struck.length,
      keys,
      posts,
      jobs,
      unknown,
      ends,
      files,
      Math.round(bytes / 1_000),
      wrong.length,
    ];
    console.log(
      `seed ${seed}: ${struck.join(', ')} (${Math.round((performance.now() - startedAt) / 1_000)} s)`,
    );
    rows.push([String(seed), ...row]);
    for (const what of wrong) console.log(`seed ${seed}: ${what}`);
    if (wrong.length > 0) process.exitCode = 1;
  }
  printTable(
    ['seed', 'server', 'kills', 'keys', 'POSTs', 'jobs', 'unknown', 'ends', 'files', 'kB', 'wrong'],
    rows,
  );
  await redis.stop();
}
