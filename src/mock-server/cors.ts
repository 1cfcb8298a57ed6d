/** What a page's script may read of an answer. */
const EXPOSED = [
  ...['Accept-Ranges', 'Content-Disposition', 'Content-Length', 'Content-Range', 'Content-Type', 'ETag'],
  ...['Last-Modified', 'Location', 'Repr-Digest', 'Retry-After', 'X-Request-Id'],
].join(', ');

export function addCorsHeaders(headers: Headers): void {
  headers.set('access-control-allow-origin', '*');
  headers.set('access-control-expose-headers', EXPOSED);
}

/**
 * Allows whatever is asked: a `*` would not cover `Authorization`. Only whom the owner named reaches a private network
 * from a public one.
 */
export function preflight(request: Headers, privateNetwork: boolean): Response {
  const headers = new Headers({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
    'access-control-allow-headers': request.get('access-control-request-headers') ?? '*',
    'access-control-max-age': '600',
    vary: 'Access-Control-Request-Headers',
  });
  if (privateNetwork && request.has('access-control-request-private-network'))
    headers.set('access-control-allow-private-network', 'true');
  return new Response(null, { status: 204, headers });
}
