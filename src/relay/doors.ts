import { Refused } from './answer.js';
import { type Place, Places, type RelayLimits } from './limits.js';

/** Lets sockets and streams in while there is room, and while the process stays. */
export class Doors {
  readonly #places: Places;
  isDraining = false;

  constructor(limits: RelayLimits) {
    this.#places = new Places(limits);
  }

  /** Before anybody is asked who comes. @throws Refused with 503. */
  checkOpen(): void {
    if (this.isDraining) throw new Refused(503, 'The server is restarting', { retryAfterMs: 1_000 });
    if (this.#places.refusal() === 503) throw full();
  }

  /** @throws Refused with 429 or 503. */
  enter(userId: string): Place {
    this.checkOpen();
    if (this.#places.refusal(userId) === 429)
      throw new Refused(429, 'Too many connections of one user', { retryAfterMs: 5_000 });
    return this.#places.reserve(userId);
  }
}

function full(): Refused {
  return new Refused(503, 'Too many connections', { retryAfterMs: 5_000 });
}
