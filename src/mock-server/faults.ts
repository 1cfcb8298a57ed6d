import { checkFault } from './check-options.js';
import type { FaultOf, MockFault, MockFaultType, MockRoute } from './fault.js';

interface Entry {
  readonly fault: MockFault;
  seen: number;
  struck: number;
  /** When it struck first. */
  sinceMs: number | undefined;
}

/** The faults in force. */
export class MockFaults {
  readonly #entries = new Set<Entry>();

  constructor(faults: readonly MockFault[] = []) {
    for (const fault of faults) this.add(fault);
  }

  /** Returns a function that takes it back. */
  add(fault: MockFault): () => void {
    checkFault(fault);
    const entry: Entry = { fault, seen: 0, struck: 0, sinceMs: undefined };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /** Takes all of them back. */
  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @internal Counts one call (or one connection of a stream) and tells what strikes it, in the order of adding. */
  take(route: MockRoute, jobIds: readonly string[]): StruckFaults {
    const struck: MockFault[] = [];
    for (const entry of this.#entries) {
      const { fault } = entry;
      if (!matches(fault, route, jobIds)) continue;
      const index = entry.seen++ - (fault.after ?? 0);
      if (index < 0) continue;
      entry.sinceMs ??= performance.now();
      if (performance.now() - entry.sinceMs > (fault.lastsMs ?? Number.POSITIVE_INFINITY)) {
        this.#entries.delete(entry);
        continue;
      }
      if (index % (fault.every ?? 1) !== 0) continue;
      struck.push(fault);
      if (++entry.struck >= (fault.times ?? Number.POSITIVE_INFINITY)) this.#entries.delete(entry);
    }
    return new StruckFaults(struck);
  }
}

/** @internal What strikes one call or one connection. */
export class StruckFaults {
  readonly all: readonly MockFault[];

  constructor(all: readonly MockFault[]) {
    this.all = all;
  }

  find<T extends MockFaultType>(type: T): FaultOf<T> | undefined {
    return this.all.find((fault): fault is FaultOf<T> => fault.type === type);
  }
}

function matches(fault: MockFault, route: MockRoute, jobIds: readonly string[]): boolean {
  if (fault.route !== undefined && ![fault.route].flat().includes(route)) return false;
  // A WebSocket names no job when it opens: its frames are matched one by one.
  return fault.jobId === undefined || route === 'websocket' || jobIds.includes(fault.jobId);
}
