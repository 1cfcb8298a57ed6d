import { ownJob } from '../dialect.js';
import { json } from '../exchange.js';
import { type Flavour, refusals, textOf } from './flavour.js';
import { openAI, secondsProblem } from './openai.js';

/**
 * Azure OpenAI (Foundry), Sora 2: the API of OpenAI below `/openai`, by the header `api-key` or a bearer token.
 *
 * Source: learn.microsoft.com, Foundry REST reference, "Video generation".
 */
export const azure: Flavour = {
  ...openAI,
  basePath: '/openai',
  honoursIdempotencyKeys: false,
  credential: [{ header: 'api-key' }, { header: 'authorization', scheme: 'Bearer' }],
  headers: () => ({ 'apim-request-id': crypto.randomUUID() }),
  webhooks: undefined,
  refuse: refusals(
    (status, message) => error(status, message === 'Not Found' ? 'Resource not found' : message),
    () => error(401, 'Access denied due to invalid subscription key or wrong API endpoint.'),
  ),
  refusal(call) {
    if (call.body.problem !== undefined) return error(400, call.body.problem);
    const missing = ['model', 'prompt'].find((field) => textOf(call, field) === undefined);
    return missing === undefined
      ? secondsProblem(call)
      : error(400, `Missing required parameter: '${missing}'.`);
  },
  find: (call) => ownJob(call, 'openAIVideos'),
  missing: ({ params }) => error(404, `Video with id '${params.jobId}' not found.`),
};

function error(status: number, message: string): Response {
  return json({ error: { code: String(status), message } }, status);
}
