import { onOneLine } from '../errors.js';

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

  /** @param words - Asked for only where a line is due. They may hold words of others. */
  async tell(reason: string, words: () => Promise<string>): Promise<void> {
    const more = this.#logger && this.due(reason);
    if (more === undefined) return;
    try {
      const told: unknown = this.#logger?.warn(
        onOneLine(`reelwire: webhook ${reason}, ${await words()}${leftOut(more)}`),
      );
      await told;
    } catch {
      // A log that fails refuses nobody.
    }
  }
}

export function leftOut(more: number): string {
  return more > 0 ? ` (and ${more} more since the last line)` : '';
}
