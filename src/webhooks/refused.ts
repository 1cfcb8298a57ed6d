import { WebhookVerificationError, type WebhookVerificationReason } from '../errors.js';

export function refused(
  reason: WebhookVerificationReason,
  message: string,
  hint?: string,
): WebhookVerificationError {
  return new WebhookVerificationError(reason, message, { hint });
}
