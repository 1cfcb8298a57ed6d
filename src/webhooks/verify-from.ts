import { ConfigurationError } from '../errors.js';
import { readBody } from './body.js';
import { bytesOf } from './bytes.js';
import type { VerifyFromOptions, VerifyLimits, WebhookParts } from './check-delivery.js';
import { checkSource } from './check-source.js';
import { findHeader } from './find-headers.js';
import { headerOf } from './headers.js';
import { inTime, SOURCE_MS, tooLate } from './in-time.js';
import {
  type ExplainingSource,
  type SourceContext,
  type SourceDelivery,
  UNSIGNED,
  type VerifiedWebhook,
  type WebhookSource,
} from './source.js';

/** `verifyWebhookSignature` where a source says whom to believe. */
export async function verifyFrom(options: WebhookParts & VerifyFromOptions): Promise<VerifiedWebhook> {
  const source = checkSource(options);
  const context = contextOf(options, options.now);
  const delivery = await deliveryOf(options, options);
  const verified = await explained(source, delivery, context, () =>
    inTime(SOURCE_MS, () => believe(source, delivery, context)),
  );
  if (verified === undefined) throw tooLate(source, SOURCE_MS);
  if (verified.scheme !== UNSIGNED) return verified;
  throw new ConfigurationError('from', `${source.name} verifies nothing: what it sends is not signed`, {
    hint: 'Give it to createWebhookHandler or unwrapWebhook, which ask what is true.',
  });
}

/** The same, its refusal in the words that the source has for it. */
export async function explained<T>(
  source: ExplainingSource,
  delivery: SourceDelivery,
  context: SourceContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await explainedBy(source, error, delivery, context, SOURCE_MS);
  }
}

/** In the words of the source; as it is where it finds none in time. Never rejects. */
export async function explainedBy(
  source: ExplainingSource,
  error: unknown,
  delivery: SourceDelivery,
  context: SourceContext,
  ms: number,
): Promise<unknown> {
  try {
    return (await inTime(ms, async () => source.explain?.(error, delivery, context))) ?? error;
  } catch {
    return error;
  }
}

/**
 * What the source believes of it.
 *
 * @throws ConfigurationError where its `verify` gives what is no `VerifiedWebhook`, such as a boolean.
 */
export async function believe(
  source: WebhookSource,
  delivery: SourceDelivery,
  context: SourceContext,
): Promise<VerifiedWebhook> {
  const verified = await source.verify(delivery, context);
  const { scheme, body } = Object(verified) as Partial<VerifiedWebhook>;
  if (typeof scheme === 'string' && bytesOf(body) !== undefined) return verified;
  throw new ConfigurationError('from', `verify of ${source.name} gave no VerifiedWebhook`, {
    hint: 'Resolve with { scheme, body } where the delivery is genuine, and throw a WebhookVerificationError where not.',
  });
}

/** The body, read within its limits, and its headers as `Headers` has them. */
export async function deliveryOf(
  { body, headers = (Object(body) as Partial<Request>).headers }: WebhookParts,
  limits: VerifyLimits,
): Promise<SourceDelivery> {
  return { body: bytesOf(body) ?? (await readBody(body, limits, true)), headers: headersOf(headers) };
}

export function headersOf(headers: unknown): SourceDelivery['headers'] {
  return {
    get(name) {
      const wanted = name.toLowerCase();
      return headerOf(headers, wanted).trim() || findHeader(headers, wanted) || null;
    },
  };
}

/** @throws ConfigurationError `toleranceSeconds` */
export function contextOf(
  { toleranceSeconds = 300, futureToleranceSeconds = toleranceSeconds }: Omit<VerifyLimits, 'now'>,
  now: number | Date = Date.now(),
): SourceContext {
  if (![toleranceSeconds, futureToleranceSeconds].every((value) => Number.isFinite(value) && value >= 0)) {
    throw new ConfigurationError('toleranceSeconds', 'toleranceSeconds must be finite, 0 or more');
  }
  return { now: Number(now), toleranceSeconds, futureToleranceSeconds };
}
