import { optional } from '../core/check.js';
import { isHttp, parseUrl } from '../core/url.js';
import { InputError } from '../errors.js';
import type { GenerateContext } from './backend.js';

/** What a function for a callback's URL is told of the job that is to be submitted. */
export interface CallbackContext {
  /**
   * A random text of the job's own that nobody can guess: in the URL, it says which submit a delivery is of. Undefined
   * where the client keeps no records of its jobs.
   */
  readonly token?: string | undefined;
}

/** Where a provider reports the end of a job to: one URL for all, or one for each. */
export type CallbackUrl = string | ((context: CallbackContext) => string | Promise<string>);

/** An absolute `http` or `https` URL. */
export const callbackUrl = optional((value) => {
  const url = typeof value === 'string' ? parseUrl(value) : undefined;
  return url !== undefined && isHttp(url) ? undefined : 'must be an absolute http or https URL';
});

/** Such a URL, or a function that gives one. */
export const callbackUrlOption = optional((value) =>
  typeof value === 'function' || callbackUrl(value) === undefined
    ? undefined
    : 'must be an absolute http or https URL, or a function that gives one',
);

/**
 * The URL for one submit.
 *
 * @param option - Its name, such as `callbackUrl`.
 * @throws InputError where the caller's function throws or gives no URL.
 */
export async function callbackUrlOf(
  option: string,
  given: CallbackUrl | undefined,
  context: GenerateContext | undefined,
): Promise<string | undefined> {
  if (typeof given !== 'function') return given;
  let url: unknown;
  try {
    url = await given({ token: context?.token });
  } catch (cause) {
    throw new InputError(option, `the function for ${option} threw`, { cause });
  }
  const problem = url === undefined ? 'gave no URL' : callbackUrl(url) && 'gave what is no http or https URL';
  if (problem !== undefined) throw new InputError(option, `the function for ${option} ${problem}`);
  return url as string;
}
