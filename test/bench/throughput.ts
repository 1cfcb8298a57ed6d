import { runProgram, startProgram } from './support/children.js';
import { median, printTable, verdict } from './support/table.js';

export const name = 'throughput';

const LEAST_RATIO = 0.5;
const MOST_GROWTH = 1.3;
const CONTENDERS = [
  ['bare', 'ws, JSON.parse', 1],
  ['reelwire', 'reelwire', 1],
  ['reelwire', 'reelwire', 100],
  ['reelwire', 'reelwire', 10_000],
  ['bare', 'ws, JSON.parse', 10_000],
  ['keeping', 'ws, JSON.parse, the last frame of each job kept', 10_000],
] as const;

interface Measured {
  readonly frames: number;
  readonly rounds: readonly { readonly ms: number; readonly cpuMs: number; readonly told: number }[];
}

/**
 * Frames of 150 bytes, all of them news: parsed, validated, merged and emitted, beside a client that only parses.
 * What a frame costs is counted in time of the processor, which the neighbours on a machine do not change much.
 */
export async function run(): Promise<void> {
  const server = await startProgram('gateway-server.mjs');
  try {
    const results: { label: string; jobs: number; perSecond: number; cpuNs: number; lost: number }[] = [];
    for (const [client, label, jobs] of CONTENDERS) {
      const { frames, rounds } = (await runProgram(
        'throughput-client.mjs',
        client,
        server.url,
        String(jobs),
      )) as Measured;
      results.push({
        label,
        jobs,
        perSecond: 1_000 / median(rounds.map(({ ms }) => ms)),
        cpuNs: 1e6 * median(rounds.map(({ cpuMs }) => cpuMs)),
        lost: Math.max(...rounds.map(({ told }) => Math.max(0, frames - told))),
      });
    }
    const [bare, one, , many] = results;
    if (bare === undefined || one === undefined || many === undefined) return;
    printTable(
      ['150 bytes a frame, median of 5', 'jobs', 'frames/s', 'ratio', 'CPU ns a frame', 'ratio', 'untold'],
      results.map(({ label, jobs, perSecond, cpuNs, lost }) => [
        label,
        jobs,
        perSecond.toFixed(0),
        (perSecond / bare.perSecond).toFixed(2),
        cpuNs.toFixed(0),
        (bare.cpuNs / cpuNs).toFixed(2),
        lost,
      ]),
    );
    const ratio = bare.cpuNs / one.cpuNs;
    const wallRatio = one.perSecond / bare.perSecond;
    const growth = many.cpuNs / one.cpuNs;
    console.log(
      `1 job: ${wallRatio.toFixed(2)} × bare by the clock, ${ratio.toFixed(2)} × by processor time ` +
        `(≥ ${LEAST_RATIO}): ${verdict(Math.min(ratio, wallRatio) >= LEAST_RATIO)}`,
    );
    console.log(
      `cost of a frame, 10,000 jobs over 1: ${growth.toFixed(2)} × (≤ ${MOST_GROWTH}): ${verdict(growth <= MOST_GROWTH)}`,
    );
  } finally {
    await server.stop();
  }
}
