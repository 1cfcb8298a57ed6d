/*
 * What a check needs seldom, as one file: a page whose secret is plain, whose body is at hand and whose deliveries are
 * genuine never loads it.
 */
export { readBody } from './body.js';
export { explain } from './explain.js';
export { readKey } from './flaws.js';
