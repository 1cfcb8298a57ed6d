import { bytes } from './exchange.js';
import type { MockVariant } from './media/files.js';
import type { Call, Route } from './routes.js';

const VARIANTS: readonly MockVariant[] = ['video', 'reels', 'thumbnail', 'spritesheet'];

/** The second origin: an object store that knows signed URLs and takes no other credentials. */
export const filesRoutes: readonly Route[] = VARIANTS.map((variant) => ({
  name: 'files',
  dialect: 'files',
  method: 'GET',
  path: `/${variant}/:jobId`,
  handle: (call: Call) => get(call, variant),
}));

export function storeError(status: number, code: string, message: string): Response {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return bytes(new TextEncoder().encode(xml), status, { 'content-type': 'application/xml' });
}

function get(call: Call, variant: MockVariant): Response | Promise<Response> {
  const { context, exchange, params, query } = call;
  // As real stores do: a credential that was not meant for it is an error, not ignored.
  if (exchange.headers.has('authorization'))
    return storeError(400, 'InvalidArgument', 'Only one auth mechanism allowed');
  const problem = context.signedUrlProblem(query);
  if (problem !== undefined) return storeError(403, problem, 'Request has expired');
  const job = context.jobs.get(params.jobId ?? '');
  if (job?.ready !== true) return storeError(404, 'NoSuchKey', 'The specified key does not exist.');
  return context.serve(call, job, variant);
}
