/*
 * What calls need seldom, as one file, which a page fetches beside them: the words for what failed,
 * forms, credentials, and what keeps them out of words.
 */
export { askCredentials, askToken } from './credentials.js';
export { formPayload } from './form.js';
export { Redaction } from './redaction.js';
export { apiErrorOf, misread, networkError, outcomeUnknown, timeoutError, unreadable } from './words.js';
