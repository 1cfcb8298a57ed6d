import type { FollowEvent, Happening } from '../core/follow-model.js';
import type { Runtime } from '../runtime/runtime.js';

/** Says when something happened. */
export class EventClock {
  readonly #runtime: Pick<Runtime, 'now' | 'elapsedMs'>;
  #readAt = -1;
  #wallNow = 0;

  constructor(runtime: Pick<Runtime, 'now' | 'elapsedMs'>) {
    this.#runtime = runtime;
  }

  /** Written into it, not copied: this is done for each frame. */
  date(happening: Happening | FollowEvent): FollowEvent {
    const event = happening as { -readonly [K in keyof FollowEvent]: FollowEvent[K] };
    event.now = this.#runtime.elapsedMs();
    // Read once a millisecond: a stream may bring a thousand frames in one.
    if (event.now !== this.#readAt) this.#wallNow = this.#runtime.now();
    this.#readAt = event.now;
    event.wallNow = this.#wallNow;
    return event as FollowEvent;
  }
}
