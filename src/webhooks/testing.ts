/**
 * Signed deliveries, good and bad, to test a receiver with.
 *
 * @module reelwire/webhooks/testing
 */

import { isRecord } from '../core/record.js';
import { ConfigurationError } from '../errors.js';
import { encodeDelivery, type TestDelivery, type WebhookDialect } from './payloads.js';
import { resolveScheme, secretsOf, type WebhookScheme, type WebhookSecret } from './secret.js';
import { signWebhook } from './sign.js';

export type { TestDelivery, WebhookDialect } from './payloads.js';

/** What the test deliveries are signed with, and whose words they use. */
export interface WebhookFactoryOptions {
  /** What the receiver under test is given. */
  readonly secret: WebhookSecret | readonly WebhookSecret[];
  /** @default as `signWebhook`; with vidBuilder's header for vidBuilder */
  readonly scheme?: WebhookScheme | undefined;
  /** Which server's words. @default 'openAIVideos' for Standard Webhooks, else 'soraGateway' */
  readonly dialect?: WebhookDialect | undefined;
  /** @default 'http://localhost/webhook' */
  readonly url?: string | URL | undefined;
  /** The sender's clock. @default now */
  readonly now?: (() => Date) | undefined;
}

type Details = Omit<TestDelivery, 'jobId' | 'status'>;

/** Makes what a server would send, signed: for a handler as it is, or for `fetch` to a receiver that listens. */
export interface WebhookFactory {
  /** The job waits for its turn. */
  queued(jobId: string, details?: Details): Promise<Request>;
  /** The job is being worked on, half way where `details` say no other progress. */
  processing(jobId: string, details?: Details): Promise<Request>;
  /** The video is there. */
  completed(jobId: string, details?: Details): Promise<Request>;
  /** The job failed; `details.error` is the reason. */
  failed(jobId: string, details?: Details): Promise<Request>;
  /** Any body, signed. */
  signed(body: string | Uint8Array, timestamp?: Date): Promise<Request>;

  /** The same delivery `count` times, as a sender that got no answer repeats it. */
  duplicate(request: Request, count?: number): Promise<Request[]>;
  /** The same body, signed so long ago. Only Standard Webhooks sign a time. @default 301 s */
  stale(request: Request, ageSeconds?: number): Promise<Request>;
  /** A value in it was changed after it was signed: the job's id, where it names one. */
  tampered(request: Request): Promise<Request>;
  /** The whole life of a job, the end first. */
  reordered(jobId: string): Promise<Request[]>;
}

/**
 * Makes signed deliveries, good and bad, to test a receiver with.
 *
 * @example
 * const factory = createWebhookFactory({ secret: 'test' });
 * const response = await handler(await factory.completed('job-1'));
 */
export function createWebhookFactory(options: WebhookFactoryOptions): WebhookFactory {
  if (!isRecord(options as unknown))
    throw new ConfigurationError('options', 'options must be an object, such as { secret }');
  const { secret, url = 'http://localhost/webhook', now = () => new Date() } = options;
  const standard = resolveScheme(options.scheme, secretsOf(secret)).kind === 'standard-webhooks';
  const { dialect = standard ? 'openAIVideos' : 'soraGateway' } = options;
  const hexHeader = dialect === 'vidBuilder' ? 'x-webhook-signature' : 'x-signature';
  const scheme: WebhookScheme =
    options.scheme ?? (standard ? 'standard-webhooks' : { type: 'hmac-sha256-hex', header: hexHeader });

  const make = (body: string | Uint8Array, headers: HeadersInit) =>
    new Request(url, { method: 'POST', body: new Blob([body as BlobPart]), headers: contentType(headers) });
  const signed = async (body: string | Uint8Array, timestamp = now()) =>
    make(body, await signWebhook({ body, secret, scheme, timestamp }));
  const delivery =
    (status: TestDelivery['status']) =>
    (jobId: string, details: Details = {}) =>
      signed(encodeDelivery(dialect, { ...details, jobId, status }, now()));
  const bytesOf = async (request: Request) => new Uint8Array(await request.clone().arrayBuffer());

  const factory: WebhookFactory = {
    queued: delivery('queued'),
    processing: delivery('processing'),
    completed: delivery('completed'),
    failed: delivery('failed'),
    signed,
    async duplicate(request, count = 2) {
      const body = await bytesOf(request);
      return Array.from({ length: count }, () => make(body, request.headers));
    },
    async stale(request, ageSeconds = 301) {
      return signed(await bytesOf(request), new Date(now().getTime() - ageSeconds * 1_000));
    },
    async tampered(request) {
      const body = await bytesOf(request);
      return make(tamper(new TextDecoder().decode(body)), request.headers);
    },
    async reordered(jobId) {
      const { completed, processing, queued } = factory;
      return [await completed(jobId), await processing(jobId), await queued(jobId)];
    },
  };
  return factory;
}

/** White space alone would be signed alike by a receiver that signs what it has parsed, wrong as that is. */
function tamper(body: string): string {
  try {
    const value = JSON.parse(body) as Record<string, unknown>;
    const data = value.data as Record<string, unknown> | undefined;
    if (typeof data?.id === 'string') data.id += '-tampered';
    else value.jobId = `${String(value.jobId)}-tampered`;
    return JSON.stringify(value);
  } catch {
    return `${body} tampered`;
  }
}

function contentType(given: HeadersInit): Headers {
  const headers = new Headers(given);
  headers.set('content-type', 'application/json');
  return headers;
}
