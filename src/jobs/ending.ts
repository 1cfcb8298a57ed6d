import type { Runtime } from '../runtime/runtime.js';

/**
 * The end of something that is under way, for whatever of it waits. As an AbortSignal, but for what one costs in Node, which
 * is as much as all that is done with a record in memory.
 */
export class Ending {
  readonly #waiting = new Set<(reason: unknown) => void>();
  #over: { readonly reason: unknown } | undefined;

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** Once: the first reason stands. */
  end(reason: unknown): void {
    if (this.#over !== undefined) return;
    this.#over = { reason };
    for (const tell of this.#waiting) tell(reason);
    this.#waiting.clear();
  }

  throwIfOver(): void {
    if (this.#over !== undefined) throw this.#over.reason;
  }

  /** What `work` comes to; rejects with the reason as soon as it is over. */
  wait<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) reject(this.#over.reason);
      else this.#waiting.add(reject);
      const leave = () => this.#waiting.delete(reject);
      work.then(
        (value) => {
          leave();
          resolve(value);
        },
        (error) => {
          leave();
          reject(error);
        },
      );
    });
  }

  /** Rejects with the reason as soon as it is over. */
  async sleep(runtime: Pick<Runtime, 'setTimeout' | 'clearTimeout'>, delayMs: number): Promise<void> {
    let timer: unknown;
    try {
      await this.wait(
        new Promise<void>((resolve) => {
          timer = runtime.setTimeout(resolve, delayMs);
        }),
      );
    } finally {
      runtime.clearTimeout(timer);
    }
  }
}
