/*
 * What a check needs seldom, as one file: a page whose secret is plain and no public key, whose headers are
 * `Headers`, whose body is at hand and whose deliveries are genuine never loads it.
 */
export { readBody } from './body.js';
export { verifyEd25519 } from './crypto/node.js';
export { explain } from './explain.js';
export { findHeaders } from './find-headers.js';
export { readKey } from './flaws.js';
