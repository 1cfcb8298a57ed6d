import { WebhookVerificationError, type WebhookVerificationReason } from '../errors.js';

export function refused(
  reason: WebhookVerificationReason,
  message: string,
  hint = 'Check the secret and the scheme; pass the raw bytes.',
): WebhookVerificationError {
  return new WebhookVerificationError(reason, message, { hint });
}
