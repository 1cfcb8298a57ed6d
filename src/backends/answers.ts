import { type Fields, idOf, readUpdate, textOf } from '../core/fields.js';
import { isJobId } from '../core/job-id.js';
import { showJson } from '../core/json.js';
import type { JobUpdate } from '../core/model.js';
import { isRecord } from '../core/record.js';
import { bounded, redactQueries } from '../core/text.js';
import { InvalidResponseError } from '../errors.js';
import type { HttpRefusal, HttpResponse } from './backend.js';

/** Of an id that cannot be one, in characters. */
const MAX_SHOWN_ID = 8_000;

/** Makes an update of an answer's object. */
export type Reader = (raw: Fields, jobId: string) => JobUpdate;

/**
 * The answer to a submit.
 *
 * @param idIn - The job's id, where that is not in the fields that most servers have.
 * @throws InvalidResponseError where no job id is in it. What the server said is quoted, as the job may be paid for.
 */
export function readSubmitted(
  response: HttpResponse,
  read: Reader = readUpdate,
  idIn: (body: Fields) => string | undefined = answeredId,
): JobUpdate {
  const { body } = response;
  const jobId = isRecord(body) ? idIn(body) : undefined;
  if (isRecord(body) && jobId !== undefined && isJobId(jobId)) return read(body, jobId);
  throw invalid(
    response,
    // Whole, where it is cut in what follows: it is all that there is of a job that may be paid for.
    `the answer to the submit holds no job id${jobId === undefined ? '' : ` that can be one: ${bounded(jobId, MAX_SHOWN_ID)}`}: ${excerpt(body)}`,
    'A job may have been made, and paid for: look for it on the server before you generate again. Check that backend fits the server.',
  );
}

/** The answer to a submit where a word such as `success` means that it was accepted, not that the job has ended. */
export function readAccepted(response: HttpResponse): JobUpdate {
  const update = readSubmitted(response);
  return update.status === 'completed' ? { ...update, status: undefined } : update;
}

/**
 * The answer to a status call.
 *
 * @param idIn - Whose it says to be, where that is not in the fields that most servers have.
 * @throws InvalidResponseError where it tells nothing, or tells of another job.
 */
export function readStatus(
  response: HttpResponse,
  jobId: string,
  read: Reader = readUpdate,
  idIn: (body: Fields, jobId: string) => string | undefined = answeredId,
): JobUpdate {
  const { body } = response;
  const answered = isRecord(body) ? idIn(body, jobId) : undefined;
  // `{ status: 'error', message }` without an id is how a call went, and no word about the job.
  const isEnvelope = isRecord(body) && answered === undefined && isOutcome(body);
  const update = isRecord(body) && !isEnvelope ? read(body, jobId) : undefined;
  if (answered !== undefined && answered !== jobId) {
    throw invalid(
      response,
      `asked for job ${jobId}, the server told of job ${excerpt(answered)}`,
      'Check for a cache or proxy that mixes answers up.',
      jobId,
    );
  }
  if (update && (update.status ?? update.unknownStatus ?? update.progress) !== undefined) return update;
  throw invalid(
    response,
    `the answer tells no status of job ${jobId}: ${excerpt(body)}`,
    'Check that backend and baseUrl fit the server.',
    jobId,
  );
}

/**
 * A refusal of a status call that holds the job, failed: some servers answer with the status code that its work ended
 * with. By `error` they may as well say how the call went.
 */
export function readFailed(
  { body }: HttpRefusal,
  jobId: string,
  read: Reader = readUpdate,
): JobUpdate | undefined {
  const isJob = isRecord(body) && answeredId(body) === jobId && !isOutcome(body);
  const update = isJob ? read(body, jobId) : undefined;
  return update?.status === 'failed' ? update : undefined;
}

/** Words that may be of the call as well as of the job. */
function isOutcome(body: Fields): boolean {
  return /^(error|success)$/i.test(textOf(body.status) ?? '');
}

/** Servers name it either way. */
function answeredId(body: Fields): string | undefined {
  return idOf(body.jobId) ?? idOf(body.id);
}

function invalid({ status, headers }: HttpResponse, message: string, hint: string, jobId?: string) {
  const requestId = headers.get('x-request-id') ?? undefined;
  return new InvalidResponseError(message, { hint, jobId, status, requestId });
}

/** What a server said, fit for a message: cut, without secrets and without the queries of URLs. */
export function excerpt(body: unknown): string {
  const secret = /token|secret|password|credential|authorization|signature|api.?key|cookie/i;
  const json = showJson(body, (key, value) => (secret.test(key) ? '…' : value));
  // Cut first: what follows is not for a megabyte.
  return bounded(redactQueries(json.slice(0, 2_000)));
}
