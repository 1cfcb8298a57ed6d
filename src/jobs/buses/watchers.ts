import { type Link, unlink } from '../../core/chain.js';
import { positionOf } from '../../core/job-state.js';
import { wordsOf } from '../../core/text.js';
import type { SharedSnapshot } from '../bus.js';

type Listener = (snapshot: SharedSnapshot) => void;

/** Who watches one job, how far that was told, and who else does. */
interface Watcher extends Link<Watcher> {
  readonly listener: Listener;
  position: number;
}

/** Who watches what, and how far each was told. */
export class Watchers {
  readonly #first = new Map<string, Watcher>();

  get ids(): readonly string[] {
    return [...this.#first.keys()];
  }

  has(id: string): boolean {
    return this.#first.has(id);
  }

  /** Returns how to end it, which is safe to call twice. */
  add(id: string, listener: Listener): () => void {
    const watcher: Watcher = { listener, position: -1, next: this.#first.get(id), hasLeft: false };
    this.#first.set(id, watcher);
    return () => {
      const first = this.#first.get(id);
      if (watcher.hasLeft || first === undefined) return;
      watcher.hasLeft = true;
      const left = unlink(first, watcher);
      if (left === undefined) this.#first.delete(id);
      else this.#first.set(id, left);
    };
  }

  /** Each watcher to whom it is news. One that throws keeps the others from nothing. */
  tell(snapshot: SharedSnapshot): void {
    const position = positionOf(snapshot);
    for (let watcher = this.#first.get(snapshot.id); watcher !== undefined; watcher = watcher.next) {
      if (watcher.hasLeft || position <= watcher.position) continue;
      watcher.position = position;
      try {
        watcher.listener(snapshot);
      } catch (error) {
        console.error(`a listener of the bus threw: ${wordsOf(error)}`);
      }
    }
  }

  clear(): void {
    this.#first.clear();
  }
}
