import type { WebhookEvent } from '../core/model.js';
import { bounded } from '../core/text.js';
import { InvalidResponseError, WebhookVerificationError } from '../errors.js';
import { readBody } from './body.js';
import { type Attempt, checkDelivery } from './check-delivery.js';
import { verifyEd25519 } from './crypto/node.js';
import type { DeliveryOutcome } from './deliveries.js';
import { digestId, readEvent } from './events.js';
import { explain } from './explain.js';
import { findHeaders } from './find-headers.js';
import { readKey } from './flaws.js';
import type { HandlerSettings, WebhookContext } from './handler-options.js';
import { headerOf } from './headers.js';
import { resolveScheme, secretsOf, type WebhookSecret } from './secret.js';
import { startTimer } from './timer.js';

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
  | {
      readonly event?: undefined;
      readonly ending: Ending;
      readonly body?: Uint8Array | undefined;
      /** More words on a refusal, for the receiver's own log. They may take a while to find. */
      readonly words?: () => Promise<string>;
    };

/** Checks the request, from what is cheap to what is dear, and reads the event. Never rejects. */
export async function receive(
  request: Request,
  context: WebhookContext,
  settings: HandlerSettings,
): Promise<Received> {
  const attempt: Attempt = {};
  let body: Uint8Array | undefined;
  let secret: WebhookSecret | readonly WebhookSecret[] = '';
  try {
    if (request.method !== 'POST') {
      return refused(405, 'only POST is received here', shown(request.method), { allow: 'POST' });
    }
    const address = settings.addressOf?.(request, context);
    if (!settings.isAllowed(address)) return refused(403, 'address', shown(address));
    const type = headerOf(request.headers, 'content-type');
    // The signature says who sent it, and JSON.parse what it is; but a form is nothing that can be read.
    if (/^(multipart\/|application\/x-www-form-urlencoded)/i.test(type)) {
      return refused(415, 'only JSON is received here', shown(type));
    }
    body = await readBody(request, settings);
    secret = await secretOf(settings);
    if (settings.allowUnsigned && !isSigned(request, secret, settings)) {
      // A page of any site can make a browser of an allowed network send what is not called JSON.
      if (!isJson(type)) return refused(415, 'only JSON is received here', shown(type));
      return { event: readEvent(body, await digestId(body), undefined, settings.now()), body };
    }
    return { event: await believe(request, body, secret, settings, attempt), body };
  } catch (error) {
    const words = async () => wordsOf(await explain(error, { ...settings, secret }, attempt));
    return { ending: await endingOf(error, secret, settings), body, words };
  }
}

function refused(
  status: number,
  reason: string,
  detail: string,
  headers: Record<string, string> = {},
): Received {
  const words = async () => detail;
  return { ending: { outcome: 'refused', status, reason, headers }, words };
}

/** @throws what the caller's function throws, or that it did not answer. */
async function secretOf(settings: HandlerSettings): Promise<WebhookSecret | readonly WebhookSecret[]> {
  const { secret, ackWithinMs } = settings;
  // Where nobody gave one, that is found when it is needed.
  if (typeof secret !== 'function') return secret as WebhookSecret;
  const timer = startTimer(ackWithinMs);
  const late = timer.passed.then((): never => {
    throw new Error(`the function for the webhook secret did not answer within ${ackWithinMs} ms`);
  });
  try {
    return (await Promise.race([secret(), late])) as WebhookSecret;
  } finally {
    timer.clear();
  }
}

/** Whether any signature came at all: one that is there must be right. */
function isSigned(
  { headers }: Request,
  secret: WebhookSecret | readonly WebhookSecret[],
  { scheme }: HandlerSettings,
): boolean {
  return resolveScheme(scheme, secretsOf(secret)).headers.some((name) => headerOf(headers, name) !== '');
}

async function believe(
  { headers }: Request,
  body: Uint8Array,
  secret: WebhookSecret | readonly WebhookSecret[],
  settings: HandlerSettings,
  attempt: Attempt,
): Promise<WebhookEvent> {
  const { scheme, toleranceSeconds, futureToleranceSeconds } = settings;
  const now = settings.now();
  const options = { body, headers, secret, scheme, toleranceSeconds, futureToleranceSeconds, now };
  const verified = await checkDelivery(options, attempt, () => AT_HAND);
  return readEvent(body, verified.id ?? (await digestId(body)), verified.timestamp, now);
}

const AT_HAND = { findHeaders, readBody, readKey, verifyEd25519 };

const BODY_STATUS: Readonly<Record<string, number>> = {
  'body-too-large': 413,
  'body-timeout': 408,
  'body-incomplete': 400,
};

async function endingOf(
  error: unknown,
  secret: WebhookSecret | readonly WebhookSecret[],
  settings: HandlerSettings,
): Promise<Ending> {
  if (error instanceof InvalidResponseError) {
    return { outcome: 'refused', status: 400, reason: 'the body is not JSON' };
  }
  if (error instanceof WebhookVerificationError) {
    const { reason } = error;
    const status = BODY_STATUS[reason];
    // What is left of the body is not waited for.
    if (status) return { outcome: 'refused', status, reason, headers: { connection: 'close' } };
    // These two are the receiver's own mistakes, not the sender's.
    if (reason !== 'parsed-body' && reason !== 'bad-secret')
      return { outcome: 'refused', status: 401, reason };
    const explained = (await explain(error, { ...settings, secret }, {})) as WebhookVerificationError;
    settings.onError(explained);
    return { outcome: 'failed', status: 500, reason, hint: explained.hint };
  }
  settings.onError(error);
  return { outcome: 'failed', status: 500, reason: 'the receiver failed' };
}

function wordsOf(error: unknown): string {
  const { message, hint } = error as Partial<WebhookVerificationError>;
  return [message, hint].filter(Boolean).join('. ');
}

function shown(text: string | undefined): string {
  return text === undefined ? 'not known' : JSON.stringify(bounded(text, 100));
}

function isJson(contentType: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType.slice(0, 200));
}
