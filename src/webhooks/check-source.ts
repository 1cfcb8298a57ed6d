import { ConfigurationError } from '../errors.js';
import type { ExplainingSource } from './source.js';

/** What says whom to believe. */
interface Believed {
  readonly from?: unknown;
  readonly secret?: unknown;
  readonly scheme?: unknown;
  readonly allowUnsigned?: unknown;
}

/**
 * The source that was given.
 *
 * @throws ConfigurationError where there is something beside it, or it is none.
 */
export function checkSource({ from, secret, scheme, allowUnsigned }: Believed): ExplainingSource {
  const others = { secret, scheme, allowUnsigned: allowUnsigned || undefined };
  const beside = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
  if (beside !== undefined) {
    throw new ConfigurationError('from', `from does not go with ${beside}`, {
      hint: 'Give the secret to the source, such as from: replicateWebhooks({ secret }), and nothing beside it.',
    });
  }
  const source = Object(from) as ExplainingSource;
  if (typeof source.verify === 'function' && typeof source.read === 'function') return source;
  throw new ConfigurationError('from', 'from is no source of webhooks', {
    hint: 'Call what makes one, such as replicateWebhooks({ secret }); one of your own has the functions verify and read.',
  });
}
