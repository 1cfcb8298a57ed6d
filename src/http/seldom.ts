/*
 * What calls need seldom, as one file, which a page fetches beside them: the words for what failed,
 * forms, and what keeps secrets out of words.
 */
export { formPayload } from './form.js';
export { Redaction } from './redaction.js';
export { apiErrorOf, networkError, outcomeUnknown, timeoutError, unreadable } from './words.js';
