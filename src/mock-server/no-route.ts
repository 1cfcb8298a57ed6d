import { type Exchange, json } from './exchange.js';
import { openAIError } from './openai-videos.js';

/** In the words of the dialect whose path it looks like. */
export function noRoute({ method, url }: Exchange, match: 'wrong-method' | undefined): Response {
  const status = match === undefined ? 404 : 405;
  const { pathname } = url;
  if (pathname === '/v1' || pathname.startsWith('/v1/')) {
    return status === 404
      ? openAIError(404, `Unknown request URL: ${method} ${pathname}.`, { code: 'unknown_url' })
      : openAIError(405, `Invalid method for URL (${method} ${pathname})`, { code: 'method_not_supported' });
  }
  return json({ error: status === 404 ? 'Not found' : 'Method not allowed' }, status);
}
