/**
 * @internal One listener on each signal of the caller's, however many calls and jobs it is to end: Node takes more
 * than ten for a leak, and says so.
 */
export class Aborts {
  readonly #told = new Map<AbortSignal, Set<(reason: unknown) => void>>();

  /** Tells once that the signal is aborted. Returns a function that stops that, safe to call twice. */
  listen(signal: AbortSignal, tell: (reason: unknown) => void): () => void {
    const told = this.#told.get(signal) ?? new Set();
    if (told.size === 0) {
      this.#told.set(signal, told);
      signal.addEventListener('abort', this.#onAbort);
    }
    told.add(tell);
    return () => {
      if (!told.delete(tell) || told.size > 0) return;
      this.#told.delete(signal);
      signal.removeEventListener('abort', this.#onAbort);
    };
  }

  readonly #onAbort = (event: Event) => {
    const signal = event.target as AbortSignal;
    for (const tell of this.#told.get(signal) ?? []) tell(signal.reason);
  };
}
