import { parseRetryAfterMs } from '../core/backoff.js';
import { type ErrorBody, parseErrorBody } from '../core/error-body.js';
import { bounded } from '../core/text.js';
import { ApiError, InvalidResponseError } from '../errors.js';
import { abortable } from '../runtime/abort.js';

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
  const reader = (response.body ?? new Blob().stream()).getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const chunk = await abortable(reader.read(), signal);
    if (chunk.done) return { text: text + decoder.decode(), complete: true };
    bytes += chunk.value.byteLength;
    if (bytes > MAX_JSON_BYTES) {
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
  const { text, complete } = await readText(response, context.signal);
  if (response.status === 204 || response.status === 205) return undefined;
  let what = 'more than 1 MiB, which was refused';
  if (complete) {
    try {
      return JSON.parse(text);
    } catch {
      const kind = /^\s*</.test(text) ? 'a web page' : 'what is not JSON, or not all of it';
      what = text.trim() === '' ? 'an empty body' : `${kind}: "${wordsOf(text)}"`;
    }
  }
  throw new InvalidResponseError(`${context.call} answered ${response.status} with ${what}`, {
    ...identify(response, context),
    hint: 'Check that baseUrl is the API itself, and that backend fits it.',
  });
}

/** What the server said when it refused, in its own words. Never fails for want of a body. */
export async function readApiError(
  response: Response,
  context: CallContext,
  options: {
    readonly parseError: ((body: unknown) => ErrorBody) | undefined;
    readonly secrets: readonly string[];
    readonly nowMs: number;
  },
): Promise<ApiError> {
  // Without a body that can be read, the status alone is an answer.
  let { text } = await readText(response, context.signal).catch(() => ({ text: '' }));
  for (const secret of options.secrets) text = text.replaceAll(secret, '[redacted]');
  const { status, headers } = response;
  const { message, code, hint, details } = readErrorBody(text, options.parseError);
  const sentences = [
    message,
    code && !message?.includes(code) && `code ${code}`,
    hint && `hint: ${hint}`,
    details && JSON.stringify(details),
  ].filter(Boolean);
  return new ApiError(
    bounded(
      [`${context.call} answered ${status}`, sentences.join(' · ')].filter(Boolean).join(': '),
      MAX_WORDS,
    ),
    {
      ...identify(response, context),
      status,
      hint: hint ?? hintOf(status, headers.get('location')),
      serverMessage: message,
      serverCode: code,
      details,
      retryAfterMs: parseRetryAfterMs(headers.get('retry-after'), options.nowMs),
    },
  );
}

function identify({ status, headers }: Response, { jobId }: CallContext) {
  return { jobId, status, requestId: headers.get('x-request-id')?.slice(0, 200) };
}

function readErrorBody(text: string, parseError = parseErrorBody): ErrorBody {
  let body: unknown;
  try {
    body = JSON.parse(text);
    return parseError(body);
  } catch {
    return body === undefined ? { message: wordsOf(text) } : parseErrorBody(body);
  }
}

/** The words of a page or a text, without its tags. Cut first: what follows is not for a megabyte. */
function wordsOf(text: string): string {
  return bounded(
    text
      .slice(0, 2_000)
      .replace(/<(style|script)\b[^<]*|<[^<>]*>/gi, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
    300,
  );
}

function hintOf(status: number, location: string | null): string | undefined {
  if (location !== null && status < 400)
    return `The server sends to ${bounded(location.replace(/[?#].*/s, ''))}: set baseUrl to where the API is.`;
  if (status === 401) return 'Check the auth option.';
  if (status === 404 || status === 405)
    return 'Check the job id, and that baseUrl and backend fit the server.';
  if (status === 429) return 'Wait, then try again with fewer calls at once.';
  return undefined;
}
