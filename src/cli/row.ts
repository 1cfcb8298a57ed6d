import type { JobSnapshot } from '../index.js';
import { formatElapsed } from './text.js';

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

export function elapsedOf(row: Row): string {
  return formatElapsed((row.endedMs ?? Date.now()) - row.startedMs);
}
