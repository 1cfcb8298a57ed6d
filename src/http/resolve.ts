import { holdsPassword, isHttp, parseUrl } from '../core/url.js';
import { InvalidResponseError } from '../errors.js';

/**
 * Where a URL of a backend leads: a route below `baseUrl`, or a URL of its own. What it gives throws
 * `InvalidResponseError` for one that cannot be fetched.
 */
export function resolverOf(baseUrl: URL): (url: string) => URL {
  const basePath = baseUrl.pathname.replace(/\/+$/, '');
  // `/v1` is part of what some call the base URL, and of what others call the route.
  const version = /\/v\d+$/.exec(basePath)?.[0];
  return (url) => {
    const isRepeated = version !== undefined && url.startsWith(`${version}/`);
    const base = baseUrl.origin + (isRepeated ? basePath.slice(0, -version.length) : basePath);
    // Joined as text below our origin: `/\host` and the like would otherwise be another one.
    const resolved = /^\/(?!\/)/.test(url) ? parseUrl(base + url) : parseUrl(url, `${base}/`);
    if (resolved !== undefined && isHttp(resolved) && !holdsPassword(resolved)) return resolved;
    // Told without the text: it may hold a signature.
    throw new InvalidResponseError('the server gave a URL that cannot be fetched', {
      hint: 'Only http: and https: without user name and password are.',
    });
  };
}
