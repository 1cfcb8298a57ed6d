import { Refused } from './answer.js';
import type { RelayAction, RelayRequest, RelaySettings, RelayUser } from './options.js';
import { FUNCTION_MS, within } from './within.js';

/**
 * Who asks, by the functions of the application.
 *
 * @throws Refused with 401 where that is nobody; what the function throws.
 */
export async function identify(
  { authenticate }: Pick<RelaySettings, 'authenticate'>,
  request: RelayRequest,
): Promise<RelayUser> {
  const user = await within(
    FUNCTION_MS,
    () => authenticate(request),
    () => {
      throw new Error(`authenticate took longer than ${FUNCTION_MS} ms`);
    },
  );
  if (user === undefined || user === null) throw new Refused(401, 'Sign in first');
  const until: unknown = user.expiresAt;
  // Of whichever realm.
  if (until !== undefined && typeof (until as Date | null)?.getTime !== 'function')
    throw new Error('authenticate must give a user whose expiresAt is a Date, where there is one');
  if (isExpired(user)) throw new Refused(401, 'Sign in first');
  if (typeof user.id !== 'string' || user.id === '' || user.id.length > 255)
    throw new Error('authenticate must give a user whose id is a string of 1 to 255 characters');
  return user;
}

/** A date that is none is not to keep anybody signed in for ever. */
export function isExpired({ expiresAt }: RelayUser): boolean {
  return expiresAt !== undefined && !(expiresAt.getTime() > Date.now());
}

/** @throws RelayRefusal, or Refused with 403; what else the function throws. */
export async function admit(
  { authorize }: Pick<RelaySettings, 'authorize'>,
  user: RelayUser,
  action: RelayAction,
): Promise<void> {
  const verdict = await within<unknown>(
    FUNCTION_MS,
    () => authorize(user, action),
    () => {
      throw new Error(`authorize took longer than ${FUNCTION_MS} ms`);
    },
  );
  if (verdict === false) throw new Refused(403, 'Not allowed');
}
