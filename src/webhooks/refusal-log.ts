import { onOneLine } from '../errors.js';
import { isThere } from './check-delivery.js';

/** Takes a line for people. */
export interface WebhookLogger {
  /** Something was refused, or takes long. */
  warn(message: string): void;
}

/** Between two lines for the same reason: anybody can send what is refused. */
const INTERVAL_MS = 60_000;

/** Tells the logger once a minute for each reason, and how many more there were. Never throws. */
export class RefusalLog {
  readonly #logger: WebhookLogger | undefined;
  /** The reasons are few, and ours. */
  readonly #reasons = new Map<string, { readonly toldMs: number; more: number }>();

  constructor(logger: WebhookLogger | undefined) {
    this.#logger = logger;
  }

  /** How many were left out since the last line; undefined where none is due. */
  due(reason: string): number | undefined {
    const before = this.#reasons.get(reason);
    // Monotonic: a clock that is set back must not silence this.
    const nowMs = performance.now();
    if (before && nowMs - before.toldMs < INTERVAL_MS) {
      before.more += 1;
      return undefined;
    }
    this.#reasons.set(reason, { toldMs: nowMs, more: 0 });
    return before?.more ?? 0;
  }

  /**
   * Waits for the words, which have a limit of their own, and not for the logger: one that hangs must not take the answer away.
   *
   * @param words - Asked for only where a line is due. They may hold words of others.
   * @param later - Given what a logger goes on with, where it is one that writes later. Never rejects.
   */
  async tell(
    reason: string,
    words: () => Promise<string>,
    later: (writing: Promise<unknown>) => void,
  ): Promise<void> {
    const more = this.#logger && this.due(reason);
    if (more === undefined) return;
    try {
      const told: unknown = this.#logger?.warn(
        onOneLine(`reelwire: webhook ${reason}, ${await words()}${leftOut(more)}`),
      );
      if (!isThere(told)) later(Promise.resolve(told).catch(() => {}));
    } catch {
      // A log that fails refuses nobody.
    }
  }
}

export function leftOut(more: number): string {
  return more > 0 ? ` (and ${more} more since the last line)` : '';
}
