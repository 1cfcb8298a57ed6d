import { createBars } from './bars.js';
import { isInteractive, type Output } from './output.js';
import { type Display, elapsedOf, percentOf, type Row } from './row.js';
import { visible } from './text.js';

/** Bars on a terminal that has room for them, plain lines elsewhere. */
export async function createDisplay(output: Output, rows: readonly Row[]): Promise<Display> {
  const { stderr } = process;
  const fits = rows.length < (stderr.rows ?? 24) - 1;
  return isInteractive(stderr) && fits && !output.json && !output.logs
    ? createBars(stderr, rows)
    : createLines(output);
}

/** One line for each thing that is new. */
export function createLines(output: Output): Display {
  const last = new Map<string, string>();
  return {
    show(row) {
      const over = row.transport === '' ? '' : ` over ${row.transport}`;
      const what = `${visible(row.jobId)}: ${`${row.status} ${percentOf(row.progress)}`.trimEnd()}${over}`;
      if (last.get(row.jobId) === what) return;
      last.set(row.jobId, what);
      output.note(`${what}, ${elapsedOf(row)}`);
    },
    note: (text) => output.note(text),
    stop() {},
  };
}
