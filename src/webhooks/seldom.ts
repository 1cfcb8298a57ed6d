/*
 * What a check needs seldom, as one file: a page whose secret is plain and no public key, whose headers are
 * `Headers`, whose body is at hand and whose deliveries are genuine never loads it. What takes a source has most of it.
 */
export { readBody } from './body.js';
export { findHeaders } from './find-headers.js';
export { readKey } from './flaws.js';
export { lookAgain } from './look-again.js';
export { fitsPublicKey } from './public-key.js';
export { verifyFrom } from './verify-from.js';
