import { ConfigurationError } from '../../errors.js';
import { DEFAULT_TTL_MS, type WebhookClaim, type WebhookStore } from './store.js';

/** Options for `memoryStore`. */
export interface MemoryStoreOptions {
  /** How long a delivery is remembered, in milliseconds. @default 76 hours */
  readonly ttlMs?: number | undefined;
  /**
   * How many deliveries, and how many jobs, are remembered at most; those set longest ago are forgotten. A delivery that
   * was forgotten is not acted on again as long as its job is remembered. Full, it takes about 80 MB. @default 200000
   */
  readonly max?: number | undefined;
  /** Milliseconds of a clock that only goes forward. @default performance.now */
  readonly now?: (() => number) | undefined;
}

/** For one process. Several need one store: see `redisStore`. */
export function memoryStore({
  ttlMs = DEFAULT_TTL_MS,
  max = 200_000,
  now = () => performance.now(),
}: MemoryStoreOptions = {}): WebhookStore {
  for (const [option, value] of Object.entries({ ttlMs, max })) {
    if (!(value >= 1 && Number.isFinite(value))) {
      throw new ConfigurationError(option, `${option} must be a finite number, at least 1`);
    }
  }
  const deliveries = new ExpiringMap<string>(max, now);
  const jobs = new ExpiringMap<number>(max, now);
  let tokens = 0;

  return {
    async claim(deliveryId, leaseMs): Promise<WebhookClaim> {
      const holder = deliveries.get(deliveryId);
      if (holder !== undefined) return { status: holder === DONE ? 'done' : 'busy' };
      const token = String(++tokens);
      deliveries.set(deliveryId, token, leaseMs);
      return { status: 'claimed', token };
    },
    async complete(deliveryId, token) {
      if ((deliveries.get(deliveryId) ?? token) === token) deliveries.set(deliveryId, DONE, ttlMs);
    },
    async release(deliveryId, token) {
      if (deliveries.get(deliveryId) === token) deliveries.delete(deliveryId);
    },
    position: async (jobId) => jobs.get(jobId),
    async advance(jobId, position) {
      jobs.set(jobId, Math.max(jobs.get(jobId) ?? position, position), ttlMs);
    },
  };
}

const DONE = 'done';

class ExpiringMap<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();
  readonly #max: number;
  readonly #now: () => number;

  constructor(max: number, now: () => number) {
    this.#max = max;
    this.#now = now;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.until > this.#now()) return entry?.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** Moves the key to the end, so that the first is the one that was set longest ago. */
  set(key: string, value: V, forMs: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: this.#now() + forMs });
    const nowMs = this.#now();
    for (const [oldest, { until }] of this.#entries) {
      if (this.#entries.size <= this.#max && until > nowMs) return;
      this.#entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
