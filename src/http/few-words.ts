import { ApiError, InvalidResponseError, NetworkError, SubmitOutcomeUnknownError } from '../errors.js';
import { identify } from './identify.js';

/** The errors of calls. */
export type Words = Pick<
  typeof import('./words.js'),
  'apiErrorOf' | 'misread' | 'networkError' | 'outcomeUnknown' | 'timeoutError' | 'unreadable'
>;

/** The same errors in few words, for a page that could not fetch the others. */
export const fewWords: Words = {
  apiErrorOf: (refusal, context) =>
    new ApiError(`${context.call} answered ${refusal.status}`, {
      ...identify(refusal, context),
      // In seconds, as nearly all servers have it: undefined for a date.
      retryAfterMs: Number(refusal.headers.get('retry-after')) * 1_000 || undefined,
    }),
  misread: (cause, response) =>
    cause instanceof ApiError
      ? cause
      : new SubmitOutcomeUnknownError('the server accepted the submit, but its answer names no job', {
          ...identify(response, {}),
          cause,
        }),
  networkError: (_error, { call, jobId }) =>
    new NetworkError('network', `${call} failed`, {
      jobId,
      hint: 'Check the network.',
    }),
  outcomeUnknown: (cause, _last, { call, jobId }) =>
    new SubmitOutcomeUnknownError(`${call} was sent, and may have made a job or not`, { jobId, cause }),
  timeoutError: (timeoutMs, { call, jobId }) =>
    new NetworkError('request-timeout', `${call} got no whole answer within ${timeoutMs} ms`, { jobId }),
  unreadable: (response, context, isTooLarge) =>
    new InvalidResponseError(`${context.call} answered ${response.status} with what cannot be read`, {
      ...identify(response, context),
      isTooLarge,
    }),
};
