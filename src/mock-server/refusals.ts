import type { Dialect } from './dialect.js';
import { json } from './exchange.js';

/** `{error}`, as the dialects of the seeds have it. */
export const plainRefusal: Dialect['refuse'] = (reason) => {
  if (reason === 'unauthorised')
    return json({ error: 'Unauthorized', message: 'Missing or wrong credentials.' }, 401);
  return reason === 'unknown-route'
    ? json({ error: 'Not found' }, 404)
    : json({ error: 'Method not allowed' }, 405);
};
