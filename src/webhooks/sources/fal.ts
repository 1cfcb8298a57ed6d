import type { ByteArray } from '../../core/bytes.js';
import { falAppOf, readFalFailure, readFalResult } from '../../core/fal-request.js';
import { textOf } from '../../core/fields.js';
import type { JobUpdate } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import { isHttp, parseUrl } from '../../core/url.js';
import { ConfigurationError } from '../../errors.js';
import { encodeBase64 } from '../base64.js';
import type { Bytes } from '../bytes.js';
import { sha256, verifyEd25519 } from '../crypto/node.js';
import { jobIdOf } from '../events.js';
import { PublishedKeys } from '../jwks.js';
import { refused } from '../refused.js';
import type { SourceContext, SourceDelivery, VerifiedWebhook, WebhookSource } from '../source.js';

/** Options for `falWebhooks`. */
export interface FalWebhooksOptions {
  /**
   * The model, or its app, that the requests are of, such as `fal-ai/veo3.1`: a delivery does not say it. With it the
   * `jobId` of an event is that of the job, and goes on with it in any process; without, it is fal's bare id of the
   * request, which `client.ingest` knows as well.
   */
  readonly app?: string | undefined;
  /** Where the public keys are. @default `https://rest.fal.ai/.well-known/jwks.json` */
  readonly jwksUrl?: string | undefined;
  /** Fetches them. @default that of the runtime */
  readonly fetch?: typeof fetch | undefined;
}

const HEADERS = [
  'x-fal-webhook-request-id',
  'x-fal-webhook-user-id',
  'x-fal-webhook-timestamp',
  'x-fal-webhook-signature',
];

/**
 * The webhooks of fal: one at the end of a request. Signed by Ed25519; whose the signature is, keys that fal publishes tell.
 * They are fetched with the first delivery, kept for a day, and fetched anew for a signature that none of them has made, at
 * most once a minute. Where that fails, those of before are used.
 *
 * A delivery may lack the result (`payload_error`): the job is completed then, and `download` asks where the file is.
 *
 * Source: fal.ai's document "Webhooks". Repetitions are known by the id of the request, which is signed.
 *
 * @throws ConfigurationError that names the option.
 * @example
 * createWebhookHandler({ from: falWebhooks({ app: 'fal-ai/veo3.1' }), onCompleted });
 */
export function falWebhooks(options: FalWebhooksOptions = {}): WebhookSource {
  const { app, jwksUrl = 'https://rest.fal.ai/.well-known/jwks.json', fetch } = options;
  if (app !== undefined && !/^[\w.-]+(\/[\w.-]+)+$/.test(app))
    throw new ConfigurationError('app', "falWebhooks: app must be 'owner/app'");
  if (!isTrusted(jwksUrl))
    throw new ConfigurationError(
      'jwksUrl',
      'falWebhooks: jwksUrl must be an https URL, or one of this machine',
      {
        hint: 'Who can change what is answered there is believed.',
      },
    );
  if (fetch !== undefined && typeof fetch !== 'function')
    throw new ConfigurationError('fetch', 'falWebhooks: fetch must be a function');
  const keys = new PublishedKeys(jwksUrl, (url, init) => (fetch ?? globalThis.fetch)(url, init));
  return {
    name: 'fal',
    verify: (delivery, context) => verify(delivery, context, keys),
    read: (body) => read(body, app),
  };
}

async function verify(
  { body, headers }: SourceDelivery,
  context: SourceContext,
  keys: PublishedKeys,
): Promise<VerifiedWebhook> {
  const values = HEADERS.map((name) => headers.get(name) ?? '');
  const missing = HEADERS.filter((_, index) => values[index] === '');
  if (missing.length > 0) throw refused('missing-header', `no header ${missing}`);
  const [id = '', user = '', timestamp = '', signature = ''] = values;
  if (!/^\d{1,11}$/.test(timestamp)) throw refused('bad-timestamp', `${HEADERS[2]} is not in seconds`);
  // A line break is what stands between them.
  if (!/^[\da-f]{128}$/i.test(signature) || /[\r\n]/.test(id + user)) throw refused('bad-signature', WRONG);
  const signed = [`${id}\n${user}\n${timestamp}\n${await sha256(body)}`];
  const bytes = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const base64 = encodeBase64(bytes);
  const known = await keys.known();
  if (!(await isOfAny(known, signed, base64))) {
    const renewed = await keys.renewed(known);
    if (renewed === known || !(await isOfAny(renewed, signed, base64))) throw refused('bad-signature', WRONG);
  }
  const sent = new Date(Number(timestamp) * 1_000);
  const ageSeconds = Math.floor((context.now - Number(sent)) / 1_000);
  // Only now, so that "stale" and "future" are only ever said of a genuine delivery; and nothing passes a clock that is
  // not a number.
  if (ageSeconds <= context.toleranceSeconds && -ageSeconds <= context.futureToleranceSeconds)
    return { scheme: 'fal', body, id, timestamp: sent };
  throw ageSeconds > context.toleranceSeconds
    ? refused('stale', `it was signed ${ageSeconds} s ago, more than ${context.toleranceSeconds} s`)
    : refused('future', 'it was signed in the future: check the clock of this server');
}

const WRONG =
  "it is not signed by fal, or its body is not as it was sent: give the raw body, and fal's own headers";

async function isOfAny(keys: readonly ByteArray[], signed: readonly Bytes[], signature: string) {
  for (const key of keys) if (await verifyEd25519(key, signed, signature)) return true;
  return false;
}

function read(body: unknown, app: string | undefined): JobUpdate | undefined {
  const id = isRecord(body) ? jobIdOf(body.request_id) : undefined;
  if (!isRecord(body) || id === undefined) return undefined;
  const jobId = app === undefined ? id : `${falAppOf(app)}/requests/${id}`;
  const { error, payload, status } = body;
  if (status === 'OK') return { ...readFalResult(payload, jobId), raw: body };
  if (status !== 'ERROR') return { jobId, unknownStatus: textOf(status), raw: body };
  const failure = readFalFailure(payload);
  return { jobId, status: 'failed', ...failure, error: failure.error ?? textOf(error), raw: body };
}

/** Of this machine, nobody else can change what is said. */
function isTrusted(url: unknown): boolean {
  const parsed = typeof url === 'string' ? parseUrl(url) : undefined;
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(parsed?.hostname ?? '');
  return parsed !== undefined && (parsed.protocol === 'https:' || (isHttp(parsed) && isLocal));
}
