import { type Fields, idOf, readUpdate, textOf } from '../core/fields.js';
import type { JobUpdate } from '../core/model.js';
import { isRecord } from '../core/record.js';
import type { StatusWords } from '../core/status-words.js';
import { readFailed, readStatus, readSubmitted } from './answers.js';
import type { HttpRefusal, HttpResponse } from './backend.js';

/** What servers of this dialect say besides the common words. New API says `unknown` of what it has not asked yet. */
const WORDS: StatusWords = new Map([
  ['unknown', null],
  ['submitted', 'queued'],
  ['preprocessing', 'queued'],
  ['cancelling', 'processing'],
  ['postprocessing', 'processing'],
  ['failure', 'failed'],
  ['deleted', 'failed'],
]);

const NO_FILE =
  'this release of New API answers with its task, and has no file of it (QuantumNous/new-api#7194): another release has';

/** The answer to a submit: the job, which some servers wrap, or name otherwise. */
export function readOpenAISubmitted(response: HttpResponse): JobUpdate {
  return readSubmitted({ ...response, body: jobOf(response.body) }, readOpenAIJob);
}

/** The answer to a status call. */
export function readOpenAIStatus(response: HttpResponse, jobId: string): JobUpdate {
  const job = jobOf(response.body);
  // LiteLLM writes the same id in two ways.
  const upstream = upstreamIdOf(jobId);
  const isSame = isRecord(job) && upstream !== undefined && upstreamIdOf(job.id) === upstream;
  const body = isSame ? { ...job, id: jobId } : job;
  const update = readStatus({ ...response, body }, jobId, readOpenAIJob);
  const gone = update.videoUrl === undefined && isFileless(response.body) ? NO_FILE : undefined;
  return { ...update, gone, raw: response.body };
}

/** Some servers tell of a job that failed by the status code of its failure, with the job as the body. */
export function readOpenAIRefusal(refusal: HttpRefusal, jobId: string): JobUpdate | undefined {
  const { body, status } = refusal;
  if (isRecord(body) && status === 400 && body.code === 'task_not_exist')
    return { jobId, missing: true, message: textOf(body.message), raw: body };
  return readFailed(refusal, jobId, readOpenAIJob);
}

/** One job: where servers put the reason of a failure, and the file. */
export function readOpenAIJob(raw: Fields, jobId: string): JobUpdate {
  const update = readUpdate(raw, jobId, undefined, WORDS);
  if (update.status !== 'failed') return { ...update, videoUrl: update.videoUrl ?? urlOf(raw) };
  const { error, failure } = raw;
  const object = isRecord(error) ? error : {};
  const reasons = [
    ...[error, object.message, raw.fail_reason, raw.failure_reason, raw.error_message],
    ...[failure, isRecord(failure) ? failure.message : undefined, object.detail],
  ];
  const reason = reasons.map(textOf).find((words) => words !== undefined);
  return { ...update, error: reason ?? update.error, errorCode: idOf(object.code) ?? update.errorCode };
}

/** The job in an answer, with its id where it is looked for. */
function jobOf(body: unknown): unknown {
  if (!isRecord(body)) return body;
  const { data, id, status } = body;
  const job = id === undefined && status === undefined && isRecord(data) ? data : body;
  const named = idOf(job.id) ?? idOf(job.task_id) ?? idOf(job.video_id);
  return named === undefined || named === job.id ? job : { ...job, id: named };
}

/** The task of New API's release candidate 30 as it keeps it, in place of the job. */
function isFileless(body: unknown): boolean {
  if (!isRecord(body)) return false;
  const { finished_at, id, object, platform, task_id } = body;
  const isJob = id !== undefined || object !== undefined;
  return !isJob && ![finished_at, platform, task_id].includes(undefined);
}

function urlOf({ data, fail_reason, metadata, output, result_url, video_url }: Fields): string | undefined {
  const videos = isRecord(output) && Array.isArray(output.videos) ? output.videos : [];
  const first = Array.isArray(data) ? data[0] : undefined;
  const holders: readonly unknown[] = [metadata, output, videos[0], first];
  const told = holders.map((holder) => (isRecord(holder) ? textOf(holder.url) : undefined));
  // New API kept the URL of a completed task as the reason of its failure, once.
  const reason = textOf(fail_reason);
  const misplaced = reason !== undefined && /^https?:/.test(reason) ? reason : undefined;
  return textOf(video_url) ?? told.find((url) => url !== undefined) ?? textOf(result_url) ?? misplaced;
}

/** `video_` and, in base64, `litellm:custom_llm_provider:x;model_id:y;video_id:z` → `z`. */
function upstreamIdOf(id: unknown): string | undefined {
  try {
    return /;video_id:(.+)$/.exec(atob(String(id).replace(/^video_/, '')))?.[1];
  } catch {
    return undefined;
  }
}
