import type { JobSnapshot, JobUpdate } from '../core/model.js';

/** A delivery that comes from whom it says. */
export interface VerifiedWebhook {
  /**
   * How it is signed: `standard-webhooks`, `hmac-sha256-hex`, or what its source calls it. `unsigned` where it is not: then
   * nothing of it is told, but what `resolve` gives of the job that it names.
   */
  readonly scheme: string;
  /** Which of the secrets matched, where there are secrets. */
  readonly secretIndex?: number | undefined;
  /** What was signed: the text that was given, or else its bytes, as a plain `Uint8Array` where a `Buffer` was given. */
  readonly body: string | Uint8Array;
  /** The signed id of the delivery, such as `webhook-id`; `hmac-sha256-hex` has none. A repetition has the same. */
  readonly id?: string | undefined;
  /** The signed time of the delivery, such as `webhook-timestamp`; `hmac-sha256-hex` has none. */
  readonly timestamp?: Date | undefined;
}

/** A delivery whose body has been read. */
export interface SourceDelivery {
  /** As it came: never parsed and written anew. */
  readonly body: string | Uint8Array;
  /** By a name in any case; a header that came several times is joined by `, `. Null where there is none. */
  readonly headers: Pick<Headers, 'get'>;
}

/** The clock, and how far from it a signed time may be. */
export interface SourceContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How old a delivery may be where its time is signed. */
  readonly toleranceSeconds: number;
  /** How far ahead of our clock it may be. */
  readonly futureToleranceSeconds: number;
}

/**
 * Who sends webhooks: how a delivery is known to be theirs, and what it says. `replicateWebhooks`, `openRouterWebhooks`,
 * `klingWebhooks` and `unsignedWebhooks` make some; anyone can write another. Where a function of it throws, or does not
 * answer in time (`ackWithinMs`), nobody is believed.
 */
export interface WebhookSource {
  /** Such as `replicate`; messages name it. */
  readonly name: string;
  /**
   * Whether the delivery is theirs. Anything but a `VerifiedWebhook` believes nobody.
   *
   * @throws WebhookVerificationError where it is not: it is answered 401.
   */
  verify(delivery: SourceDelivery, context: SourceContext): Promise<VerifiedWebhook>;
  /** What the body says of a job, given as parsed JSON, after `verify`. Undefined where that is nothing. */
  read(body: unknown): JobUpdate | undefined | Promise<JobUpdate | undefined>;
  /** The answer to a body that only asks whether somebody is there; undefined for all others. After `verify`. */
  challenge?(body: unknown): Response | undefined;
  /**
   * Where a body is not to be believed, or says too little: what is true of the job. The event is made of this. Undefined
   * where there is no such job: the event is `unknown` then. A handler answers 503 where it rejects.
   *
   * @param context - Always given by the handler and by `unwrapWebhook`.
   */
  resolve?(update: JobUpdate, context?: ResolveContext): Promise<JobSnapshot | undefined>;
}

/** Of `WebhookSource.resolve`. */
export interface ResolveContext {
  /** Aborts when the answer is no longer waited for. */
  readonly signal: AbortSignal;
}

/** The scheme of what is not signed: its source asks somebody who knows. */
export const UNSIGNED = 'unsigned';

/** A source that has more words for its refusals. They may take a while to find. */
export interface ExplainingSource extends WebhookSource {
  explain?(error: unknown, delivery: SourceDelivery, context: SourceContext): Promise<unknown>;
}
