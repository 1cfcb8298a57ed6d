import {
  ConfigurationError,
  InputError,
  isNamed,
  isVideoError,
  JobStoreError,
  SubmitOutcomeUnknownError,
  type VideoError,
} from '../errors.js';
import type { Decision } from './decide.js';

/** A key that is used for something else. */
export function refusalOf(key: string, other: Extract<Decision, { do: 'refuse' }>['other']): InputError {
  const owner = {
    group: 'of another group',
    server: 'of another backend or baseUrl',
    input: 'with another input',
  }[other];
  return new InputError('key', `key ${JSON.stringify(key)} is that of a submit ${owner}`, {
    hint: 'Give another key, or call forget(key) first where that job is of no use any more. Nothing was sent.',
  });
}

export function notReplaced(key: string): JobStoreError {
  return new JobStoreError(
    `the store of jobs did not replace the record of key ${JSON.stringify(key)}, which was refused`,
    {
      hint: 'Nothing was sent. See what add promises of a JobStore.',
    },
  );
}

/** A function of the caller's hangs that is to give the callback's URL, or the backend does. */
export function noRequest(key: string, timeoutMs: number): ConfigurationError {
  const which = `for key ${JSON.stringify(key)}`;
  return new ConfigurationError(
    'backend',
    `backend, or a function of yours, took ${timeoutMs} ms before the submit ${which} was sent`,
  );
}

export function unknownKey(key: string): InputError {
  return new InputError('key', `there is no record of key ${JSON.stringify(key)}`, {
    hint: 'Give the key that generate was given, or that job.key was.',
  });
}

/**
 * Nobody knows whether the submit of a key made a job.
 *
 * @param cause - What it failed with, where that was here and now.
 */
export function outcomeUnknown(
  key: string,
  isHonoured: boolean,
  cause?: VideoError,
): SubmitOutcomeUnknownError {
  const name = JSON.stringify(key);
  const isSame = isNamed(cause, 'SubmitOutcomeUnknownError');
  const what = isHonoured
    ? 'Call generate again with the same key and input: it is sent under the same idempotency key, and makes no second job.'
    : `Where the job is on the server, call client.adopt(${name}, its id); where it is not, client.forget(${name}), and generate again.`;
  const look = isHonoured ? undefined : 'Look for the job on the server first.';
  const told =
    cause === undefined
      ? 'its process ended, or the client was closed, before an answer came'
      : cause.message;
  return new SubmitOutcomeUnknownError(
    isSame ? told : `the submit of key ${name} may have made a job or not: ${told}`,
    {
      key,
      jobId: cause?.jobId,
      status: cause?.status,
      requestId: cause?.requestId,
      cause: isSame ? cause.cause : cause,
      hint: [isSame ? cause.hint : look, what].filter(Boolean).join(' '),
    },
  );
}

/** A proxy's words, or of a server that is not done with the request. */
const NO_REFUSALS: readonly number[] = [408, 409, 425, 499];

/** Whether a first submit, that left nothing in doubt, did nothing: its key may then be used again. */
export function isRefusal(error: unknown): boolean {
  if (isNamed(error, 'SubmitOutcomeUnknownError')) return false;
  // No connection was made, or it failed before that.
  if (!isNamed(error, 'ApiError')) return true;
  return error.status >= 400 && error.status < 500 && !NO_REFUSALS.includes(error.status);
}

/** Why, for the record: without the server's words, which may quote the input. */
export function whyRefused(error: unknown): string {
  if (!isVideoError(error)) return 'not sent';
  return error.status === undefined ? error.code : `${error.code} (${error.status})`;
}
