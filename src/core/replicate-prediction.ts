import { dateAt, dateOf, type Fields, readUpdate, textOf } from './fields.js';
import type { JobOutput, JobUpdate } from './model.js';
import { isRecord } from './record.js';
import type { StatusWords } from './status-words.js';

/** `aborted`: ended before it started. The official client waits for ever where it meets that word. */
const WORDS: StatusWords = new Map([
  ['starting', 'queued'],
  ['processing', 'processing'],
  ['succeeded', 'completed'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
  ['aborted', 'failed'],
]);

/** Files and all else of a prediction that was made by the API are kept so long after its end. */
const KEPT_MS = 3_600_000;
/** No model has more files, and no object is nested deeper around them. */
const MAX_OUTPUTS = 1_000;
const MAX_DEPTH = 10;
const VIDEO = /\.(mp4|m4v|mov|webm|mkv|avi)$/i;

/** One prediction, as answers, lists and webhooks have it. */
export function readPrediction(raw: Fields, jobId: string): JobUpdate {
  // Its own words alone: what `message`, `progress` and the like would be, no prediction has.
  const update = readUpdate({ status: raw.status, error: raw.error }, jobId, undefined, WORDS);
  if (update.status === 'failed') return { ...update, ...failureOf(raw, update.error), raw };
  // While it runs, `output` may hold files that are not all of them.
  if (update.status !== 'completed') return { ...update, raw };
  const outputs = outputsOf(raw.output);
  const endedAt = dateOf(textOf(raw.completed_at))?.getTime();
  const expiresAt = endedAt === undefined ? undefined : dateAt(endedAt + KEPT_MS);
  const expires = expiresAt !== undefined && raw.source !== 'web';
  return {
    ...update,
    ...(outputs.length > 0 && { outputs }),
    ...(expires && { expiresAt }),
    ...(raw.data_removed === true && { gone: GONE }),
    raw,
  };
}

const GONE =
  'Replicate has removed the data of this prediction (data_removed), as it does an hour after the end';

/** Why it failed; where `error` says nothing, how its logs end. For one that was ended, which of the words it was. */
function failureOf({ logs, status }: Fields, reason: string | undefined): Partial<JobUpdate> {
  const word = String(status).trim().toLowerCase();
  if (word !== 'failed') return { errorCode: word };
  const lastLine = textOf(logs)?.trimEnd().split('\n').at(-1)?.trim();
  const errorCode = /\((E\d+)\)/.exec(reason ?? '')?.[1];
  return { error: reason ?? lastLine, ...(errorCode !== undefined && { errorCode }) };
}

/** The files of an output: a URL, a list of them, or objects with URLs in them, as each model has it; videos first. */
function outputsOf(output: unknown): readonly JobOutput[] {
  const found: JobOutput[] = [];
  collect(output, undefined, MAX_DEPTH, found);
  const isVideo = ({ url }: JobOutput) => VIDEO.test(url.replace(/[?#].*/s, ''));
  return [...found.filter(isVideo), ...found.filter((file) => !isVideo(file))];
}

function collect(value: unknown, name: string | undefined, depth: number, found: JobOutput[]): void {
  if (found.length >= MAX_OUTPUTS || depth === 0) return;
  if (typeof value === 'string') {
    // A text that a model writes may begin so, too, but has blanks.
    if (/^https?:\/\/\S+$/i.test(value)) found.push({ url: value, ...(name !== undefined && { name }) });
  } else if (Array.isArray(value)) {
    for (const one of value) collect(one, name, depth - 1, found);
  } else if (isRecord(value)) {
    for (const [key, one] of Object.entries(value)) collect(one, key, depth - 1, found);
  }
}
