import type { ServerSettings } from '../core/settings.js';

/** The headers that go to our origins alone, by lower-case name. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** What is secret within them, where their names do not tell. */
  readonly secrets: readonly string[];
}

export const NO_CREDENTIALS: Credentials = { headers: {}, secrets: [] };

/**
 * True for the origin of `baseUrl`, and for that of `webSocketUrl`: the only ones that get credentials. A function
 * is not asked for this: what it gives may be a ticket that is good for one connect.
 */
export function isTrusted(url: URL, { baseUrl, webSocketUrl }: ServerSettings): boolean {
  if (url.origin === baseUrl.origin) return true;
  if (webSocketUrl === undefined || typeof webSocketUrl === 'function') return false;
  return new URL(webSocketUrl, baseUrl).origin.replace(/^ws/, 'http') === url.origin;
}
