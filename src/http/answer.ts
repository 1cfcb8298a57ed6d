import type { HttpRefusal } from '../backends/backend.js';
import { parseRetryAfterMs } from '../core/backoff.js';
import { type ErrorBody, parseErrorBody } from '../core/error-body.js';
import { parseJson, showJson } from '../core/json.js';
import { bounded } from '../core/text.js';
import { ApiError, InvalidResponseError } from '../errors.js';
import { abortable } from '../runtime/abort.js';
import { readerOf } from './body.js';

/** The most that is read of a JSON answer, in bytes. */
const MAX_JSON_BYTES = 1_048_576;
/** The most that is shown of an error's words, in characters. */
const MAX_WORDS = 4_000;

/** Which call an answer belongs to, as its error tells it. */
export interface CallContext {
  /** Such as `GET https://host/path?…`. */
  readonly call: string;
  readonly jobId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Beyond 1 MiB the rest is cancelled, and `complete` is false. */
async function readText(
  response: Response,
  signal?: AbortSignal,
): Promise<{ text: string; complete: boolean }> {
  const reader = readerOf(response, 'text');
  const decoder = new TextDecoder();
  let text = '';
  // A body without a stream comes as a whole: where it is told to be too large, it is not read.
  let room = MAX_JSON_BYTES;
  if (!response.body && Number(response.headers.get('content-length')) > room)
    return { text, complete: false };
  for (;;) {
    const chunk = await abortable(reader.read(), signal);
    if (chunk === undefined) return { text: text + decoder.decode(), complete: true };
    room -= chunk.byteLength;
    if (room < 0) {
      reader.cancel();
      return { text, complete: false };
    }
    text += decoder.decode(chunk, { stream: true });
  }
}

/**
 * The JSON of a successful answer; undefined for one that has no body.
 *
 * @param mustSay - An empty body is none of 204 or 205 but an answer that was lost, as that of a submit is.
 * @throws InvalidResponseError for anything else.
 */
export async function readJson(response: Response, context: CallContext, mustSay: boolean): Promise<unknown> {
  const { text, complete } = await readText(response, context.signal);
  if (response.status === 204 || response.status === 205) return undefined;
  let what = 'more than 1 MiB, which was refused';
  if (complete) {
    const isEmpty = text.trim() === '';
    if (isEmpty && !mustSay) return undefined;
    try {
      return parseJson(text);
    } catch {
      const kind = /^\s*</.test(text) ? 'a web page' : 'what is not JSON, or not all of it';
      what = isEmpty ? 'an empty body' : `${kind}: "${wordsOf(text)}"`;
    }
  }
  throw new InvalidResponseError(`${context.call} answered ${response.status} with ${what}`, {
    ...identify(response, context),
    isTooLarge: complete ? undefined : true,
    hint: 'Check that baseUrl is the API itself, and that backend fits it.',
  });
}

/** An answer that is no success, its body parsed where it is JSON, else its text. Never fails for want of a body. */
export async function readRefusal(
  response: Response,
  context: CallContext,
): Promise<Omit<HttpRefusal, 'call'>> {
  // Without a body that can be read, the status alone is an answer.
  const { text } = await readText(response, context.signal).catch(() => ({ text: '' }));
  const { status, headers } = response;
  try {
    return { status, headers, body: parseJson(text) };
  } catch {
    return { status, headers, body: text };
  }
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
  const { message, code, hint, details, retryable, ...told } = readErrorBody(body, options.parseError);
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
    ),
    {
      ...about,
      requestId,
      status,
      hint:
        strayHint(status, options.strayedTo) ??
        hint ??
        hintOf(status, headers.get('location'), options.submits),
      serverMessage: message,
      serverCode: code,
      details,
      retryAfterMs: retryAfterMs(headers, options.nowMs) ?? told.retryAfterMs,
      retryable,
    },
  );
}

/** Some say it in milliseconds. */
function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const ms = headers.get('retry-after-ms');
  const precise = ms === null ? undefined : parseRetryAfterMs(String(Number(ms) / 1_000), nowMs);
  return precise ?? parseRetryAfterMs(headers.get('retry-after'), nowMs);
}

function identify({ status, headers }: Pick<Response, 'status' | 'headers'>, { jobId }: CallContext) {
  return { jobId, status, requestId: headers.get('x-request-id')?.slice(0, 200) };
}

function readErrorBody(body: unknown, parseError = parseErrorBody): ErrorBody {
  if (typeof body === 'string') return { message: wordsOf(body) };
  try {
    return parseError(body);
  } catch {
    return parseErrorBody(body);
  }
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
function wordsOf(text: string): string {
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

function strayHint(status: number, strayedTo: string | undefined): string | undefined {
  if (strayedTo === undefined || (status !== 401 && status !== 403)) return undefined;
  return `The server redirects to ${strayedTo}, where credentials do not go: set baseUrl to where the API is.`;
}

function hintOf(status: number, location: string | null, submits: boolean): string | undefined {
  if (location !== null && status < 400)
    return `The server sends to ${bounded(location.replace(/[?#].*/s, ''))}: set baseUrl to where the API is.`;
  if (status === 401) return 'Check the auth option.';
  if (status === 404 && submits)
    return 'The server has no such route: check that baseUrl is the API itself, and that backend fits it.';
  if (status === 404 || status === 405)
    return 'Check the job id, and that baseUrl and backend fit the server.';
  if (status === 413)
    return 'What was sent is too large for the server, or for a proxy before it: send smaller files, or raise its limit.';
  if (status === 429) return 'Wait, then try again with fewer calls at once.';
  return undefined;
}
