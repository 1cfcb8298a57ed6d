import { runProgram, startProgram } from './children.js';
import { median, printTable, verdict } from './table.js';

const LEAST_RATIO = 0.85;

interface Measured {
  readonly ms: number;
  readonly cpuMs: number;
}

interface Result {
  readonly inputs: number;
  readonly without: readonly Measured[];
  readonly kept: readonly Measured[];
}

/**
 * A thousand submits by `generateMany`, with records in memory and without, in turns. What is asked is jobs a second; the
 * mock server is as far from a real one as a machine allows, since it answers within a millisecond. Against a server that
 * does nothing at all, time of the processor shows what records cost, whatever else the machine is at.
 */
export async function measureMany(): Promise<void> {
  const rows: string[][] = [];
  for (const [kind, words] of [
    ['mock', 'the mock server'],
    ['nothing', 'a server that does nothing'],
  ] as const) {
    const server = await startProgram('submit-server.mjs', kind);
    try {
      const { inputs, without, kept } = (await runProgram('many-client.mjs', server.url)) as Result;
      const middle = (rounds: readonly Measured[], of: keyof Measured) =>
        median(rounds.map((one) => one[of]));
      for (const [name, rounds] of [
        ['without records', without],
        ['with memoryJobs', kept],
      ] as const) {
        const ratio = (of: keyof Measured) => middle(without, of) / middle(rounds, of);
        const perSecond = (inputs / middle(rounds, 'ms')) * 1_000;
        rows.push([
          `${words}, ${name}`,
          ...[perSecond.toFixed(0), ratio('ms').toFixed(2)],
          kind === 'mock' && rounds === kept ? verdict(ratio('ms') >= LEAST_RATIO) : '',
          ...[middle(rounds, 'cpuMs').toFixed(0), ratio('cpuMs').toFixed(2)],
        ]);
      }
    } finally {
      await server.stop();
    }
  }
  printTable(
    ['generateMany of 1,000', 'jobs/s', 'ratio', `at least ${LEAST_RATIO}`, 'CPU ms of the client', 'ratio'],
    rows,
  );
}
