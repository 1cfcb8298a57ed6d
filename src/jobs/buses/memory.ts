import { positionOf } from '../../core/job-state.js';
import type { JobBus, SharedSnapshot } from '../bus.js';
import { closedBus } from './closed.js';
import { Watchers } from './watchers.js';

/** How many jobs are kept: those of which nothing was heard for the longest time go first. */
const MAX_JOBS = 10_000;

interface Entry {
  readonly snapshot?: SharedSnapshot | undefined;
  readonly claimedAt?: number | undefined;
}

/** A bus within one process, for tests: give the same one to several clients. */
export function memoryBus(): JobBus {
  const entries = new Map<string, Entry>();
  const watchers = new Watchers();
  let isClosed = false;

  function change(id: string, change: Entry): void {
    const entry = { ...entries.get(id), ...change };
    entries.delete(id);
    entries.set(id, entry);
    if (entries.size <= MAX_JOBS) return;
    const [oldest] = entries.keys();
    entries.delete(oldest as string);
  }

  return {
    async publish(snapshot) {
      if (isClosed) throw closedBus();
      const { snapshot: kept } = entries.get(snapshot.id) ?? {};
      if (kept !== undefined && positionOf(snapshot) <= positionOf(kept)) return;
      change(snapshot.id, { snapshot });
      watchers.tell(snapshot);
    },
    watch(id, listener) {
      if (isClosed) return () => {};
      const stop = watchers.add(id, listener);
      const { snapshot } = entries.get(id) ?? {};
      if (snapshot !== undefined) queueMicrotask(() => watchers.tell(snapshot));
      return stop;
    },
    async claim(id, forMs) {
      const { claimedAt } = entries.get(id) ?? {};
      const now = performance.now();
      if (claimedAt !== undefined && now - claimedAt < forMs) return false;
      change(id, { claimedAt: now });
      return true;
    },
    unclaim(id) {
      if (entries.has(id)) change(id, { claimedAt: undefined });
    },
    async close() {
      isClosed = true;
      watchers.clear();
      entries.clear();
    },
  };
}
