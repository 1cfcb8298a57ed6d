import { WebhookVerificationError, type WebhookVerificationReason } from '../errors.js';

/** @param message - What is left out is found where somebody reads it: explain.ts. */
export function refused(
  reason: WebhookVerificationReason,
  message: string = reason,
  hint?: string,
): WebhookVerificationError {
  return new WebhookVerificationError(reason, message, { hint });
}
