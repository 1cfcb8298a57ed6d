import { textOf } from '../../core/fields.js';
import { parseJson } from '../../core/json.js';
import type { JobUpdate } from '../../core/model.js';
import { readOpenRouterJob } from '../../core/open-router-job.js';
import { isRecord } from '../../core/record.js';
import { MAX_SIGNATURES, type SignedHeaders } from '../check-delivery.js';
import { decodeBody, jobIdOf } from '../events.js';
import { refused } from '../refused.js';
import type { WebhookSource } from '../source.js';
import { type SignedSourceOptions, signedSource } from './signed.js';

/**
 * The webhooks of OpenRouter: one at the end of a video, `video.generation.completed` and the like. Signed by the header
 * `X-OpenRouter-Signature: t=…,v1=…`: hex HMAC-SHA256 over `t`, a comma and the body, with the secret as text. A workspace
 * has to have a secret, else nothing is signed, and all refused.
 *
 * Source: openrouter.ai's cookbook "Get Video Results with Webhooks". Its header for repetitions is not signed, so the id is
 * what that is made of: the job and its status, which are.
 *
 * @throws WebhookVerificationError `bad-secret`
 * @example
 * createWebhookHandler({ from: openRouterWebhooks({ secret: process.env.OPENROUTER_WEBHOOK_SECRET }), onCompleted });
 */
export function openRouterWebhooks(options: SignedSourceOptions): WebhookSource {
  const source = signedSource(
    options,
    { scheme: { type: 'hmac-sha256-hex', header: 'x-openrouter-signature' }, readHeaders },
    { name: 'openRouter', read },
  );
  return {
    ...source,
    async verify(delivery, context) {
      const verified = await source.verify(delivery, context);
      return { ...verified, id: idOf(verified.body) };
    },
  };
}

const EVENT = 'video.generation.';

/** `t=1700000000,v1=ab…`, with as many `v1` as there are secrets. */
function readHeaders([header = '']: readonly string[]): SignedHeaders {
  const items = header.split(',', MAX_SIGNATURES + 1).map((item) => item.trim());
  const valuesOf = (name: string) =>
    items.flatMap((item) => (item.startsWith(name) ? [item.slice(name.length)] : []));
  const [timestamp = '', ...others] = valuesOf('t=');
  // Of a header that came twice, nobody could say which time is that of which signature.
  if (!/^\d{1,11}$/.test(timestamp) || others.length > 0) {
    throw refused('bad-timestamp', 'x-openrouter-signature is malformed');
  }
  const signatures = valuesOf('v1=').map((signature) => signature.toLowerCase());
  return { signatures, id: '', timestamp, prefix: `${timestamp},` };
}

/** The id and the status of the job, as OpenRouter puts them together; undefined where they are not there. */
function idOf(body: string | Uint8Array): string | undefined {
  try {
    const event = parseJson(decodeBody(body));
    const data = isRecord(event) && isRecord(event.data) ? event.data : {};
    const [id, status] = [textOf(data.id), textOf(data.status)];
    return id === undefined || status === undefined ? undefined : `${id}-${status}`;
  } catch {
    // No JSON. What it is, is said where it is read.
    return undefined;
  }
}

function read(body: unknown): JobUpdate | undefined {
  if (!isRecord(body) || !isRecord(body.data)) return undefined;
  const { data } = body;
  const type = textOf(body.type) ?? '';
  const jobId = jobIdOf(data.id);
  if (jobId === undefined || !type.startsWith(EVENT)) return undefined;
  // What happened is in the type.
  return { ...readOpenRouterJob({ ...data, status: type.slice(EVENT.length) }, jobId), raw: body };
}
