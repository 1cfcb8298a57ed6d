import type { JobSnapshot } from '../index.js';
import { formatElapsed } from './text.js';

/** What one job is doing, as a person sees it. */
export interface Row {
  readonly jobId: string;
  status: string;
  /** 0–100; undefined while nobody knows. */
  progress: number | undefined;
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

export function createRow({ id, status }: Pick<JobSnapshot, 'id' | 'status'>, progress?: number): Row {
  return {
    ...{ jobId: id, status, progress, message: '', transport: '' },
    ...{ startedMs: Date.now(), endedMs: undefined },
  };
}

/** What the server has given as a percentage, where it has: a 0 of its own making says nothing. */
export function progressOf({ indeterminate, progress }: JobSnapshot): number | undefined {
  return indeterminate === true ? undefined : progress;
}

/** Such as `40 %`; empty where nobody knows. */
export function percentOf(progress: number | undefined): string {
  return progress === undefined ? '' : `${Math.round(progress)} %`;
}

export function elapsedOf(row: Row): string {
  return formatElapsed((row.endedMs ?? Date.now()) - row.startedMs);
}
