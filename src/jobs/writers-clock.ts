import type { Runtime } from '../runtime/runtime.js';
import type { JobRecord } from './record.js';

/**
 * The time by which a record of another process is judged: ours, or, where our clock is behind the one of whoever wrote it,
 * that one and the time since.
 */
export class WritersClock {
  readonly #runtime: Pick<Runtime, 'now' | 'elapsedMs'>;
  #seen: { readonly updatedAt: number; readonly at: number } | undefined;

  constructor(runtime: Pick<Runtime, 'now' | 'elapsedMs'>) {
    this.#runtime = runtime;
  }

  /** Milliseconds since the epoch. */
  now(record: JobRecord | undefined): number {
    const now = this.#runtime.now();
    if (record === undefined) return now;
    const { updatedAt } = record;
    const elapsedMs = this.#runtime.elapsedMs();
    if (this.#seen?.updatedAt !== updatedAt) this.#seen = { updatedAt, at: elapsedMs };
    return Math.max(now, updatedAt + elapsedMs - this.#seen.at);
  }
}
