/** The URL, or undefined where it is none. */
export function parseUrl(value: string | URL, base?: string | URL): URL | undefined {
  try {
    return new URL(value, base);
  } catch {
    return undefined;
  }
}

/** True for `http` and `https`. */
export function isHttp(url: URL): boolean {
  return /^https?:$/.test(url.protocol);
}

/** A URL with a password in it is refused, and must not be shown. */
export function holdsPassword(url: URL): boolean {
  return url.username + url.password !== '';
}
