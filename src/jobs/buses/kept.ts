/** Before what could not be read is read again, in milliseconds. */
const PAUSE_MS = 1_000;
/** How many are read at once. */
const AT_ONCE = 100;

export interface KeptDeps {
  /** Rejects where it cannot be read now. */
  read(id: string): Promise<void>;
  isWanted(id: string): boolean;
}

/** Reads what is kept of jobs, until that has worked once since it was last asked for, or nobody wants it any more. */
export class KeptReader {
  readonly #deps: KeptDeps;
  readonly #due = new Set<string>();
  #underWay = 0;
  #isPausing = false;

  constructor(deps: KeptDeps) {
    this.#deps = deps;
  }

  /** By a call that starts from now on. */
  ask(ids: Iterable<string>): void {
    for (const id of ids) this.#due.add(id);
    this.#start();
  }

  #start(): void {
    for (const id of this.#due) {
      if (this.#underWay >= AT_ONCE || this.#isPausing) return;
      this.#due.delete(id);
      if (this.#deps.isWanted(id)) void this.#read(id);
    }
  }

  async #read(id: string): Promise<void> {
    this.#underWay++;
    try {
      await this.#deps.read(id);
    } catch {
      this.#due.add(id);
      this.#pause();
    }
    this.#underWay--;
    this.#start();
  }

  #pause(): void {
    if (this.#isPausing) return;
    this.#isPausing = true;
    const timer: { unref?: () => void } | number = setTimeout(() => {
      this.#isPausing = false;
      this.#start();
    }, PAUSE_MS);
    // A process that waits for a job lives by that, not by this.
    if (typeof timer === 'object') timer.unref?.();
  }
}
