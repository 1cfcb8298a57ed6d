import { type Fields, readUpdate, textOf } from './fields.js';
import type { JobOutput, JobUpdate } from './model.js';
import { isRecord } from './record.js';
import type { StatusWords } from './status-words.js';

/** `COMPLETED` is of whatever has ended, well or not. */
const WORDS: StatusWords = new Map([
  ['in_queue', 'queued'],
  ['in_progress', 'processing'],
  ['completed', 'completed'],
]);

/** No model makes more files, and no object is nested deeper around them. */
const MAX_OUTPUTS = 1_000;
const MAX_DEPTH = 10;
const MAX_PROBLEMS = 20;
const VIDEO = /\.(mp4|m4v|mov|webm|mkv|avi|gif)$/i;
/** Two segments, and a third where the first says what kind of app it is. */
const APP = /^(?:(?:workflows|comfy)\/)?[^/]+\/[^/]+/;

/** `owner/app` of a model such as `owner/app/image-to-video`: what its requests are found at. */
export function falAppOf(model: string): string {
  return APP.exec(model)?.[0] ?? model;
}

/** Of an id such as `owner/app/requests/ID`, what fal itself calls the request. */
export function falRequestIdOf(jobId: string): string {
  return jobId.slice(jobId.lastIndexOf('/') + 1);
}

/** What a refusal says, of the queue or of a model: `{ detail: text or [{ loc, msg, type }], error_type }`. */
export function readFalFailure(body: unknown): Pick<JobUpdate, 'error' | 'errorCode'> {
  if (!isRecord(body)) return {};
  const { detail, error_type } = body;
  const problems: readonly unknown[] = Array.isArray(detail) ? detail.slice(0, MAX_PROBLEMS) : [];
  const first = problems.find(isRecord);
  return {
    error: textOf(detail) ?? textOf(problems.flatMap(wordsOf).join('; ')),
    errorCode: textOf(error_type) ?? textOf(first?.type),
  };
}

function wordsOf(problem: unknown): readonly string[] {
  const { loc, msg } = isRecord(problem) ? problem : {};
  if (typeof msg !== 'string') return [];
  // Names and numbers: what else may be there cannot always be made a text of.
  const place = Array.isArray(loc)
    ? loc.filter((part) => /string|number/.test(typeof part)).slice(0, MAX_DEPTH)
    : [];
  return [[...(place.length > 0 ? [place.join('.')] : []), msg].join(': ')];
}

/** One status, as status calls and streams have it. `completed` is not proven: the result may be a refusal. */
export function readFalStatus(raw: Fields, jobId: string): JobUpdate {
  const failure = raw.error || raw.error_type;
  const isEnd = typeof raw.status === 'string' && /^\s*completed\s*$/i.test(raw.status);
  const status = isEnd && failure ? 'failed' : raw.status;
  // Its own words alone: what `progress` and the like would be, no status of fal's has.
  const update = readUpdate(
    { status, error: failure, message: lastLineOf(raw.logs) },
    jobId,
    undefined,
    WORDS,
  );
  // No word of its documents, but of proxies and mocks.
  const cancelled = /^\s*cancell?ed\s*$/i.test(String(textOf(raw.status))) ? 'cancelled' : undefined;
  const { queue_position: place } = raw;
  return {
    ...update,
    ...(update.status === 'failed' && { errorCode: textOf(raw.error_type) ?? cancelled ?? update.errorCode }),
    ...(typeof place === 'number' && place >= 0 && { queuePosition: place }),
    raw,
  };
}

/** What a model made: its own answer, with files wherever it has them. */
export function readFalResult(raw: unknown, jobId: string): JobUpdate {
  // What is wrong with an input has URLs, too: of documents.
  const outputs = filesOf(isRecord(raw) ? { ...raw, detail: undefined } : raw);
  return { jobId, status: 'completed', ...(outputs.length > 0 && { outputs }), raw };
}

function lastLineOf(logs: unknown): string | undefined {
  const last: unknown = Array.isArray(logs) ? logs.at(-1) : undefined;
  return isRecord(last) ? textOf(last.message)?.trim() : undefined;
}

/** Videos first, else in the order of the answer. */
function filesOf(raw: unknown): readonly JobOutput[] {
  const found: JobOutput[] = [];
  collect(raw, '', MAX_DEPTH, found);
  const isVideo = ({ url, type, name = '' }: JobOutput) =>
    type === undefined
      ? VIDEO.test(url.replace(/[?#].*/s, '')) || VIDEO.test(name)
      : type.startsWith('video/');
  return [...found.filter(isVideo), ...found.filter((file) => !isVideo(file))];
}

/** A file is an object with a `url`. Texts may be URLs, too, but of what was given. */
function collect(value: unknown, field: string, depth: number, found: JobOutput[]): void {
  if (found.length >= MAX_OUTPUTS || depth === 0) return;
  if (Array.isArray(value)) {
    for (const one of value) collect(one, field, depth - 1, found);
  } else if (isRecord(value)) {
    const url = textOf(value.url);
    if (url === undefined || !/^https?:\/\/\S+$/i.test(url)) {
      for (const [key, one] of Object.entries(value)) collect(one, key, depth - 1, found);
      return;
    }
    const type = textOf(value.content_type);
    const name = textOf(value.file_name) ?? field;
    found.push({ url, ...(type !== undefined && { type }), ...(name !== '' && { name }) });
  }
}
