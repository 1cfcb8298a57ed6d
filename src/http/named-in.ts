import { bounded, redactQueries } from '../core/text.js';
import type { CallContext } from './types.js';

/**
 * A field whose name ends in `id`, and its value, perhaps within JSON that is a text of JSON, perhaps cut. Nothing in it
 * can match in two ways, so that a megabyte takes no longer than it has characters.
 */
const FIELD = /"[\w-]{0,30}id\\{0,3}"\s{0,9}:\s{0,9}(?:\\{0,3}"(?:[^"\\]|\\[^"\\]){1,2048}"?|\d{1,99})/gi;
/** Names of what is none of a job's. */
const SECRET = /^"[^"]*(?:token|secret|key|auth|session|cookie)/i;
/** How many are looked at, and told. */
const MAX_FOUND = 1_000;
const MAX_TOLD = 5;

/**
 * What an answer that was not understood has that may name a job, for its error, likeliest first: it may be all that
 * there is of a job that is paid for. Empty for a call about a job that is known.
 */
export function namedIn({ jobId, came }: Pick<CallContext, 'jobId' | 'came'>): string {
  if (jobId !== undefined || came === undefined) return '';
  const found = new Set<string>();
  let count = 0;
  // Text of two bytes a character that was read as one of one has zeros in between.
  for (const [field] of came.text.replaceAll('\0', '').matchAll(FIELD)) {
    if (!SECRET.test(field)) found.add(redactQueries(field));
    if (++count === MAX_FOUND) break;
  }
  const told = [...found].sort((one, other) => rank(one) - rank(other)).slice(0, MAX_TOLD);
  const location = came.headers.get('location');
  if (location) told.push(`Location: ${bounded(location.replace(/[?#].*/s, ''))}`);
  return told.length === 0 ? '' : `; it has ${told.join(', ')}`;
}

function rank(field: string): number {
  return /^"job/i.test(field) ? 0 : /^"id/i.test(field) ? 1 : 2;
}
