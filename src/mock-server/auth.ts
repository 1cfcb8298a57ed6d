import type { Credential, Dialect } from './dialect.js';
import type { Exchange } from './exchange.js';
import type { MockAuth, MockServiceOptions } from './options.js';

const BEARER: Credential = { header: 'authorization', scheme: 'Bearer' };

/**
 * True where no credentials are needed or the right ones came: as the dialect sends them or, for a browser's WebSocket,
 * which can set no header, as `?token=`.
 */
export function authorised(
  auth: MockServiceOptions['auth'],
  { credential = BEARER }: Pick<Dialect, 'credential'>,
  headers: Headers,
  query?: URLSearchParams,
): boolean {
  if (auth === undefined) return true;
  const token = query?.get('token');
  return [auth].flat().some((accepted) => {
    if (accepted.type === 'basic') return headers.get('authorization') === basicOf(accepted);
    return (
      token === accepted.token || [credential].flat().some((way) => isGiven(accepted.token, way, headers))
    );
  });
}

export function unauthorised(dialect: Dialect, exchange: Pick<Exchange, 'method' | 'url'>): Response {
  const response = dialect.refuse('unauthorised', exchange);
  const scheme = [dialect.credential ?? BEARER].flat().find((way) => way.scheme)?.scheme;
  if (scheme !== undefined) response.headers.set('www-authenticate', scheme);
  return response;
}

function isGiven(token: string, { header, scheme }: Credential, headers: Headers): boolean {
  return headers.get(header) === (scheme === undefined ? token : `${scheme} ${token}`);
}

function basicOf({ username, password }: MockAuth & { readonly type: 'basic' }): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
