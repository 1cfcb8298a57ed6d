import type { MockFault } from '../fault.js';
import type { StruckFaults } from '../faults.js';
import { isEnd, type MockJobUpdate } from '../job.js';

/** What becomes of a stream's updates: lost, repeated, out of order. */
export class UpdateFaults {
  readonly #faults: readonly MockFault[];
  readonly #lost = new Map<MockFault, number>();
  readonly #held = new Map<MockFault, MockJobUpdate[]>();

  constructor(faults: StruckFaults) {
    this.#faults = faults.all;
  }

  /** The updates to send now, in this order, where this one would be sent. */
  pass(update: MockJobUpdate): readonly MockJobUpdate[] {
    let updates: readonly MockJobUpdate[] = [update];
    for (const fault of this.#faults) {
      if (fault.jobId !== undefined && fault.jobId !== update.job.id) continue;
      updates = updates.flatMap((one) => this.#strike(fault, one));
    }
    return updates;
  }

  #strike(fault: MockFault, update: MockJobUpdate): readonly MockJobUpdate[] {
    switch (fault.type) {
      case 'drop-terminal':
        return isEnd(update.status) ? [] : [update];
      case 'drop-updates': {
        const lost = this.#lost.get(fault) ?? 0;
        if (lost >= fault.first) return [update];
        this.#lost.set(fault, lost + 1);
        return [];
      }
      case 'duplicate':
        return Array.from({ length: fault.copies ?? 2 }, () => update);
      case 'disorder': {
        const held = [...(this.#held.get(fault) ?? []), update];
        // The end is never held back: nothing may come after it to push it out.
        const full = held.length >= (fault.window ?? 2) || isEnd(update.status);
        this.#held.set(fault, full ? [] : held);
        return full ? held.reverse() : [];
      }
      default:
        return [update];
    }
  }
}
