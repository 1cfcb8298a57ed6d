import {
  ApiError,
  InvalidResponseError,
  NetworkError,
  SubmitOutcomeUnknownError,
  type VideoError,
} from '../errors.js';
import type { CallContext } from './answer.js';
import { printable, redactQueries } from './text.js';

/** Before a connection is there, nothing can have been sent. Node's, undici's and Bun's codes. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
  'FailedToOpenSocket',
]);
/** A certificate that was refused: the handshake ended before any request. */
const NOT_TRUSTED = /^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY))/;

interface SystemError {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/**
 * True where the error proves that no connection was made, so that nothing can have arrived. Without a code there
 * is no proof: a browser's `TypeError` says the same for a refusal and for a lost answer.
 */
export function neverConnected(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { code, syscall, cause, errors } = error as SystemError;
  // Several addresses were tried: every one of them must have failed so.
  if (Array.isArray(errors) && errors.length > 0)
    return errors.every((one) => neverConnected(one, depth + 1));
  // A reset, even one that Node lays to `connect`, comes from a server that had taken the connection.
  if (code === 'ECONNRESET') return false;
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true;
  if (typeof code === 'string' && (NOT_CONNECTED.has(code) || NOT_TRUSTED.test(code))) return true;
  return neverConnected(cause, depth + 1);
}

/** The code nearest to the root of the trouble, such as `ECONNREFUSED`. */
function systemCode(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 5) return undefined;
  const { code, cause, errors } = error as SystemError;
  return (
    systemCode(cause, depth + 1) ??
    systemCode(Array.isArray(errors) ? errors[0] : undefined, depth + 1) ??
    (typeof code === 'string' ? printable(code, 100) : undefined)
  );
}

/** What `fetch` rejected with, as our error. */
export function networkError(error: unknown, { call, jobId }: CallContext): NetworkError {
  const code = systemCode(error);
  const message = error instanceof Error ? error.message : String(error);
  return new NetworkError('network', `${call} failed: ${code ?? redactQueries(printable(message))}`, {
    jobId,
    hint: hintOf(code),
    // Some runtimes quote the whole URL, and with it a signature.
    cause: /\?[^\s]*=/.test(message) ? undefined : error,
  });
}

export function timeoutError(timeoutMs: number, { call, jobId }: CallContext): NetworkError {
  return new NetworkError('request-timeout', `${call} got no whole answer within ${timeoutMs} ms`, {
    jobId,
    hint: 'Check the server, or give a larger timeouts.requestMs (timeouts.jobMs where the server answers when the video is made).',
  });
}

/** For a submit that was sent, and of which nobody knows whether it made a job. */
export function outcomeUnknown(
  error: VideoError,
  { call, jobId }: CallContext,
  repeatable: boolean,
): VideoError {
  return new SubmitOutcomeUnknownError(
    `${call} was sent, and what became of it is not known (${error.message}); a job may have been made`,
    {
      jobId,
      status: error.status,
      requestId: error.requestId,
      cause: error,
      hint: repeatable
        ? 'Call generate again with the same idempotencyKey: the server makes no second job for it.'
        : 'It was not sent again, because that may be paid for twice: look for the job on the server first, or give an idempotencyKey where the server honours one.',
    },
  );
}

/** Answers that come and go: asking again can help. */
export function isTransient(error: unknown): boolean {
  if (error instanceof NetworkError) return true;
  if (!(error instanceof ApiError)) return false;
  const { status } = error;
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** Answers to a submit by which the server says that it did nothing, for now. */
export function isRefusedForNow(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 429 || error.status === 503);
}

/** Errors after which a submit that was sent may have made a job, or not. */
export function isAmbiguous(error: unknown): error is VideoError {
  return error instanceof NetworkError || error instanceof InvalidResponseError;
}

function hintOf(code: string | undefined): string {
  if (code === undefined)
    return 'Check that the server runs, and in a browser that it allows this page (CORS) and is https where the page is.';
  if (code === 'ECONNREFUSED' || code === 'ConnectionRefused')
    return 'Check that the server runs, and the port in baseUrl.';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'Check the host name in baseUrl, and the network.';
  if (NOT_TRUSTED.test(code))
    return 'The certificate of the server is not trusted: give its authority in NODE_EXTRA_CA_CERTS.';
  return 'Check the network and the server, then try again.';
}
