import { ConfigurationError } from '../index.js';
import type { WebhookScheme } from '../webhooks/index.js';
import type { Environment } from './environment.js';

export interface SecretFlags {
  readonly secret?: string;
  readonly config?: string;
  readonly scheme?: 'standard-webhooks' | 'hmac-sha256-hex';
  readonly signatureHeader?: string;
  readonly json?: boolean;
}

/** @throws ConfigurationError that says where a secret can be put. */
export function readSecret({ secret }: SecretFlags, environment: Environment): string {
  const found = secret ?? environment.REELWIRE_WEBHOOK_SECRET;
  if (found !== undefined) return found;
  throw new ConfigurationError('--secret', 'there is no webhook secret', {
    hint: 'Set REELWIRE_WEBHOOK_SECRET, in the environment or in the file of --config; or give --secret.',
  });
}

export function readScheme({ scheme, signatureHeader }: SecretFlags): WebhookScheme | undefined {
  if (signatureHeader === undefined) return scheme;
  if (scheme === 'standard-webhooks') {
    throw new ConfigurationError('--signature-header', 'standard-webhooks has headers of its own', {
      hint: '--signature-header goes with --scheme hmac-sha256-hex.',
    });
  }
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(signatureHeader)) {
    throw new ConfigurationError('--signature-header', '--signature-header is not the name of a header', {
      hint: 'Such as --signature-header x-signature.',
    });
  }
  return { type: 'hmac-sha256-hex', header: signatureHeader };
}
