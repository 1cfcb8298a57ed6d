import { type ApiError, isVideoError } from '../index.js';
import { type Answer, Refused } from './answer.js';
import type { RelayRefusal } from './refusal.js';
import { cleanWords } from './words.js';

/** By which ids a job is known: to the page, and to the server behind. */
export interface Ids {
  readonly key?: string | undefined;
  readonly jobId?: string | undefined;
}

/** What the page is told of an error, and whether whoever runs this must be told, since the page is not. */
export interface Told {
  readonly answer: Answer;
  readonly isOurs: boolean;
}

/** Refusals of the server behind that are about what the page asked for: they come with the server's words. */
const PASSED_ON: ReadonlySet<number> = new Set([400, 402, 404, 410, 413, 422]);

const UNKNOWN = 'Nobody knows whether the job was made';

/**
 * What a page is told of whatever went wrong. What the server behind says of the key of this server, and of its own
 * insides, is nothing for a page.
 */
export function toldOf(error: unknown, ids: Ids = {}): Told {
  if (error instanceof Refused) return { answer: error.answer, isOurs: false };
  if (isRelayRefusal(error)) {
    const { status, message, retryAfterMs } = error;
    return { answer: { status, retryAfterMs, body: { error: message } }, isOurs: false };
  }
  if (!isVideoError(error)) return ours(500, 'Internal error');
  const clean = (words: string) => cleanWords(words, ids.key ?? '', ids.jobId);
  const about = ids.key === undefined ? {} : { jobId: ids.key };
  switch (error.code) {
    case 'invalid-input':
      // What is made of the same body is another input now: whether the first one made a job is not known.
      if ((error as { readonly field?: unknown }).field === 'key') return ours(502, UNKNOWN, about);
      return told(400, clean(error.message));
    case 'submit-outcome-unknown':
      return error.status === 503
        ? ours(503, UNKNOWN, about, retryAfterOf(error.cause))
        : ours(502, UNKNOWN, about);
    case 'network':
    case 'request-timeout':
    case 'invalid-response':
      return ours(502, 'The video server cannot be reached');
    case 'download-not-ready':
      return told(404, 'Video not available yet');
    case 'download-expired':
      return told(410, 'The video is gone');
    case 'job-failed':
      return told(404, clean(error.message));
    case 'download-incomplete':
    case 'download-not-video':
      return ours(502, 'The video cannot be had from the video server');
    case 'job-store':
    case 'bus':
    case 'closed':
      return ours(503, 'The server is busy', {}, 5_000);
    default:
      return hasStatus(error) ? ofServer(error, clean) : ours(500, 'Internal error');
  }
}

/** True for what the server behind said in a way that a page is told as it was. */
export function isPassedOn(error: unknown): boolean {
  return isVideoError(error) && hasStatus(error) && PASSED_ON.has(error.status);
}

/** Of whichever copy of the package. */
export function isRelayRefusal(error: unknown): error is RelayRefusal {
  return isVideoError(error) && error.name === 'RelayRefusal';
}

function retryAfterOf(error: unknown): number | undefined {
  return isVideoError(error) && hasStatus(error) ? error.retryAfterMs : undefined;
}

function ofServer(error: ApiError, clean: (words: string) => string): Told {
  const { status, serverMessage, retryAfterMs } = error;
  if (status === 429) return told(429, 'Too many requests', retryAfterMs ?? 1_000);
  if (status === 503) return ours(503, 'The video server is busy', {}, retryAfterMs);
  if (!PASSED_ON.has(status)) return ours(502, 'The video server refused');
  return told(status, clean(serverMessage ?? 'The video server refused'));
}

/** Of whichever copy of the package. */
function hasStatus(error: { readonly name: string }): error is ApiError {
  return error.name === 'ApiError';
}

function told(status: number, words: string, retryAfterMs?: number): Told {
  return { ...answer(status, words, {}, retryAfterMs), isOurs: false };
}

function ours(status: number, words: string, more: object = {}, retryAfterMs?: number): Told {
  return { ...answer(status, words, more, retryAfterMs), isOurs: true };
}

function answer(status: number, error: string, more: object, retryAfterMs: number | undefined) {
  return { answer: { status, retryAfterMs, body: { error, ...more } } };
}
