import type { WebhookVerificationReason } from '../errors.js';
import {
  type Attempt,
  checkDelivery,
  isThere,
  type VerifyFromOptions,
  type VerifyOptions,
  type WebhookParts,
} from './check-delivery.js';
import { loadSeldom } from './load-seldom.js';
import { refused } from './refused.js';
import type { VerifiedWebhook } from './source.js';

/**
 * Checks that a delivery comes from a holder of the secret, is unchanged and, where its time is signed, recent.
 * Works on the raw bytes, in any runtime. In place of `secret` and `scheme`, `from` may say who sends:
 * `replicateWebhooks({ secret })`.
 *
 * @throws WebhookVerificationError with a `reason` and a hint.
 * @throws ConfigurationError for an option that makes no sense.
 */
export async function verifyWebhookSignature(
  options: WebhookParts & (VerifyOptions | VerifyFromOptions),
): Promise<VerifiedWebhook> {
  return options.from ? (await needed('bad-signature')).verifyFrom(options) : verifySecret(options);
}

/** The same by a secret. A promise only where something has to be waited for. */
export function verifySecret(
  options: WebhookParts & VerifyOptions,
): VerifiedWebhook | Promise<VerifiedWebhook> {
  const attempt: Attempt = {};
  // Loaded where it is needed: it is longer than all the rest, and a genuine delivery never needs it.
  const again = (error: unknown) =>
    loadSeldom().then(
      ({ lookAgain }) => lookAgain(error, options, attempt),
      () => {
        throw error;
      },
    );
  try {
    const verified = checkDelivery(options, attempt, needed);
    return isThere(verified) ? verified : verified.catch(again);
  } catch (error) {
    return again(error);
  }
}

const needed = (reason: WebhookVerificationReason) =>
  loadSeldom().catch(() => {
    throw refused(reason, 'a file of reelwire did not load');
  });
