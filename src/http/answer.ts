import type { ErrorBody } from '../backends/backend.js';
import { parseRetryAfterMs } from '../core/backoff.js';
import { ApiError, InvalidResponseError } from '../errors.js';
import { abortable } from './abort.js';
import { printable } from './text.js';

/** The most that is read of a JSON answer, in bytes. */
export const MAX_JSON_BYTES = 1_048_576;
/** The most that is shown of an error's words, in characters. */
const MAX_WORDS = 4_000;

/** Which call an answer belongs to, as its error tells it. */
export interface CallContext {
  /** Such as `GET https://host/path?…`. */
  readonly call: string;
  readonly jobId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads at most `maxBytes`; beyond that the rest is cancelled, and `complete` is false. */
export async function readText(
  response: Response,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<{ text: string; complete: boolean }> {
  if (response.body === null) return { text: '', complete: true };
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const chunk = await abortable(reader.read(), signal);
    if (chunk.done) return { text: text + decoder.decode(), complete: true };
    bytes += chunk.value.byteLength;
    if (bytes > maxBytes) {
      reader.cancel().catch(() => {});
      return { text, complete: false };
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
}

/**
 * The JSON of a successful answer; undefined for one that has no body by its status.
 *
 * @throws InvalidResponseError for anything else.
 */
export async function readJson(response: Response, context: CallContext): Promise<unknown> {
  const { text, complete } = await readText(response, MAX_JSON_BYTES, context.signal);
  if (response.status === 204 || response.status === 205) return undefined;
  const refuse = (what: string, hint?: string): InvalidResponseError =>
    new InvalidResponseError(`${context.call} answered ${response.status} with ${what}`, {
      ...identify(response, context),
      hint,
    });
  if (!complete) throw refuse('more than 1 MiB of JSON, which was refused');
  if (text.trim() === '') throw refuse('an empty body', 'Check that baseUrl and backend fit the server.');
  try {
    return JSON.parse(text);
  } catch {
    if (looksLikeHtml(text)) {
      throw refuse(
        `a web page: "${words(text)}"`,
        'Check that baseUrl is the API itself, not a page or a proxy in front of it.',
      );
    }
    throw refuse(`what is not JSON, or not all of it: "${words(text)}"`);
  }
}

/** What the server said when it refused, in its own words. Never fails for want of a body. */
export async function readApiError(
  response: Response,
  context: CallContext,
  options: {
    readonly parseError?: ((body: unknown) => ErrorBody) | undefined;
    readonly secrets: readonly string[];
    readonly nowMs: number;
    /** The call may have made a job. */
    readonly submits: boolean;
  },
): Promise<ApiError> {
  let text = '';
  try {
    ({ text } = await readText(response, MAX_JSON_BYTES, context.signal));
  } catch {
    // The status alone is an answer.
  }
  for (const secret of options.secrets) text = text.replaceAll(secret, '[redacted]');
  const said = parseErrorBody(text, options.parseError);
  const sentences = [
    said.message,
    said.code === undefined || said.message?.includes(said.code) ? undefined : `code ${said.code}`,
    said.hint === undefined ? undefined : `hint: ${said.hint}`,
    said.details === undefined ? undefined : JSON.stringify(said.details),
  ].filter((sentence) => sentence !== undefined && sentence !== '');
  const location = response.headers.get('location');
  return new ApiError(
    `${context.call} answered ${response.status}${
      sentences.length === 0
        ? ` ${printable(response.statusText, 100)}`
        : `: ${printable(sentences.join(' · '), MAX_WORDS)}`
    }`.trimEnd(),
    {
      ...identify(response, context),
      status: response.status,
      hint: said.hint ?? hintOf(response.status, location, options.submits),
      serverMessage: said.message,
      serverCode: said.code,
      details: said.details,
      retryAfterMs: parseRetryAfterMs(response.headers.get('retry-after'), options.nowMs),
    },
  );
}

function identify(response: Response, { jobId }: CallContext) {
  const requestId = response.headers.get('x-request-id');
  return {
    jobId,
    status: response.status,
    requestId: requestId === null ? undefined : printable(requestId, 200),
  };
}

function parseErrorBody(text: string, parseError: ((body: unknown) => ErrorBody) | undefined): ErrorBody {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return text.trim() === '' ? {} : { message: words(text) };
  }
  try {
    return (parseError ?? defaultErrorBody)(body);
  } catch {
    return defaultErrorBody(body);
  }
}

/** `{error, message?, hint?, code?, …}`, or the same one level down in `error`. */
function defaultErrorBody(body: unknown): ErrorBody {
  if (typeof body === 'string') return { message: body };
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { details: body };
  const { error, message, hint, code, ...rest } = body as Record<string, unknown>;
  const nested = typeof error === 'object' && error !== null ? defaultErrorBody(error) : {};
  const sentences = [typeof error === 'string' ? error : nested.message, message].filter(
    (sentence, index, all) => typeof sentence === 'string' && all.indexOf(sentence) === index,
  );
  const details = nested.details === undefined ? rest : { ...rest, error: nested.details };
  return {
    message: sentences.length === 0 ? undefined : sentences.join(': '),
    hint: typeof hint === 'string' ? hint : nested.hint,
    code: typeof code === 'string' ? code : nested.code,
    details: Object.keys(details).length === 0 ? undefined : details,
  };
}

function looksLikeHtml(text: string): boolean {
  return /^\s*<(!doctype|html|\?xml|head|body)/i.test(text.slice(0, 200));
}

/** The words of a page or a text, without its tags. Cut first: what follows is not for a megabyte. */
function words(text: string): string {
  const start = text.slice(0, 2_000).replace(/<(style|script)\b[^>]*>[^<]*/gi, ' ');
  return printable(
    start
      .replace(/<[^<>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
    300,
  );
}

function hintOf(status: number, location: string | null, submits: boolean): string | undefined {
  if (location !== null && status < 400) {
    const where = printable(location.replace(/[?#].*/s, ''), 300);
    return `The server sends to ${where}: set baseUrl to where the API is.`;
  }
  switch (status) {
    case 401:
      return 'Check the auth option.';
    case 402:
      return 'The account is out of credits.';
    case 404:
    case 405:
      return 'Check the job id, and that baseUrl and backend fit the server.';
    case 429:
      return 'Wait, then try again with fewer calls at once.';
    default:
      return submits && status >= 500 && status !== 503
        ? 'A job may have been made all the same: look on the server before you generate again.'
        : undefined;
  }
}
