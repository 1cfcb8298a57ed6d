import type { JobUpdate } from '../../src/core/model.js';
import { randomOf, type VirtualClock } from './clock.js';
import type { Plan } from './plan.js';
import { MAX_LATENCY_MS } from './plan.js';
import type { SimulatedServer } from './server.js';

/** What was not heard is read again by then. */
export const RECONNECT_MS = 2_000;

/** Other processes that poll the same jobs, and the bus between them. */
export class SimulatedPeers {
  readonly #clock: VirtualClock;
  readonly #server: SimulatedServer;
  readonly #faults: NonNullable<Plan['peers']>;
  readonly #learned: (update: JobUpdate) => void;
  readonly #random: () => number;
  /** Jobs of which one has died that had claimed them. */
  readonly #bereaved = new Set<string>();

  constructor(
    clock: VirtualClock,
    server: SimulatedServer,
    { seed, peers: faults = {} }: Plan,
    learned: (update: JobUpdate) => void,
  ) {
    this.#clock = clock;
    this.#server = server;
    this.#faults = faults;
    this.#learned = learned;
    this.#random = randomOf(seed + 1);
  }

  /** Whether the client is to ask: else another one has asked in this moment, and tells what it learns. */
  claim(jobId: string): boolean {
    if (this.#random() < 0.5) return true;
    if (this.#faults.dies && !this.#bereaved.has(jobId)) {
      this.#bereaved.add(jobId);
      return false;
    }
    const truth = this.#server.peek(jobId);
    const isLost = this.#faults.losesNudges && this.#random() < 0.5;
    const delayMs = this.#random() * MAX_LATENCY_MS + (isLost ? RECONNECT_MS : 0);
    if (truth !== undefined) this.#clock.reach(delayMs, () => this.#learned({ ...truth, raw: undefined }));
    return false;
  }
}
