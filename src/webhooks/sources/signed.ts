import { readBody } from '../body.js';
import { type Attempt, checkDelivery, type ReadHeaders } from '../check-delivery.js';
import { explain, explainSecrets } from '../explain.js';
import { findHeaders } from '../find-headers.js';
import { readKey } from '../flaws.js';
import { fitsPublicKey } from '../public-key.js';
import type { WebhookScheme, WebhookSecret, WebhookSecretOption, WebhookSecrets } from '../secret.js';
import type {
  ExplainingSource,
  SourceContext,
  SourceDelivery,
  VerifiedWebhook,
  WebhookSource,
} from '../source.js';

/** Of a source whose deliveries are signed with a shared secret. */
export interface SignedSourceOptions {
  /**
   * One secret, several while one replaces another, or a function that is asked at each delivery: where the secret is
   * not there yet when the module is loaded, as in `next build`.
   */
  readonly secret: WebhookSecretOption | undefined;
}

/** What differs between the signatures of two servers. */
interface Signature {
  readonly scheme: WebhookScheme;
  /** As it has to be for the scheme. */
  readonly secretFrom?: (secret: WebhookSecret) => WebhookSecret;
  /** How its headers are read, where that is not as the scheme has it. */
  readonly readHeaders?: ReadHeaders;
}

/** @throws WebhookVerificationError `bad-secret`, at once, but for what a function gives. */
export function signedSource(
  { secret }: SignedSourceOptions,
  { scheme, secretFrom, readHeaders }: Signature,
  { name, read }: Pick<WebhookSource, 'name' | 'read'>,
): ExplainingSource {
  const prepared = (given: WebhookSecrets | undefined): WebhookSecrets => {
    if (secretFrom === undefined || given === undefined) return given as WebhookSecrets;
    return Array.isArray(given) ? given.map(secretFrom) : secretFrom(given as WebhookSecret);
  };
  if (typeof secret !== 'function') {
    // Now, and not with the first delivery.
    const wrong = explainSecrets({ secret: prepared(secret), scheme });
    if (wrong) throw wrong;
  }
  const optionsFor = async (delivery: SourceDelivery, context: SourceContext) => ({
    ...delivery,
    ...context,
    scheme,
    secret: prepared(typeof secret === 'function' ? await secret() : secret),
  });
  const check = async (
    options: Awaited<ReturnType<typeof optionsFor>>,
    attempt: Attempt,
  ): Promise<VerifiedWebhook> => checkDelivery(options, attempt, async () => AT_HAND, readHeaders);
  return {
    name,
    read,
    verify: async (delivery, context) => check(await optionsFor(delivery, context), {}),
    // Checks it once more: it is asked for so seldom that nothing need be kept for it.
    async explain(error, delivery, context) {
      const options = await optionsFor(delivery, context);
      const attempt: Attempt = {};
      const again = await check(options, attempt).catch((thrown: unknown) => thrown);
      return again instanceof Error ? explain(again, options, attempt) : error;
    },
  };
}

const AT_HAND = { findHeaders, readBody, readKey, fitsPublicKey };

/**
 * Standard Webhooks, by a provider that shows the secret as `whsec_…`. Its clients take the secret without that prefix, too:
 * it is base64 in either case.
 */
export const STANDARD: Signature = {
  scheme: 'standard-webhooks',
  secretFrom: (secret) =>
    typeof secret === 'string' && !secret.startsWith('whsec_') ? `whsec_${secret}` : secret,
};
