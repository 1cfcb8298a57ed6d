import { InputError } from '../errors.js';

/** Ids of some servers are long; a whole text given by mistake is longer. */
const MAX_LENGTH = 2_048;
/** A `.` or `..` between slashes or alone, encoded or not; some servers cut a segment off at its semicolon. */
const DOT_SEGMENT = /(^|[\\/]|%2f|%5c)(\.|%2e){1,2}($|[\\/;]|%2f|%5c)/i;

/**
 * The job id as it was given.
 *
 * @throws InputError for what cannot be one, before anything is sent.
 */
export function checkJobId(jobId: unknown): string {
  const wrong = problemOf(jobId);
  if (wrong === undefined) return jobId as string;
  throw new InputError('jobId', `jobId ${wrong}`, {
    hint: 'Give the id of the job as the server gave it, such as job.id.',
  });
}

/** False for what `checkJobId` refuses. */
export function isJobId(jobId: string): boolean {
  return problemOf(jobId) === undefined;
}

/** The job id as one segment of a path or one value of a query. */
export function encodeJobId(jobId: unknown): string {
  return encodeURIComponent(checkJobId(jobId));
}

function problemOf(jobId: unknown): string | undefined {
  // As most are, and nothing is wrong with it.
  if (typeof jobId === 'string' && /^[\w-]{1,99}$/.test(jobId)) return undefined;
  if (typeof jobId !== 'string') return `must be a string, not ${jobId === null ? 'null' : typeof jobId}`;
  if (jobId.trim() === '') return 'is empty';
  if (jobId.length > MAX_LENGTH) return `is ${jobId.length} characters long, more than ${MAX_LENGTH}`;
  // Even encoded, these are taken out of the URL, at the latest by a proxy, and another route is called.
  if (DOT_SEGMENT.test(jobId)) return 'must not hold a dot segment';
  // Half of a surrogate pair cannot be encoded.
  if (/\p{Cs}/u.test(jobId)) return 'is not well-formed Unicode';
  return undefined;
}
