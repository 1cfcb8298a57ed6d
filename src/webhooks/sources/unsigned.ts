import type { JobSnapshot } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import { ConfigurationError } from '../../errors.js';
import { Asks } from '../asks.js';
import { jobIdOf } from '../events.js';
import { UNSIGNED, type WebhookSource } from '../source.js';

/** Options for `unsignedWebhooks`. */
export interface UnsignedWebhooksOptions {
  /**
   * Asks who knows: `(jobId, options) => client.status(jobId, options)`. Its answer is what is told; undefined, or a
   * rejection of status 404, where there is no such job. `signal` aborts when the answer is no longer waited for. Anybody
   * may have chosen the id: encode it where it becomes part of a URL, as `client.status` does.
   */
  readonly ask: (
    jobId: string,
    options: { readonly signal?: AbortSignal },
  ) => Promise<JobSnapshot | undefined>;
  /** The id of the job that a body names, given as parsed JSON. Where it throws or rejects, that is none. @default its `id`, `task.id` or `task_id` */
  readonly idOf?: ((body: unknown) => unknown) | undefined;
}

/**
 * The webhooks of a server that does not sign them, such as MiniMax: **nobody is believed**. A delivery only makes us ask
 * what is true of the job that it names, and the event is made of the answer, whoever sent the delivery and whatever it says.
 *
 * At most 16 jobs are asked for at once; the deliveries of others are answered 503, as are those whose answer does not
 * come, so that the sender comes again. A job that nobody knows is answered 200, and told as `unknown`. The id of an event is
 * `jobId:status:progress` of the answer, so that no forgery takes the place of what is true later. A challenge, as
 * MiniMax sends one (`{ "challenge": "…" }`), is answered with itself.
 *
 * Source of the challenge: MiniMax's document of `callback_url`, "return it within 3 seconds".
 *
 * `unwrapWebhook` takes it too, rejects with what `ask` rejects with, and with the code `rate-limited` where there are 16 already.
 *
 * @throws ConfigurationError `ask`
 * @example
 * createWebhookHandler({ from: unsignedWebhooks({ ask: (id, options) => client.status(id, options) }), onCompleted });
 */
export function unsignedWebhooks({ ask, idOf = namedId }: UnsignedWebhooksOptions): WebhookSource {
  if (typeof ask !== 'function') {
    throw new ConfigurationError('ask', 'ask must be a function', {
      hint: 'Such as ask: (jobId, options) => client.status(jobId, options).',
    });
  }
  const asks = new Asks(MAX_ASKS);
  return {
    name: 'unsigned',
    verify: async ({ body }) => ({ scheme: UNSIGNED, body }),
    challenge,
    async read(body) {
      const jobId = jobIdOf(await found(idOf, body));
      return jobId === undefined ? undefined : { jobId, raw: body };
    },
    async resolve({ jobId }, context) {
      const { signal } = context ?? {};
      try {
        return await asks.run(signal, () => ask(jobId, signal ? { signal } : {}));
      } catch (error) {
        if (isRecord(error) && error.status === 404) return undefined;
        throw error;
      }
    },
  };
}

/** Each costs a call to the server, and anybody can cause one. */
const MAX_ASKS = 16;
/** The longest challenge that is answered, in characters. */
const MAX_CHALLENGE = 1_024;

function namedId(body: unknown): unknown {
  if (!isRecord(body)) return undefined;
  return body.id ?? (isRecord(body.task) ? body.task.id : undefined) ?? body.task_id;
}

/** Anybody can send what a function for other bodies does not expect. */
async function found(idOf: (body: unknown) => unknown, body: unknown): Promise<unknown> {
  try {
    return await idOf(body);
  } catch {
    return undefined;
  }
}

/** Nothing but what came goes back, and never as a page. */
function challenge(body: unknown): Response | undefined {
  const text = isRecord(body) ? body.challenge : undefined;
  const isOne = typeof text === 'number' || (typeof text === 'string' && text.length <= MAX_CHALLENGE);
  if (!isOne) return undefined;
  const headers = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' };
  return new Response(JSON.stringify({ challenge: text }), { headers });
}
