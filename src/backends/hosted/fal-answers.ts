import {
  falAppOf,
  falRequestIdOf,
  readFalFailure,
  readFalResult,
  readFalStatus,
} from '../../core/fal-request.js';
import { idOf, textOf } from '../../core/fields.js';
import { isJobId } from '../../core/job-id.js';
import { parseJson } from '../../core/json.js';
import type { JobUpdate, StreamMessage } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import { bounded } from '../../core/text.js';
import { parseUrl } from '../../core/url.js';
import { InvalidResponseError } from '../../errors.js';
import { excerpt } from '../answers.js';
import type { HttpRefusal, HttpRequest, HttpResponse } from '../backend.js';

/** What the links of an answer lead to; before it, what a proxy or a mock has in front. */
const LINK =
  /^((?:\/[^/]+)*?)\/((?:(?:workflows|comfy)\/)?[\w.~-]+\/[\w.~-]+)\/requests\/([\w.~:-]+)(?:\/(?:status|response|cancel))?\/?$/;
const GONE = 'fal no longer has the result: it keeps one for an hour, a long one for six minutes';
/** Of an id that cannot be one, in characters. */
const MAX_SHOWN_ID = 8_000;
const IN_PROGRESS = /in progress/i;
/** Errors of the request, not of the call that asks about it: with these, whatever the status, it has ended. */
const REQUEST_ERROR = /^(request_timeout|startup_timeout|runner_\w+)$/;

/** Said by what is in between, or of the account: asked again, the result may be there. */
const PASSING = [402, 405, 408, 409, 413, 425, 429];

/**
 * The answer to a submit: its id is the path of its links, up to the request.
 *
 * @param request - The submit. Where a link has something in front, such as the path of a proxy, it leads to this app.
 * @throws InvalidResponseError that quotes what leads nowhere.
 */
export function readFalSubmit({ body, status }: HttpResponse, request: HttpRequest | undefined): JobUpdate {
  const fields = isRecord(body) ? body : {};
  const link = textOf(fields.status_url) ?? textOf(fields.response_url) ?? textOf(fields.cancel_url);
  const path = link && (parseUrl(link, 'http://x')?.pathname ?? link);
  const asked = request && falAppOf(request.url.replace(/^\/|\?.*/gs, ''));
  const jobId = path === undefined ? composed(asked, idOf(fields.request_id)) : ledTo(path, asked);
  if (jobId !== undefined && isJobId(jobId)) {
    const update = readFalStatus(fields, jobId);
    // Only the result says whether there is a video.
    return update.status === 'completed' ? { ...update, status: undefined } : update;
  }
  // Whole, where it is cut in what is quoted else: it is all that there is of a job that may be paid for.
  const what = path ?? jobId;
  const words = what === undefined ? excerpt(body) : bounded(what, MAX_SHOWN_ID);
  throw new InvalidResponseError(`the answer to the submit leads to no request of fal's: ${words}`, {
    status,
    hint: 'The request may be paid for: look for it before you submit again.',
  });
}

/** Where there is no link. */
function composed(app: string | undefined, requestId: string | undefined): string | undefined {
  return app && requestId && `${app}/requests/${requestId}`;
}

function ledTo(path: string, asked: string | undefined): string | undefined {
  const [, before, app, requestId] = LINK.exec(path) ?? [];
  return before === '' || (app !== undefined && app === asked) ? composed(app, requestId) : undefined;
}

/** Whose an answer is: the job that was asked about, or another. */
export function falAnsweredId(body: Readonly<Record<string, unknown>>, jobId: string): string | undefined {
  const answered = idOf(body.request_id);
  return answered === undefined || answered === falRequestIdOf(jobId) ? undefined : answered;
}

/** The result of a request that has ended; 202 is what some proxies and mocks answer before. */
export function readFalAnswer({ body, headers, status }: HttpResponse, jobId: string): JobUpdate {
  if (status === 202) return { jobId, raw: body };
  const detail = isRecord(body) ? body.detail : undefined;
  const update = isRecord(body) ? readFalResult(body, jobId) : undefined;
  if (update !== undefined && (detail === undefined || update.outputs !== undefined)) return update;
  // fal's own proxy for Express makes 200 of every status: what has no file, and says what is wrong, is a refusal.
  const isRefusal = Array.isArray(detail) || IN_PROGRESS.test(textOf(detail) ?? '');
  const refused = isRefusal && readFalRefusal({ body, headers, status: 400, call: 'followUp' }, jobId);
  if (refused) return refused;
  throw new InvalidResponseError(`the result of job ${jobId} is none: ${excerpt(body)}`, {
    jobId,
    status,
    hint: 'Check that baseUrl is that of fal.',
  });
}

/** What a result says that is none: the status and the body are those of the model. */
export function readFalRefusal(
  { body, call, headers, status }: HttpRefusal,
  jobId: string,
): JobUpdate | undefined {
  if (call === 'status' || status < 400 || status === 401 || status === 403) return undefined;
  const { error, errorCode: code = headers.get('x-fal-error-type') ?? undefined } = readFalFailure(body);
  // A page, or words, may be of something in between.
  const isPage = typeof body === 'string' && /^\s*</.test(body);
  if (isPage || (!isRecord(body) && code === undefined && ![410, 422, 499].includes(status)))
    return undefined;
  if (status === 400 && IN_PROGRESS.test(error ?? '')) return { jobId, raw: body };
  const detail: unknown = isRecord(body) ? body.detail : undefined;
  if (status === 410 || (status === 404 && !Array.isArray(detail))) {
    // What a route that is not there, or a server that has just been started, says is no word on the request.
    if (status === 404 && (typeof detail !== 'string' || detail === 'Not Found')) return undefined;
    return {
      jobId,
      status: 'completed',
      gone: error === undefined ? GONE : `${GONE} (${error})`,
      raw: body,
    };
  }
  // An outage, an account or a proxy looks like most of these; what the model or the request came to does not pass.
  if (
    (status >= 500 || PASSING.includes(status)) &&
    !Array.isArray(detail) &&
    !REQUEST_ERROR.test(code ?? '')
  )
    return undefined;
  const errorCode = status === 499 ? 'cancelled' : code;
  return { jobId, status: 'failed', error: error ?? `HTTP ${status}`, errorCode, raw: body };
}

/** One event of a request's own stream. */
export function parseFalEvent(data: string, own: string | undefined): StreamMessage {
  let raw: unknown;
  try {
    raw = parseJson(data);
  } catch {
    // What is no JSON tells nothing.
  }
  const requestId = isRecord(raw) ? idOf(raw.request_id) : undefined;
  const jobId =
    own !== undefined && (requestId ?? falRequestIdOf(own)) === falRequestIdOf(own) ? own : requestId;
  const update = isRecord(raw) && jobId !== undefined ? readFalStatus(raw, jobId) : undefined;
  if (update === undefined || (update.status ?? update.unknownStatus) === undefined)
    return { type: 'problem', message: 'an event of fal tells no status', jobId: own };
  // Only the result says whether there is a video.
  if (update.status === 'completed') return { type: 'ask', jobId };
  return { type: 'update', update };
}
