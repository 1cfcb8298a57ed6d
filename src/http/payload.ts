import type { HttpRequest } from '../backends/backend.js';
import { InputError, partNotLoaded } from '../errors.js';
import { loadSeldom } from './load-seldom.js';
import type { Payload } from './types.js';

/**
 * Makes a body once for all attempts.
 *
 * @param foreign - The fetch is not the platform's: it may not know the platform's FormData, and would send
 * `[object FormData]`.
 * @throws InputError where it cannot be made, so that nothing is sent.
 */
export async function payloadOf({ body, method }: HttpRequest, foreign: boolean): Promise<Payload> {
  if (body === undefined || method === 'GET') return {};
  if (body.type === 'json') return { body: jsonOf(body.value), contentType: 'application/json' };
  const { formPayload } = await loadSeldom().catch((cause: unknown) => {
    throw partNotLoaded('forms', undefined, cause);
  });
  return formPayload(body.fields, foreign);
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new InputError(
      'input',
      'what was given cannot be sent as JSON: too large, in a circle, or a bigint',
      {
        cause,
      },
    );
  }
}
