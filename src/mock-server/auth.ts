import { json } from './exchange.js';
import type { MockDialect } from './job.js';
import { openAIError } from './openai-videos.js';
import type { MockAuth, MockServiceOptions } from './options.js';

/**
 * True where no credentials are needed or the right ones came: in `Authorization` or, for a browser's WebSocket,
 * which can set no header, as `?token=`.
 */
export function authorised(
  auth: MockServiceOptions['auth'],
  headers: Headers,
  query?: URLSearchParams,
): boolean {
  if (auth === undefined) return true;
  const given = headers.get('authorization');
  const token = query?.get('token');
  return [auth]
    .flat()
    .some(
      (accepted) => given === headerOf(accepted) || (accepted.type === 'bearer' && token === accepted.token),
    );
}

export function unauthorised(dialect: MockDialect): Response {
  const message = 'Missing or wrong credentials.';
  const response =
    dialect === 'openAIVideos'
      ? openAIError(401, message, { code: 'invalid_api_key' })
      : json({ error: 'Unauthorized', message }, 401);
  response.headers.set('www-authenticate', 'Bearer');
  return response;
}

function headerOf(auth: MockAuth): string {
  if (auth.type === 'bearer') return `Bearer ${auth.token}`;
  const bytes = new TextEncoder().encode(`${auth.username}:${auth.password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
