import type { JobUpdate } from '../core/model.js';
import { isRecord } from '../core/record.js';
import { InvalidResponseError } from '../errors.js';
import type { HttpResponse } from './backend.js';
import { type Fields, idOf, readUpdate } from './fields.js';

/** The most that is quoted of an answer nobody understands, in characters. */
const MAX_EXCERPT = 500;

/** Makes an update of an answer's object. */
export type Reader = (raw: Fields, jobId: string) => JobUpdate;

/**
 * The answer to a submit.
 *
 * @throws InvalidResponseError where no job id is in it. What the server said is quoted, as the job may be paid for.
 */
export function readSubmitted(response: HttpResponse, read: Reader = readUpdate): JobUpdate {
  const { body } = response;
  const jobId = isRecord(body) ? answeredId(body) : undefined;
  if (isRecord(body) && jobId !== undefined) return read(body, jobId);
  throw new InvalidResponseError(`the answer to the submit holds no job id: ${excerpt(body)}`, {
    ...identify(response),
    hint: 'A job may have been made, and paid for: look for it on the server before you submit again, and check that backend fits the server.',
  });
}

/** The answer to a submit where a word such as `success` means that it was accepted, not that the job has ended. */
export function readAccepted(response: HttpResponse): JobUpdate {
  const update = readSubmitted(response);
  return update.status === 'completed' ? { ...update, status: undefined } : update;
}

/**
 * The answer to a status call.
 *
 * @throws InvalidResponseError where it tells nothing, or tells of another job.
 */
export function readStatus(response: HttpResponse, jobId: string, read: Reader = readUpdate): JobUpdate {
  const { body } = response;
  const hint = 'Check that backend and baseUrl fit the server.';
  if (!isRecord(body)) {
    throw new InvalidResponseError(`the status of job ${jobId} is not an object: ${excerpt(body)}`, {
      ...identify(response),
      jobId,
      hint,
    });
  }
  const answered = answeredId(body);
  if (answered !== undefined && answered !== jobId) {
    throw new InvalidResponseError(`asked for job ${jobId}, the server told of job ${excerpt(answered)}`, {
      ...identify(response),
      jobId,
      hint: 'Check for a cache or proxy between here and the server that mixes answers up.',
    });
  }
  const update = read(body, jobId);
  if (update.status === undefined && update.unknownStatus === undefined && update.progress === undefined) {
    throw new InvalidResponseError(`the status of job ${jobId} tells no status: ${excerpt(body)}`, {
      ...identify(response),
      jobId,
      hint,
    });
  }
  return update;
}

/** Servers name it either way. */
function answeredId(body: Fields): string | undefined {
  return idOf(body.jobId) ?? idOf(body.id);
}

function identify(response: HttpResponse) {
  return { status: response.status, requestId: response.headers.get('x-request-id') ?? undefined };
}

/** What a server said, fit for a message: on one line, cut, without secrets and without the queries of URLs. */
function excerpt(body: unknown): string {
  const secret = /token|secret|password|credential|authorization|signature|api.?key|cookie/i;
  const json = JSON.stringify(body, (key, value) => (secret.test(key) ? '…' : value)) ?? 'nothing';
  const shown = json.replace(/(https?:\/\/[^\s"?]*)\?[^\s"]*/gi, '$1?…');
  return shown.length > MAX_EXCERPT ? `${shown.slice(0, MAX_EXCERPT)}…` : shown;
}
