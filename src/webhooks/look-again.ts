import { readBody } from './body.js';
import { type Attempt, checkDelivery, type VerifyOptions, type WebhookParts } from './check-delivery.js';
import { explain, isRefusal } from './explain.js';
import { findHeader, findHeaders } from './find-headers.js';
import { readKey } from './flaws.js';
import { headerOf } from './headers.js';
import { fitsPublicKey } from './public-key.js';
import type { VerifiedWebhook } from './source.js';

/**
 * What was refused, once more where a header of the scheme was not looked for: of those of `hmac-sha256-hex` one is enough,
 * and the one that was found at once may be another system's.
 *
 * @throws the refusal, in more helpful words, or what else it was.
 */
export async function lookAgain(
  error: unknown,
  options: WebhookParts & VerifyOptions,
  attempt: Attempt,
): Promise<VerifiedWebhook> {
  const headers = headersMissed(options, attempt);
  const { body } = attempt;
  if (!isRefusal(error) || error.reason !== 'bad-signature' || headers === undefined || body === undefined)
    throw await explain(error, options, attempt);
  const again: Attempt = {};
  try {
    return await checkDelivery({ ...options, headers, body }, again, async () => AT_HAND);
  } catch (refusal) {
    throw await explain(refusal, options, again);
  }
}

/** All that the scheme reads, where that is more than was found at once. */
function headersMissed(
  { headers, body }: WebhookParts,
  { signed }: Attempt,
): Record<string, string> | undefined {
  if (signed?.scheme.kind !== 'hmac-sha256-hex') return undefined;
  const given = headers ?? (Object(body) as Partial<Request>).headers;
  const entries = signed.scheme.headers.map((name) => {
    const known = headerOf(given, name).trim();
    return { name, known, found: findHeader(given, name) || known };
  });
  if (entries.every(({ known, found }) => known === found)) return undefined;
  return Object.fromEntries(entries.map(({ name, found }) => [name, found]));
}

const AT_HAND = { findHeaders, readBody, readKey, fitsPublicKey };
