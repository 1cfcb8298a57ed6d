import type { JobSnapshot } from '../index.js';
import { createBars } from './bars.js';
import { isInteractive, type Output } from './output.js';
import { formatElapsed, visible } from './text.js';

/** What one job is doing, as a person sees it. */
export interface Row {
  readonly jobId: string;
  status: string;
  /** 0–100. */
  progress: number;
  /** Of the server. */
  message: string;
  /** The one in use; empty before there is one. */
  transport: string;
  readonly startedMs: number;
  /** Its clock stands still from then on. */
  endedMs: number | undefined;
}

export interface Display {
  /** The row has changed. */
  show(row: Row): void;
  /** A line beside the rows. */
  note(text: string): void;
  stop(): void;
}

export function createRow({ id, status, progress }: Pick<JobSnapshot, 'id' | 'status' | 'progress'>): Row {
  return {
    ...{ jobId: id, status, progress, message: '', transport: '' },
    ...{ startedMs: Date.now(), endedMs: undefined },
  };
}

/** Bars on a terminal that has room for them, plain lines elsewhere. */
export async function createDisplay(output: Output, rows: readonly Row[]): Promise<Display> {
  const { stderr } = process;
  const fits = rows.length < (stderr.rows ?? 24) - 1;
  return isInteractive(stderr) && fits && !output.json ? createBars(stderr, rows) : createLines(output);
}

/** One line for each thing that is new. */
function createLines(output: Output): Display {
  const last = new Map<string, string>();
  return {
    show(row) {
      const over = row.transport === '' ? '' : ` over ${row.transport}`;
      const what = `${visible(row.jobId)}: ${row.status} ${Math.round(row.progress)} %${over}`;
      if (last.get(row.jobId) === what) return;
      last.set(row.jobId, what);
      output.note(`${what}, ${elapsedOf(row)}`);
    },
    note: (text) => output.note(text),
    stop() {},
  };
}

export function elapsedOf(row: Row): string {
  return formatElapsed((row.endedMs ?? Date.now()) - row.startedMs);
}
