import type { ServerSettings } from '../core/settings.js';
import { partNotLoaded } from '../errors.js';
import { loadSeldom } from './load-seldom.js';
import type { Redaction } from './redaction.js';
import { LEAST_SECRET_LENGTH } from './secret-length.js';
import { type Credentials, NO_CREDENTIALS } from './trust.js';

/** All that was sent as a credential, and the way to keep it out of what is shown. */
export class Secrets {
  #seldom: Awaited<ReturnType<typeof loadSeldom>> | undefined;
  /** There where anything is known. */
  #redaction: Redaction | undefined;

  /**
   * The credentials of one call, which are kept out of what is shown from then on.
   *
   * @throws ConfigurationError as `askCredentials` does; VideoError of code `part-not-loaded` where a page could not
   * fetch what asks for them.
   */
  async ask(settings: ServerSettings): Promise<Credentials> {
    if (settings.auth === undefined && settings.headers === undefined) return NO_CREDENTIALS;
    const { askCredentials } = await this.#load();
    const credentials = await askCredentials(settings);
    await this.remember(credentials.secrets, credentials.headers);
    return credentials;
  }

  /**
   * Before they are sent.
   *
   * @param headers - By lower-case name; the secrets in them are found.
   * @throws VideoError of code `part-not-loaded` where a page could not fetch what keeps them out of what is shown.
   */
  async remember(texts: Iterable<string>, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const given = [...texts];
    if ([...given, ...Object.values(headers)].every((text) => text.length < LEAST_SECRET_LENGTH)) return;
    const { Redaction } = await this.#load();
    this.#redaction ??= new Redaction();
    this.#redaction.remember(given, headers);
  }

  /** The text without any of them, however they are escaped, also where the text was cut within one. */
  redact(text: string): string {
    return this.#redaction?.redact(text) ?? text;
  }

  /** The same error, its words and those of its causes redacted. A foreign one that shows a secret is replaced. */
  clean<T>(error: T): T {
    return this.#redaction === undefined ? error : this.#redaction.clean(error);
  }

  async #load() {
    this.#seldom ??= await loadSeldom().catch((cause: unknown) => {
      throw partNotLoaded('credentials', undefined, cause);
    });
    return this.#seldom;
  }
}
