import { partNotLoaded } from '../errors.js';
import { loadSeldom } from './load-seldom.js';
import type { Redaction } from './redaction.js';
import { LEAST_SECRET_LENGTH } from './secret-length.js';

/** Tokens change, and a server may quote one of before; the oldest are forgotten. */
const MAX_KNOWN = 50;

/** All that was sent as a credential, and the way to keep it out of what is shown. */
export class Secrets {
  readonly #known = new Set<string>();
  /** There where anything is known. */
  #redaction: Redaction | undefined;

  /**
   * Before they are sent.
   *
   * @throws VideoError of code `part-not-loaded` where a page could not fetch what keeps them out of what is shown.
   */
  async remember(secrets: Iterable<string>): Promise<void> {
    const long = [...secrets].filter(
      (secret) => secret.length >= LEAST_SECRET_LENGTH && !/\p{Cs}/u.test(secret),
    );
    if (long.length === 0) return;
    if (this.#redaction === undefined) {
      const { Redaction } = await loadSeldom().catch((cause: unknown) => {
        throw partNotLoaded('redaction', undefined, cause);
      });
      this.#redaction = new Redaction(this.#known);
    }
    for (const secret of long) {
      this.#known.delete(secret);
      this.#known.add(secret);
    }
    for (const oldest of this.#known) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
  }

  /** The text without any of them, however they are escaped, also where the text was cut within one. */
  redact(text: string): string {
    return this.#redaction?.redact(text) ?? text;
  }

  /** The same error, its words and those of its causes redacted. A foreign one that shows a secret is replaced. */
  clean<T>(error: T): T {
    return this.#redaction === undefined ? error : this.#redaction.clean(error);
  }
}
