import { type Fields, readUpdate, textOf } from './fields.js';
import { encodeJobId, isJobId } from './job-id.js';
import type { JobUpdate } from './model.js';
import type { StatusWords } from './status-words.js';
import { holdsPassword, isHttp, parseUrl } from './url.js';

/** `dead` is only in OpenRouter's provider for the AI SDK (3.1.0), the rest in its OpenAPI document. */
const WORDS: StatusWords = new Map([
  ['pending', 'queued'],
  ['in_progress', 'processing'],
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['cancelled', 'failed'],
  ['expired', 'failed'],
  ['dead', 'failed'],
]);

/** No job has more. */
const MAX_OUTPUTS = 1_000;

/** The route of an output's file, below the base URL. */
export function contentOf(jobId: string, output: number): string {
  return `/videos/${encodeJobId(jobId)}/content?index=${output}`;
}

/** A place that can be fetched from; a path is one. */
function placeOf(told: unknown): string | undefined {
  const text = textOf(told);
  const url = text === undefined ? undefined : parseUrl(text, 'https://openrouter.ai');
  return url !== undefined && isHttp(url) && !holdsPassword(url) ? text : undefined;
}

/** The file of each output is at `content`; who reads `unsigned_urls` needs the key as well. */
export function readOpenRouterJob(raw: Fields, jobId: string): JobUpdate {
  const update = readUpdate(raw, jobId, undefined, WORDS);
  const told: unknown = isJobId(jobId) ? raw.unsigned_urls : undefined;
  const urls: readonly unknown[] = Array.isArray(told) ? told : [];
  // Each by its place, which is its number for `content`: one of no use must not have the next taken for it.
  const outputs = urls
    .slice(0, MAX_OUTPUTS)
    .map((url, index) => ({ url: placeOf(url) ?? contentOf(jobId, index) }));
  const word = update.status === 'failed' ? textOf(raw.status)?.trim().toLowerCase() : undefined;
  // Which of its ends it is: the reason is seldom told.
  const isNamed = word !== undefined && word !== 'failed';
  return {
    ...update,
    ...(outputs.length > 0 && { outputs }),
    ...(isNamed && { errorCode: update.errorCode ?? word }),
  };
}
