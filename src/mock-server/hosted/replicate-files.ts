import { isRecord } from '../body.js';
import { json } from '../exchange.js';
import type { Call, Route } from '../routes.js';
import { NOT_FOUND, replicateError } from './replicate-input.js';

const dialect = 'replicate';
/** Files are deleted so long after they came. */
const KEPT_MS = 24 * 3_600_000;
const MAX_BYTES = 100 * 1_024 * 1_024;

/** Files to be used as input. What was uploaded stands in the request log; here is only what is told of it. */
export const fileRoutes: readonly Route[] = [
  { name: 'upload', dialect, method: 'POST', path: '/v1/files', handle: upload },
  {
    name: 'upload',
    dialect,
    method: 'GET',
    path: '/v1/files',
    handle: ({ context }) =>
      json({ previous: null, next: null, results: [...context.uploads.values()].reverse() }),
  },
  {
    name: 'upload',
    dialect,
    method: 'GET',
    path: '/v1/files/:fileId',
    handle({ context, params }) {
      const file = context.uploads.get(params.fileId ?? '');
      return file === undefined ? replicateError(404, 'Not found', NOT_FOUND) : json(file);
    },
  },
  {
    name: 'upload',
    dialect,
    method: 'DELETE',
    path: '/v1/files/:fileId',
    handle: ({ context, params }) =>
      context.uploads.delete(params.fileId ?? '')
        ? new Response(null, { status: 204 })
        : replicateError(404, 'Not found', NOT_FOUND),
  },
];

/** A form: the file is `content`, and `metadata` a JSON object, as a text or as a file. */
async function upload({ body, context }: Call): Promise<Response> {
  const file = body.files.find(({ name }) => name === 'content');
  if (file === undefined) return replicateError(400, 'Bad request', 'content is required');
  if (file.bytes.byteLength > MAX_BYTES)
    return replicateError(413, 'Content too large', 'content exceeds 100 MB');
  const metadata = metadataOf(body);
  if (metadata === undefined) return replicateError(400, 'Bad request', 'metadata must be a JSON object');
  const id = btoa(crypto.randomUUID()).replaceAll('=', '');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', file.bytes.slice()));
  const created = Date.now();
  const told = {
    id,
    name: file.filename,
    content_type: file.contentType || 'application/octet-stream',
    size: file.bytes.byteLength,
    checksums: { sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') },
    metadata,
    created_at: new Date(created).toISOString(),
    expires_at: new Date(created + KEPT_MS).toISOString(),
    urls: { get: `${context.urlOf(dialect)}/files/${id}` },
  };
  context.uploads.set(id, told);
  return json(told, 201);
}

function metadataOf({ files, input }: Call['body']): Record<string, unknown> | undefined {
  const part = files.find(({ name }) => name === 'metadata');
  const text = part === undefined ? (input.metadata ?? '{}') : new TextDecoder().decode(part.bytes);
  try {
    const value: unknown = JSON.parse(String(text));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
