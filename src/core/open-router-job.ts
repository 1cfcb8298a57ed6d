import { type Fields, readUpdate, textOf } from './fields.js';
import type { JobUpdate } from './model.js';
import type { StatusWords } from './status-words.js';

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

/** The file of each output is at `content`; who reads `unsigned_urls` needs the key as well. */
export function readOpenRouterJob(raw: Fields, jobId: string): JobUpdate {
  const update = readUpdate(raw, jobId, undefined, WORDS);
  const urls: readonly unknown[] = Array.isArray(raw.unsigned_urls) ? raw.unsigned_urls : [];
  const outputs = urls.flatMap((told) => {
    const url = textOf(told);
    return url === undefined ? [] : [{ url }];
  });
  const word = update.status === 'failed' ? textOf(raw.status)?.trim().toLowerCase() : undefined;
  // Which of its ends it is: the reason is seldom told.
  const isNamed = word !== undefined && word !== 'failed';
  return {
    ...update,
    ...(outputs.length > 0 && { outputs }),
    ...(isNamed && { errorCode: update.errorCode ?? word }),
  };
}
