import type { WebhookEvent } from '../core/model.js';
import { bounded } from '../core/text.js';
import { ConfigurationError, isVideoError, type WebhookVerificationError } from '../errors.js';
import { readBody } from './body.js';
import { type Attempt, checkDelivery } from './check-delivery.js';
import type { DeliveryOutcome } from './deliveries.js';
import { digestId, readEvent, UnreadableBodyError } from './events.js';
import { explain, isRefusal } from './explain.js';
import { findHeaders } from './find-headers.js';
import { readKey } from './flaws.js';
import type { HandlerSettings, WebhookContext } from './handler-options.js';
import { headerOf } from './headers.js';
import { inTime, tooLate } from './in-time.js';
import { fitsPublicKey } from './public-key.js';
import { NO_JOB, type Reading, readFrom } from './read-from.js';
import { resolveScheme, secretsOf, type WebhookSecrets } from './secret.js';
import type { ExplainingSource } from './source.js';
import { startTimer } from './timer.js';
import { contextOf, explainedBy, headersOf } from './verify-from.js';

/** How a delivery ended, as it is answered. */
export interface Ending {
  readonly outcome: DeliveryOutcome;
  readonly status: number;
  /** One word where there is one: it goes into the answer. */
  readonly reason?: string;
  readonly hint?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of all that: what a source answers. */
  readonly answer?: Response;
}

export type Received =
  | {
      readonly event: WebhookEvent;
      readonly body: Uint8Array;
      /** Anybody can send as many as they like: they are not remembered. */
      readonly isHearsay?: boolean;
      /** What it took to believe it, of the time in which it is to be answered. */
      readonly waitedMs: number;
    }
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
  let secret: WebhookSecrets = '';
  let explained = (error: unknown) => explain(error, { ...settings, from: undefined, secret }, attempt);
  try {
    if (request.method !== 'POST') {
      return refused(405, 'only POST is received here', shown(request.method), { allow: 'POST' });
    }
    const address = await addressOf(request, context, settings);
    if (!settings.isAllowed(address)) return refused(403, 'address', shown(address));
    const type = headerOf(request.headers, 'content-type');
    // The signature says who sent it, and JSON.parse what it is; but a form is nothing that can be read.
    if (/^\s*(multipart\/|application\/x-www-form-urlencoded)/i.test(type)) {
      return refused(415, 'only JSON is received here', shown(type));
    }
    body = await readBody(request, settings);
    const startedMs = performance.now();
    const waitedMs = () => performance.now() - startedMs;
    if (settings.from) {
      const { from } = settings;
      const delivery = { body, headers: headersOf(request.headers) };
      const context = contextOf(settings, settings.now());
      const { ackWithinMs } = settings;
      explained = (error) => explainedBy(from, error, delivery, context, ackWithinMs);
      const reading = await inTime(ackWithinMs, (limit) => readFrom(from, delivery, context, limit));
      const received = receivedFrom(reading, from, settings);
      return received.event ? { ...received, body, waitedMs: waitedMs() } : { ...received, body };
    }
    secret = await secretOf(settings);
    if (settings.allowUnsigned && !isSigned(request, secret, settings)) {
      // A page of any site can make a browser of an allowed network send what is not called JSON.
      if (!isJson(type)) return refused(415, 'only JSON is received here', shown(type));
      const event = readEvent(body, await digestId(body), undefined, settings.now());
      return { event, body, waitedMs: waitedMs() };
    }
    const event = await believe(request, body, secret, settings, attempt);
    return { event, body, waitedMs: waitedMs() };
  } catch (error) {
    const words = async () => wordsOf(await explained(error));
    return { ending: await endingOf(error, explained, settings), body, words };
  }
}

function refused(
  status: number,
  reason: string,
  detail: string,
  headers: Record<string, string> = {},
): Extract<Received, { event?: undefined }> {
  const words = async () => detail;
  return { ending: { outcome: 'refused', status, reason, headers }, words };
}

/** What became of it where a source was asked. */
function receivedFrom(
  reading: Reading | undefined,
  from: ExplainingSource,
  settings: HandlerSettings,
): Extract<Reading, { kind: 'event' }> | Extract<Received, { event?: undefined }> {
  if (reading?.kind === 'event') return reading;
  if (reading?.kind === 'challenge') {
    const { answer } = reading;
    return { ending: { outcome: 'handled', status: answer.status, reason: 'challenge', answer } };
  }
  if (reading?.kind === 'nothing') {
    return refused(400, `the body ${NO_JOB}`, `${from.name} asks only for a job that is named`);
  }
  const error = reading === undefined ? tooLate(from, settings.ackWithinMs) : reading.error;
  // The sender comes again.
  const again = { status: 503, headers: { 'retry-after': '5' } };
  if (isVideoError(error) && error.name === 'BusyError') {
    return { ending: { outcome: 'busy', reason: 'busy', ...again }, words: async () => wordsOf(error) };
  }
  settings.onError(error);
  return { ending: { outcome: 'failed', reason: 'the source did not answer', ...again } };
}

/** @throws what the caller's function throws, or that it did not answer. */
async function secretOf(settings: HandlerSettings): Promise<WebhookSecrets> {
  const { secret, ackWithinMs } = settings;
  // Where nobody gave one, that is found when it is needed.
  if (typeof secret !== 'function') return secret as WebhookSecrets;
  return (await soon('the function for the webhook secret', ackWithinMs, secret)) as WebhookSecrets;
}

/** @throws as `secretOf`; ConfigurationError for what is no address. */
async function addressOf(
  request: Request,
  context: WebhookContext,
  { addressOf, ackWithinMs }: HandlerSettings,
): Promise<string | undefined> {
  if (addressOf === undefined) return undefined;
  const given: unknown = addressOf(request, context);
  // Most know it at once: a timer for each delivery, that anybody can send, would be dear.
  const isLater = typeof (given as { readonly then?: unknown } | null | undefined)?.then === 'function';
  const address = isLater ? await soon('addressOf', ackWithinMs, () => given) : given;
  // A header that is not there is null.
  if (address === undefined || address === null) return undefined;
  if (typeof address === 'string') return address;
  throw new ConfigurationError('addressOf', `addressOf gave what is no text: ${typeof address}`, {
    hint: 'Give the address as text, such as 203.0.113.7, or undefined where nobody knows it.',
  });
}

/** What the caller's function gives, no later than so. */
async function soon<T>(name: string, ms: number, ask: () => T | Promise<T>): Promise<T> {
  const timer = startTimer(ms);
  const late = timer.passed.then((): never => {
    throw new Error(`${name} did not answer within ${ms} ms`);
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    timer.clear();
  }
}

/** Whether any signature came at all: one that is there must be right. */
function isSigned({ headers }: Request, secret: WebhookSecrets, { scheme }: HandlerSettings): boolean {
  return resolveScheme(scheme, secretsOf(secret)).headers.some(
    (name) => headerOf(headers, name).trim() !== '',
  );
}

async function believe(
  { headers }: Request,
  body: Uint8Array,
  secret: WebhookSecrets,
  settings: HandlerSettings,
  attempt: Attempt,
): Promise<WebhookEvent> {
  const { scheme, toleranceSeconds, futureToleranceSeconds } = settings;
  const now = settings.now();
  const options = { body, headers, secret, scheme, toleranceSeconds, futureToleranceSeconds, now };
  const verified = await checkDelivery(options, attempt, async () => AT_HAND);
  return readEvent(body, verified.id ?? (await digestId(body)), verified.timestamp, now);
}

const AT_HAND = { findHeaders, readBody, readKey, fitsPublicKey };

const BODY_STATUS: Readonly<Record<string, number>> = {
  'body-too-large': 413,
  'body-timeout': 408,
  'body-incomplete': 400,
};

async function endingOf(
  error: unknown,
  explained: (error: unknown) => Promise<unknown>,
  settings: HandlerSettings,
): Promise<Ending> {
  if (error instanceof UnreadableBodyError) {
    return { outcome: 'refused', status: 400, reason: 'the body is not JSON' };
  }
  if (isRefusal(error)) {
    const { reason } = error;
    const status = Object.hasOwn(BODY_STATUS, reason) ? BODY_STATUS[reason] : undefined;
    // What is left of the body is not waited for.
    if (status) return { outcome: 'refused', status, reason, headers: { connection: 'close' } };
    // These two are the receiver's own mistakes, not the sender's.
    if (reason !== 'parsed-body' && reason !== 'bad-secret')
      return { outcome: 'refused', status: 401, reason };
    const told = (await explained(error)) as WebhookVerificationError;
    settings.onError(told);
    return { outcome: 'failed', status: 500, reason, hint: told.hint };
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
