import type { Dialect } from './dialect.js';
import type { Exchange } from './exchange.js';
import type { MockAuth, MockServiceOptions } from './options.js';

type Credential = NonNullable<Dialect['credential']>;

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
  return [auth]
    .flat()
    .some(
      (accepted) =>
        isGiven(accepted, credential, headers) || (accepted.type === 'bearer' && token === accepted.token),
    );
}

export function unauthorised(dialect: Dialect, exchange: Pick<Exchange, 'method' | 'url'>): Response {
  const response = dialect.refuse('unauthorised', exchange);
  const { scheme } = dialect.credential ?? BEARER;
  if (scheme !== undefined) response.headers.set('www-authenticate', scheme);
  return response;
}

function isGiven(auth: MockAuth, { header, scheme }: Credential, headers: Headers): boolean {
  if (auth.type === 'basic')
    return headers.get('authorization') === `Basic ${base64Of(`${auth.username}:${auth.password}`)}`;
  return headers.get(header) === (scheme === undefined ? auth.token : `${scheme} ${auth.token}`);
}

function base64Of(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
