import { uuid } from '../core/uuid.js';
import type { JobsHost } from './jobs.js';
import type { SafeStore } from './safe-store.js';

/** A process that died is missed after so long. */
export const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** More are not renewed: who keeps as many open never says what became of them. */
const MAX_HELD = 10_000;
const AT_ONCE = 50;

/**
 * The jobs that this client is at work on. While it lives, nobody else is given them; one whose turn to renew comes first
 * is leased by that, so that a short job costs nothing.
 */
export class Leases {
  readonly #store: SafeStore;
  readonly #host: Pick<JobsHost, 'logger' | 'runtime'>;
  #name: string | undefined;
  readonly #held = new Set<string>();
  #timer: unknown;
  #isClosed = false;

  constructor(store: SafeStore, host: Pick<JobsHost, 'logger' | 'runtime'>) {
    this.#store = store;
    this.#host = host;
  }

  /** Whose the leases of this client are. Chance is not to be had at module level of a Worker. */
  get #holder(): string {
    this.#name ??= uuid();
    return this.#name;
  }

  /** False where another holds it. */
  async take(key: string): Promise<boolean> {
    const isMine = await this.#store.lease(key, this.#holder, LEASE_MS);
    if (isMine) this.hold(key);
    return isMine;
  }

  /** From the next beat on. */
  hold(key: string): void {
    if (!this.#store.hasLeases || this.#isClosed) return;
    this.#held.add(key);
    if (this.#held.size > MAX_HELD) {
      for (const oldest of this.#held) {
        this.#held.delete(oldest);
        break;
      }
    }
    this.#arm();
  }

  /** Gives it back where it is held; never rejects. */
  async release(key: string): Promise<void> {
    if (!this.#held.delete(key)) return;
    if (this.#held.size === 0) this.#disarm();
    // It runs out by itself.
    await this.#store.lease(key, this.#holder, 0).catch(() => {});
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#disarm();
    await this.#each((key) => this.release(key));
  }

  #arm(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#host.runtime.setTimeout(() => void this.#beat(), RENEW_MS);
    // A process that has nothing else to do may end.
    (this.#timer as { unref?(): void }).unref?.();
  }

  #disarm(): void {
    this.#host.runtime.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #beat(): Promise<void> {
    let failure: unknown;
    await this.#each(async (key) => {
      try {
        const isMine = await this.#store.lease(key, this.#holder, LEASE_MS);
        // It was away for longer than the lease, and somebody else is at work.
        if (!isMine) this.#held.delete(key);
        // Given back in the meantime.
        else if (!this.#held.has(key)) await this.#store.lease(key, this.#holder, 0);
      } catch (error) {
        failure = error;
      }
    });
    if (failure !== undefined) this.#host.logger.debug(`leases were not renewed: ${String(failure)}`);
    this.#timer = undefined;
    if (this.#held.size > 0 && !this.#isClosed) this.#arm();
  }

  async #each(work: (key: string) => Promise<void>): Promise<void> {
    const keys = [...this.#held];
    for (let start = 0; start < keys.length; start += AT_ONCE) {
      await Promise.all(keys.slice(start, start + AT_ONCE).map(work));
    }
  }
}
