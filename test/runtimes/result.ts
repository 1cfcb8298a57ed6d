import { setTimeout as sleep } from 'node:timers/promises';
import type { MockServer } from '../../src/mock-server/index.js';
import { COLUMNS, type Column, type Runtime } from './matrix.js';
import { CHECKS, type Findings } from './programs/scenario.js';

/** What one runtime showed: for each column what went wrong, null where it works. */
export interface Result {
  readonly runtime: Runtime;
  readonly version: string;
  readonly problems: Readonly<Record<Column, string | null>>;
}

/** How long a process, or a stream at the server, may be left after the last job's end. */
export const LEFT_MS = 2_000;

/** The findings of one module system, and of the end. */
export interface Run {
  readonly findings: Findings;
  readonly exits: string | null;
}

/** One row of it all: a column fails where any run of the runtime failed. */
export function toResult(
  runtime: Runtime,
  version: string,
  runs: { readonly esm: Run; readonly cjs?: Run; readonly relay?: string | null },
): Result {
  const { esm, cjs, relay = 'not run' } = runs;
  const all = cjs === undefined ? [esm] : [esm, cjs];
  const problem = (of: (run: Run) => string | null): string | null => all.map(of).find(Boolean) ?? null;
  const checks = CHECKS.filter((check) => check !== 'classes');
  return {
    runtime,
    version,
    problems: {
      ...Object.fromEntries(checks.map((check) => [check, problem(({ findings }) => findings[check])])),
      relay,
      esm: esm.findings.classes,
      cjs: cjs === undefined ? 'not run' : cjs.findings.classes,
      exits: problem(({ exits }) => exits),
    } as Record<Column, string | null>,
  };
}

/** A runtime that is missing, or that came to nothing. */
export function noResult(runtime: Runtime, error: unknown): Result {
  const reason = error instanceof Error ? error.message : String(error);
  const columns = Object.keys(COLUMNS) as Column[];
  return {
    runtime,
    version: 'not run',
    problems: Object.fromEntries(columns.map((column) => [column, reason])) as Record<Column, string>,
  };
}

/** What should work and does not, or should not and does. */
export function failures({ runtime, problems }: Result): readonly (readonly [Column, string])[] {
  return (Object.keys(COLUMNS) as Column[]).flatMap((column) => {
    const problem = problems[column];
    const lacking = runtime.lacks[column];
    if (lacking === undefined) return problem === null ? [] : [[column, problem] as const];
    const isAsTold = problem !== null && (lacking === null || lacking.test(problem));
    return isAsTold ? [] : [[column, problem ?? 'works, and the matrix says it is not there'] as const];
  });
}

/** Where there is no process to exit: nothing of the run is left open at the server. */
export async function leftOpen(server: MockServer): Promise<string | null> {
  const deadline = Date.now() + LEFT_MS;
  for (;;) {
    const { webSockets, eventStreams } = server.connections;
    if (webSockets + eventStreams === 0) return null;
    if (Date.now() > deadline)
      return `${webSockets} WebSockets and ${eventStreams} event streams are left open`;
    await sleep(20);
  }
}
