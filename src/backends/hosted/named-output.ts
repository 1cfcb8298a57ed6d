import type { JobSnapshot } from '../../core/model.js';
import type { HttpRequest } from '../backend.js';
import { checkVariant } from '../input.js';

/** The variants of a service that names its files, and has none but those. */
export const VIDEO = ['video'] as const;

/**
 * The download of a job whose answer names its files: that of `output`, from 0. Undefined where it must be asked for.
 *
 * @throws InputError for a variant that there is not.
 */
export function namedOutput(
  { snapshot }: { readonly snapshot?: JobSnapshot | undefined },
  variant: string,
  output = 0,
): HttpRequest | undefined {
  checkVariant(variant, VIDEO);
  if (snapshot?.status !== 'completed') return undefined;
  const url = snapshot.outputs?.[output]?.url ?? (output === 0 ? snapshot.videoUrl : undefined);
  return url === undefined ? undefined : { method: 'GET', url };
}
