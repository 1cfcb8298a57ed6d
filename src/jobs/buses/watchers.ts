import { positionOf } from '../../core/job-state.js';
import { wordsOf } from '../../core/text.js';
import type { SharedSnapshot } from '../bus.js';

type Listener = (snapshot: SharedSnapshot) => void;

/** Who watches what, and how far each was told. */
export class Watchers {
  readonly #byId = new Map<string, Map<symbol, { readonly listener: Listener; position: number }>>();

  get ids(): readonly string[] {
    return [...this.#byId.keys()];
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Returns how to end it, which is safe to call twice. */
  add(id: string, listener: Listener): () => void {
    const watcher = Symbol();
    const watchers = this.#byId.get(id) ?? new Map();
    this.#byId.set(id, watchers.set(watcher, { listener, position: -1 }));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#byId.get(id) === watchers) this.#byId.delete(id);
    };
  }

  /** Each watcher to whom it is news. One that throws keeps the others from nothing. */
  tell(snapshot: SharedSnapshot): void {
    const position = positionOf(snapshot);
    for (const watcher of [...(this.#byId.get(snapshot.id)?.values() ?? [])]) {
      if (position <= watcher.position) continue;
      watcher.position = position;
      try {
        watcher.listener(snapshot);
      } catch (error) {
        console.error(`a listener of the bus threw: ${wordsOf(error)}`);
      }
    }
  }

  clear(): void {
    this.#byId.clear();
  }
}
