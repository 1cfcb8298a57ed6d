import { isRecord } from '../body.js';
import { json } from '../exchange.js';
import { randomHex } from '../job.js';
import type { Call, Route } from '../routes.js';
import { falError } from './fal-request.js';

const dialect = 'fal';

/**
 * Files to be used as input: a URL to put the bytes to, and the one that they are then found at. At fal both, and this
 * route, are at other hosts than the queue.
 */
export const storageRoutes: readonly Route[] = [
  { name: 'upload', dialect, method: 'POST', path: '/storage/upload/initiate', handle: initiate },
  {
    ...{ name: 'upload', dialect, method: 'PUT', path: '/storage/files/:fileId/:name', isPublic: true },
    handle: ({ context, params }) =>
      context.uploads.has(params.fileId ?? '') ? new Response(null) : falError(403, 'Forbidden'),
  },
];

function initiate({ body, context, query }: Call): Response {
  const { content_type, file_name } = isRecord(body.value) ? body.value : {};
  if (
    query.get('storage_type') !== 'fal-cdn-v3' ||
    typeof content_type !== 'string' ||
    typeof file_name !== 'string'
  )
    return falError(422, [{ loc: ['body', 'file_name'], msg: 'Field required', type: 'missing' }]);
  const id = randomHex(8);
  context.uploads.set(id, { content_type, file_name });
  const url = `${context.urlOf(dialect)}/storage/files/${id}/${encodeURIComponent(file_name)}`;
  return json({ upload_url: url, file_url: url });
}
