import type { WebhookEvent } from '../core/model.js';
import { InvalidResponseError, WebhookVerificationError } from '../errors.js';
import { rawBody } from './body.js';
import type { DeliveryOutcome } from './deliveries.js';
import { digestId, readEvent } from './events.js';
import type { HandlerSettings, WebhookContext } from './handler-options.js';
import { BodyError, readBody } from './read-body.js';
import { headersOfScheme, secretsOf, type WebhookSecret } from './secret.js';
import { verifyWebhookSignature } from './verify.js';

/** How a delivery ended, as it is answered. */
export interface Ending {
  readonly outcome: DeliveryOutcome;
  readonly status: number;
  /** One word where there is one: it goes into the answer. */
  readonly reason?: string;
  readonly hint?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Received =
  | { readonly event: WebhookEvent; readonly body: Uint8Array }
  | { readonly event?: undefined; readonly ending: Ending; readonly body?: Uint8Array };

/** Checks the request, from what is cheap to what is dear, and reads the event. Never rejects. */
export async function receive(
  request: Request,
  context: WebhookContext,
  settings: HandlerSettings,
): Promise<Received> {
  const refused = (status: number, reason: string, headers: Record<string, string> = {}): Received => ({
    ending: { outcome: 'refused', status, reason, headers },
  });
  let body: Uint8Array | undefined;
  try {
    if (request.method !== 'POST') return refused(405, 'only POST is received here', { allow: 'POST' });
    if (!settings.isAllowed(settings.addressOf?.(request, context))) return refused(403, 'address');
    if (!isJson(request.headers.get('content-type'))) return refused(415, 'only JSON is received here');
    if (request.bodyUsed) await rawBody(request);
    body = await readBody(request, settings.maxBodyBytes, settings.bodyTimeoutMs);
    return { event: await believe(request.headers, body, settings), body };
  } catch (error) {
    return { ending: endingOf(error, settings), ...(body !== undefined && { body }) };
  }
}

async function believe(headers: Headers, body: Uint8Array, settings: HandlerSettings): Promise<WebhookEvent> {
  const { scheme, allowUnsigned } = settings;
  const nowMs = settings.now();
  const given = typeof settings.secret === 'function' ? await settings.secret() : settings.secret;
  const secret = given as WebhookSecret | readonly WebhookSecret[];
  // Only where no signature came at all: one that is there must be right.
  const signed = headersOfScheme(scheme, secretsOf(secret)).some((name) => headers.has(name));
  if (allowUnsigned && !signed) return readEvent(body, await digestId(body), undefined, nowMs);
  const { toleranceSeconds, futureToleranceSeconds } = settings;
  const verified = await verifyWebhookSignature({
    ...{ body, headers, secret, scheme, toleranceSeconds, futureToleranceSeconds },
    now: nowMs,
  });
  return readEvent(body, verified.id ?? (await digestId(body)), verified.timestamp, nowMs);
}

function endingOf(error: unknown, settings: HandlerSettings): Ending {
  if (error instanceof BodyError) {
    // What is left of the body is not waited for.
    const headers = { connection: 'close' };
    return { outcome: 'refused', status: error.status, reason: error.message, headers };
  }
  if (error instanceof InvalidResponseError) {
    return { outcome: 'refused', status: 400, reason: 'the body is not JSON' };
  }
  if (error instanceof WebhookVerificationError) {
    const { reason, hint } = error;
    // These two are ours to mend, not the sender's.
    if (reason !== 'parsed-body' && reason !== 'bad-secret')
      return { outcome: 'refused', status: 401, reason };
    settings.onError(error);
    return { outcome: 'failed', status: 500, reason, hint };
  }
  settings.onError(error);
  return { outcome: 'failed', status: 500, reason: 'the receiver failed' };
}

function isJson(contentType: string | null): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType ?? '');
}
