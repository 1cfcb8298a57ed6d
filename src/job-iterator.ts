import { isEnd, type JobSnapshot } from './core/model.js';

/** Somebody who waits for the end of a job. Nothing is told after the terminal snapshot, or after `stopped`. */
export interface SnapshotWaiter {
  update(snapshot: JobSnapshot): void;
  stopped(error: unknown): void;
}

// A slow reader misses snapshots in the middle before memory grows without bound.
const MAX_UNREAD_SNAPSHOTS = 1_000;

/**
 * Snapshots as they come, to be read one by one. Waits from the first read on; `wait` returns the way to stop.
 */
export function iterateSnapshots(
  wait: (waiter: SnapshotWaiter) => () => void,
): AsyncIterableIterator<JobSnapshot> {
  const unread: JobSnapshot[] = [];
  let end: { readonly error?: unknown } | undefined;
  let stop: (() => void) | undefined;
  let wake = () => {};

  const waiter: SnapshotWaiter = {
    update(snapshot) {
      if (unread.push(snapshot) > MAX_UNREAD_SNAPSHOTS) unread.shift();
      if (isEnd(snapshot)) end = {};
      wake();
    },
    stopped(error) {
      end = { error };
      wake();
    },
  };

  return {
    async next() {
      if (end === undefined) stop ??= wait(waiter);
      for (;;) {
        const value = unread.shift();
        if (value !== undefined) return { done: false, value };
        if (end !== undefined) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const { error } = end;
      end = {}; // An error is thrown once; after it, all is read.
      if (error !== undefined) throw error;
      return { done: true, value: undefined };
    },
    async return() {
      stop?.();
      end = {};
      unread.length = 0;
      wake();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
