import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runProgram, startProgram } from './support/children.js';
import { median, printTable } from './support/table.js';

export const name = 'download';

const SIZE_BYTES = 1_000_000_000;
const ROUNDS = 5;
const PROGRAMS = ['save-bare.mjs', 'save-reelwire.mjs'] as const;

interface Result {
  readonly ms: number;
  readonly peakKiB: number;
}

/** 1 GB from loopback to a file, by hand and by `save()`, each time in a process of its own. */
export async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'reelwire-bench-'));
  const file = join(folder, 'video.mp4');
  const server = await startProgram('video-server.mjs', String(SIZE_BYTES));
  try {
    const results = new Map(PROGRAMS.map((program): [string, Result[]] => [program, []]));
    for (let round = 0; round <= ROUNDS; round++) {
      // Who goes first changes: the disk remembers what was written before.
      for (const program of round % 2 === 0 ? PROGRAMS : PROGRAMS.toReversed()) {
        const result = (await runProgram(program, server.url, file)) as Result;
        await rm(file);
        if (round > 0) results.get(program)?.push(result); // The first round warms up.
      }
    }
    const [bare, ours] = PROGRAMS.map((program) => summary(results.get(program) ?? []));
    if (bare === undefined || ours === undefined) return;
    const row = (label: string, { ms, peakMiB }: typeof ours) => [
      label,
      (SIZE_BYTES / 1_000 / ms).toFixed(0),
      (bare.ms / ms).toFixed(2),
      peakMiB.toFixed(0),
      (peakMiB - bare.peakMiB).toFixed(0),
    ];
    printTable(
      [`1 GB to a file, median of ${ROUNDS}`, 'MB/s', 'ratio (≥ 0.9)', 'peak MiB', 'over bare (≤ 64)'],
      [row('fetch → pipeline → file', bare), row('download().save()', ours)],
    );
    await runDropped(server.url, file);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

/** The same, with the connection lost once in the middle. */
async function runDropped(url: string, file: string): Promise<void> {
  const dropAt = SIZE_BYTES / 2 + 12_345;
  await fetch(`${url}/reset?drop=${dropAt}`);
  await runProgram('save-reelwire.mjs', url, file);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const expected = await (await fetch(`${url}/sha256`)).text();
  const starts = (await (await fetch(`${url}/requested`)).json()) as number[];
  const again = dropAt - (starts[1] ?? 0);
  console.log(
    `\none drop at byte ${dropAt}: ${starts.length} requests, from bytes ${starts.join(' and ')}; ` +
      `${again} bytes fetched twice; sha256 ${hash.digest('hex') === expected ? 'equal' : 'DIFFERENT'}`,
  );
}

function summary(results: readonly Result[]): { ms: number; peakMiB: number } {
  return {
    ms: median(results.map(({ ms }) => ms)),
    peakMiB: median(results.map(({ peakKiB }) => peakKiB)) / 1024,
  };
}
