/** So many are begun before others have their turn. */
const AT_ONCE = 64;

/**
 * Begins work in the order in which it comes, some at a time: what thousands of pages ask for in one moment would else
 * all be under way at once, and held in memory. None waits for another to end.
 */
export class Turns {
  #begun = 0;
  readonly #waiting: (() => void)[] = [];

  /** `work` must not throw. */
  begin(work: () => void): void {
    this.#waiting.push(work);
    this.#go();
  }

  #go(): void {
    while (this.#begun < AT_ONCE) {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      if (this.#begun++ === 0) void othersTurn().then(() => this.#next());
      work();
    }
  }

  #next(): void {
    this.#begun = 0;
    this.#go();
  }
}

/** Before anything that waits for a timer, where the runtime can do that. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => (globalThis.setImmediate ?? setTimeout)(resolve));
}
