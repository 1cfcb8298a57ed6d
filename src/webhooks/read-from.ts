import { isJobId } from '../core/job-id.js';
import type { JobSnapshot, WebhookEvent } from '../core/model.js';
import { bounded } from '../core/text.js';
import { ConfigurationError, InvalidResponseError } from '../errors.js';
import type { VerifyFromOptions, WebhookParts } from './check-delivery.js';
import { checkSource } from './check-source.js';
import { deliveryId, eventOf, isStatus, parseBody } from './events.js';
import { inTime, SOURCE_MS, tooLate } from './in-time.js';
import {
  type ResolveContext,
  type SourceContext,
  type SourceDelivery,
  UNSIGNED,
  type WebhookSource,
} from './source.js';
import { believe, contextOf, deliveryOf, explained } from './verify-from.js';

/** What a source makes of a delivery. */
export type Reading =
  | {
      readonly kind: 'event';
      readonly event: WebhookEvent;
      /** Nobody has signed it, and nobody knows its job: anybody can send as many as they like. */
      readonly isHearsay: boolean;
    }
  /** The answer to one that only asks whether somebody is there. */
  | { readonly kind: 'challenge'; readonly answer: Response }
  /** Not signed, and it names no job that could be asked for. */
  | { readonly kind: 'nothing' }
  /** What is true could not be learned. */
  | { readonly kind: 'unresolved'; readonly error: unknown };

/**
 * Verifies a delivery and reads it, by what the source says.
 *
 * @param limit - Aborts when nobody waits any more.
 * @throws WebhookVerificationError, InvalidResponseError, and what the source throws.
 */
export async function readFrom(
  source: WebhookSource,
  delivery: SourceDelivery,
  context: SourceContext,
  limit: ResolveContext,
): Promise<Reading> {
  const verified = await believe(source, delivery, context);
  const isSigned = verified.scheme !== UNSIGNED;
  const raw = parseBody(verified.body, isSigned);
  const answer = await source.challenge?.(raw);
  if (answer) return { kind: 'challenge', answer: checkResponse(answer, source) };
  const read = await source.read(raw);
  // What is said of no job is anybody's.
  const update = read !== undefined && isJobId(read.jobId) ? read : undefined;
  const isAsked = update !== undefined && source.resolve !== undefined;
  if (!isAsked && !isSigned) return { kind: 'nothing' };
  if (!isAsked) {
    const id = await deliveryId(verified.id, verified.body);
    const event = eventOf(update, id, verified.timestamp ?? new Date(context.now), raw, context.now);
    return { kind: 'event', event, isHearsay: false };
  }
  const { jobId } = update;
  try {
    // Nobody waits for what `verify` took too long for.
    limit.signal.throwIfAborted();
    const snapshot = checkAnswer(await source.resolve?.(update, limit), jobId, source);
    const truth = `${jobId}:${snapshot === undefined ? 'unknown' : `${snapshot.status}:${snapshot.progress}`}`;
    // Of what is true, not of what came: else a forgery could take the place of what is said later.
    const signedId = isSigned ? verified.id : undefined;
    const id = await deliveryId(signedId ?? truth, truth);
    const timestamp = verified.timestamp ?? new Date(context.now);
    if (snapshot !== undefined) {
      const type = `job.${snapshot.status}` as const;
      const event = { id, type, jobId, snapshot, timestamp, raw: snapshot.raw };
      return { kind: 'event', event, isHearsay: false };
    }
    const event = { id, type: 'unknown', jobId, timestamp, raw: isSigned ? raw : undefined } as const;
    return { kind: 'event', event, isHearsay: signedId === undefined };
  } catch (error) {
    return { kind: 'unresolved', error };
  }
}

/**
 * What is true of the job that was asked for.
 *
 * @throws InvalidResponseError for what is true of another one, or no snapshot.
 */
function checkAnswer(answer: unknown, jobId: string, { name }: WebhookSource): JobSnapshot | undefined {
  if (answer === undefined || answer === null) return undefined;
  const { id, status, progress } = Object(answer) as Partial<JobSnapshot>;
  if (id === jobId && isStatus(status) && Number.isFinite(progress)) return answer as JobSnapshot;
  const of = id === jobId ? 'what is no snapshot' : `about job ${bounded(String(id), 100)}`;
  throw new InvalidResponseError(`${name} asked for job ${bounded(jobId, 100)}, and was answered ${of}`, {
    jobId,
    hint: 'Answer as client.status(jobId) does, with the snapshot of that job.',
  });
}

/** Not by its class, of which a runtime may have two. */
function checkResponse(answer: Response, { name }: WebhookSource): Response {
  const { status, headers } = Object(answer) as Partial<Response>;
  if (Number.isInteger(status) && typeof headers?.get === 'function') return answer;
  throw new ConfigurationError('from', `challenge of ${name} gave no Response`, {
    hint: 'Give a Response for a body that only asks whether somebody is there, and undefined for all others.',
  });
}

/** `unwrapWebhook` where a source says whom to believe. */
export async function unwrapFrom(parts: WebhookParts, options: VerifyFromOptions): Promise<WebhookEvent> {
  const source = checkSource(options);
  const context = contextOf(options, options.now);
  const delivery = await deliveryOf(parts, options);
  const reading = await explained(source, delivery, context, () =>
    inTime(SOURCE_MS, (limit) => readFrom(source, delivery, context, limit)),
  );
  if (reading === undefined) throw tooLate(source, SOURCE_MS);
  if (reading.kind === 'event') return reading.event;
  if (reading.kind === 'unresolved') throw reading.error;
  const what = reading.kind === 'challenge' ? 'is a challenge, which createWebhookHandler answers' : NO_JOB;
  throw new InvalidResponseError(`the body of the webhook ${what}`);
}

export const NO_JOB = 'names no job';
