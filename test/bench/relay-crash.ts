import { startRedis } from '../support/redis.js';
import { crashRelays, seedsOf } from '../support/relay-crashes/crash-relays.js';
import { BOUNDS_MS, loseRedis, type Outage } from '../support/relay-crashes/lose-redis.js';
import { RelayProgram } from '../support/relay-crashes/relays.js';
import { median, printTable, verdict } from './support/table.js';

export const name = 'relay-crash';

const OUTAGE_MS = 30_000;

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
  printOutage(await loseRedis({ program, outageMs: OUTAGE_MS }));
}

function printOutage({ toldAfterMs, refused, taken, postsMeanwhile, wrong }: Outage): void {
  console.log(`\nredis killed for ${OUTAGE_MS / 1_000} s under 50 pages, told after, in milliseconds`);
  const rows = [...new Set(toldAfterMs.map(([transport]) => transport))].map((name) => {
    const times = toldAfterMs.flatMap(([transport, ms = Number.POSITIVE_INFINITY]) =>
      transport === name ? [ms] : [],
    );
    const [middle, most] = [median(times), Math.max(...times)];
    const row = [name, Math.round(middle), Number.isFinite(most) ? Math.round(most) : 'when it was back'];
    // One that polls may come again and again to the process that cannot read whose its job is.
    return name === 'polling'
      ? [...row, `median ${BOUNDS_MS.polling}`, verdict(middle <= BOUNDS_MS.polling)]
      : [...row, BOUNDS_MS.stream, verdict(most <= BOUNDS_MS.stream)];
  });
  printTable(['transport', 'median', 'most', 'bound', ''], rows);
  console.log(
    `submits answered ${refused.join(', ')}, ${postsMeanwhile} sent; afterwards ${taken.join(', ')}`,
  );
  for (const what of wrong) console.log(what);
  if (wrong.length + postsMeanwhile > 0) process.exitCode = 1;
}
