import { isEnd, type JobSnapshot } from '../core/model.js';
import type { JobWaiter, JobWaits, Wait } from './waits.js';

// A slow reader misses snapshots in the middle before memory grows without bound.
const MAX_UNREAD_SNAPSHOTS = 1_000;

/** Snapshots as they come, to be read one by one, the known one first. Waits from the first read on. */
export function iterateSnapshots(waits: JobWaits): AsyncIterableIterator<JobSnapshot> {
  const unread: JobSnapshot[] = [];
  let end: { readonly error?: unknown } | undefined;
  let wait: Wait | undefined;
  let sleepers: (() => void)[] = [];
  const wake = () => {
    const woken = sleepers;
    sleepers = [];
    for (const sleeper of woken) sleeper();
  };

  const waiter: JobWaiter = {
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

  const start = (): Wait => {
    const { known } = waits;
    const started = waits.add(waiter);
    if (known !== undefined && started.isActive) waiter.update(known, known);
    return started;
  };

  return {
    async next() {
      if (end === undefined) wait ??= start();
      for (;;) {
        const value = unread.shift();
        if (value !== undefined) return { done: false, value };
        if (end !== undefined) break;
        await new Promise<void>((resolve) => {
          sleepers.push(resolve);
        });
      }
      const { error } = end;
      end = {}; // An error is thrown once; after it, all is read.
      if (error !== undefined) throw error;
      return { done: true, value: undefined };
    },
    async return() {
      wait?.release();
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
