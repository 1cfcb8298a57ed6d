import type { AnyBackend, HttpRefusal, HttpResponse } from '../backends/backend.js';
import { type ErrorBody, parseErrorBody } from '../core/error-body.js';
import { showJson } from '../core/json.js';
import { bounded, redactQueries, wordsOf } from '../core/text.js';
import {
  ApiError,
  InvalidResponseError,
  isNamed,
  NetworkError,
  SubmitOutcomeUnknownError,
  type VideoError,
} from '../errors.js';
import { identify, retryAfterMs } from './identify.js';
import { namedIn } from './named-in.js';
import { explain } from './node-fetch.js';
import type { CallContext } from './types.js';

/** The most that is shown of an error's words, in characters. */
const MAX_WORDS = 4_000;

/** A success that cannot be read, as `context.came` has it. */
export function unreadable(
  response: Pick<Response, 'status' | 'headers'>,
  context: CallContext,
  isTooLarge: true | undefined,
): InvalidResponseError {
  const { text = '' } = context.came ?? {};
  const kind = /^\s*</.test(text) ? 'a web page' : 'what is not JSON, or not all of it';
  let what = text.trim() === '' ? 'an empty body' : `${kind}: "${plainWordsOf(text)}"`;
  if (isTooLarge) what = 'more than 64 MiB, which was refused';
  return new InvalidResponseError(
    `${context.call} answered ${response.status} with ${what}${namedIn(context)}`,
    {
      ...identify(response, context),
      isTooLarge,
      hint: 'Check that baseUrl is the API itself, and that backend fits it.',
    },
  );
}

/** A success that was read, and in which the backend found a refusal, or no job. */
export function misread(
  error: unknown,
  { status, headers, body }: HttpResponse,
): ApiError | SubmitOutcomeUnknownError {
  if (isNamed(error, 'ApiError')) return error;
  const words = error instanceof Error ? error.message : wordsOf(error);
  const named = namedIn({ came: { headers, text: showJson(body) } });
  return new SubmitOutcomeUnknownError(
    `the server accepted the submit, but its answer names no job: ${words}${named}`,
    {
      ...identify({ status, headers }, {}),
      cause: error,
      hint: 'A job may have been made, and paid for: look for it on the server before you generate again. Check that backend fits the server.',
    },
  );
}

/** What the server said when it refused, in its own words. */
export function apiErrorOf(
  refusal: Omit<HttpRefusal, 'call'>,
  context: CallContext,
  options: {
    readonly parseError: ((body: unknown) => ErrorBody) | undefined;
    readonly nowMs: number;
    /** The call may have made a job. */
    readonly submits: boolean;
    /** The origin, not one of ours, that redirects led to: no credentials went there. */
    readonly strayedTo?: string | undefined;
  },
): ApiError {
  const { status, headers, body } = refusal;
  const { message, code, hint, details, retryable, unauthorized, ...told } = readErrorBody(
    body,
    options.parseError,
  );
  const { requestId = told.requestId, ...about } = identify(refusal, context);
  const sentences = [
    message,
    code && !message?.includes(code) && `code ${code}`,
    hint && `hint: ${hint}`,
    details && showJson(details),
  ].filter(Boolean);
  return new ApiError(
    bounded(
      [`${context.call} answered ${status}`, sentences.join(' · ')].filter(Boolean).join(': '),
      MAX_WORDS,
    ) + (options.submits && status >= 500 ? namedIn({ came: { headers, text: showJson(body) } }) : ''),
    {
      ...about,
      requestId,
      status,
      hint:
        strayHint(status, options.strayedTo) ??
        hint ??
        hintOf(unauthorized ? 401 : status, headers.get('location'), options.submits),
      serverMessage: message,
      serverCode: code,
      details,
      retryAfterMs: retryAfterMs(headers, options.nowMs) ?? aDayAtMost(told.retryAfterMs),
      retryable,
      code: unauthorized && 'unauthorized',
    },
  );
}

function readErrorBody(body: unknown, parseError = parseErrorBody): ErrorBody {
  if (typeof body === 'string') return { message: plainWordsOf(body) };
  try {
    return parseError(body);
  } catch {
    return parseErrorBody(body);
  }
}

/** As of the header: a longer wait is a mistake, and a job would not be asked for again. */
function aDayAtMost(ms: number | undefined): number | undefined {
  return ms === undefined || Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), 86_400_000);
}

const ENTITIES: Readonly<Record<string, string>> = {
  nbsp: ' ',
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
};

/** The words of a page or a text, without its tags. Cut first: what follows is not for a megabyte. */
function plainWordsOf(text: string): string {
  return bounded(
    text
      .slice(0, 2_000)
      .replace(/<(style|script)\b[^<]*|<[^<>]*>/gi, ' ')
      .replace(/&(nbsp|amp|lt|gt|quot|#39);/g, (entity, name: string) => ENTITIES[name] ?? entity)
      .replace(/\s+/g, ' ')
      .trim(),
    300,
  );
}

/** Of an answer that broke off. */
function partOf(context: CallContext): string {
  const words = plainWordsOf(context.came?.text ?? '');
  return (words && `, after "${words}"`) + namedIn(context);
}

function strayHint(status: number, strayedTo: string | undefined): string | undefined {
  if (strayedTo === undefined || (status !== 401 && status !== 403)) return undefined;
  return `The server redirects to ${strayedTo}, where credentials do not go: set baseUrl to where the API is.`;
}

function hintOf(status: number, location: string | null, submits: boolean): string | undefined {
  if (location !== null && status < 400)
    return `The server sends to ${bounded(location.replace(/[?#].*/s, ''))}: set baseUrl to where the API is.`;
  if (status === 401) return 'Check the auth option.';
  if (status === 404 && submits)
    return 'The server has no such route, or no such model: check that baseUrl is the API itself, and that backend fits it.';
  if (status === 404 || status === 405)
    return 'Check the job id, and that baseUrl and backend fit the server.';
  if (status === 413)
    return 'What was sent is too large for the server, or for a proxy before it: send smaller files, or raise its limit.';
  if (status === 429) return 'Wait, then try again with fewer calls at once.';
  return undefined;
}

/** What `fetch` rejected with, as our error. */
export function networkError(error: unknown, context: CallContext): NetworkError {
  const { call, jobId } = context;
  const known = explain(error);
  const message = (error instanceof Error ? error.message : wordsOf(error)).slice(0, 2_000);
  const what = (known?.code ?? redactQueries(bounded(message))) + partOf(context);
  return new NetworkError('network', `${call} failed: ${what}`, {
    jobId,
    hint: known?.hint ?? 'Check that the server runs and, in a browser, that it allows this page (CORS).',
    // Some runtimes quote the whole URL, and with it a signature.
    cause: /\?[^\s?]*=/.test(message) ? undefined : error,
  });
}

export function timeoutError(timeoutMs: number, context: CallContext): NetworkError {
  const message = `${context.call} got no whole answer within ${timeoutMs} ms${partOf(context)}`;
  return new NetworkError('request-timeout', message, {
    jobId: context.jobId,
    hint: 'Check the server, or give a larger timeouts.requestMs (jobMs where it answers when the video is made).',
  });
}

/**
 * For a submit of which nobody knows whether it made a job.
 *
 * @param doubt - What left that open; no failure after it says any more about it.
 * @param last - What the last attempt failed with, `doubt` itself where there was none after it.
 * @param keys - `given`: the caller's key was sent. Else what the backend says of keys.
 */
export function outcomeUnknown(
  doubt: VideoError,
  last: VideoError,
  { call, jobId }: CallContext,
  keys: 'given' | AnyBackend['idempotency'],
): VideoError {
  const after = last === doubt ? '' : `; then, with the same idempotencyKey: ${last.message}`;
  return new SubmitOutcomeUnknownError(
    `${call} was sent, and may have made a job or not: ${doubt.message}${after}`,
    {
      jobId,
      status: doubt.status,
      requestId: doubt.requestId,
      cause: doubt,
      hint: [
        adviceOf(doubt),
        keys === 'given'
          ? 'Call generate again with the same idempotencyKey: it makes no second job.'
          : `Sending it again may be paid for twice: look for the job on the server first.${keys === undefined ? ' Where it honours an idempotencyKey, give one from the first try on.' : ''}`,
      ]
        .filter(Boolean)
        .join(' '),
    },
  );
}

/** What to look at besides, without a word of trying again. */
function adviceOf(doubt: VideoError): string {
  if (doubt.code !== 'network') return doubt.hint ?? '';
  // A code says what happened. A browser gives none, and tells a page the same for three things.
  const hint = explain(doubt.cause)?.hint;
  if (hint !== undefined) return hint.includes('again') ? '' : hint;
  return 'In a browser, a server that is not running and one that does not allow this page (CORS) look the same: client.diagnose() tells which.';
}
