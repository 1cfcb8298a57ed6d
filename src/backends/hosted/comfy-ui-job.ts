import { type Fields, idOf, readUpdate, textOf } from '../../core/fields.js';
import { encodeJobId } from '../../core/job-id.js';
import type { JobUpdate } from '../../core/model.js';
import { isRecord } from '../../core/record.js';
import type { StatusWords } from '../../core/status-words.js';
import { InvalidResponseError } from '../../errors.js';
import type { FollowUp } from '../backend.js';
import { outputsOf } from './comfy-ui-outputs.js';

/** Those of the server, and of Comfy Cloud. */
const WORDS: StatusWords = new Map([
  ...['submitted', 'queued_limited', 'queued_waiting', 'allocated', 'preparing', 'pending_execution'].map(
    (word) => [word, 'queued'] as const,
  ),
  ...['executing', 'executed', 'cancel_requested'].map((word) => [word, 'processing'] as const),
  ...['non_retryable_error', 'lost'].map((word) => [word, 'failed'] as const),
]);

const NO_VIDEO = 'no node of the workflow saved a video';

/** A job as the jobs API tells it. */
export function readJob(raw: Fields, jobId: string): JobUpdate {
  const update = { ...readUpdate({ status: raw.status }, jobId, undefined, WORDS), raw };
  if (update.status === 'queued') return { ...waiting(jobId), raw };
  if (update.status === 'completed') return { ...update, ...madeBy(raw.outputs) };
  return update.status === 'failed' ? { ...update, ...failureOf(raw.execution_error, update.error) } : update;
}

/** That no such job is known, said by the jobs API: a server without it knows no such route. */
export function isUnknownJob(body: unknown): boolean {
  return isRecord(body) && /\bjob\b/i.test(textOf(body.error) ?? textOf(body.message) ?? '');
}

/** The same of a server without the jobs API: what has ended is in its history, and all else in its queue. */
export function historyOf(jobId: string): FollowUp {
  return {
    next: { method: 'GET', url: `/api/history/${encodeJobId(jobId)}` },
    parse({ body }) {
      const entry = isRecord(body) && Object.hasOwn(body, jobId) ? body[jobId] : undefined;
      if (isRecord(entry)) return readEntry(entry, jobId);
      if (!isRecord(body)) throw unfit('the history is no object', jobId);
      return { next: { method: 'GET', url: '/api/queue' }, parse: ({ body }) => readPlace(body, jobId) };
    },
  };
}

/** `{ prompt, outputs, status: { status_str, completed, messages } }`; the oldest servers have no status. */
function readEntry(entry: Fields, jobId: string): JobUpdate {
  const { status_str, messages } = isRecord(entry.status) ? entry.status : {};
  if (status_str !== 'error') return { jobId, status: 'completed', ...madeBy(entry.outputs), raw: entry };
  const told = new Map(
    (Array.isArray(messages) ? messages : []).map((one: unknown) =>
      Array.isArray(one) ? ([one[0], one[1]] as const) : ([undefined, undefined] as const),
    ),
  );
  const error = told.has('execution_interrupted') ? 'cancelled' : undefined;
  return { jobId, status: 'failed', ...failureOf(told.get('execution_error'), error), raw: entry };
}

/** `{ queue_running, queue_pending }`, each a list of `[number, id, prompt, extra_data, outputs]`. */
function readPlace(body: unknown, jobId: string): JobUpdate {
  const { queue_running, queue_pending } = isRecord(body) ? body : {};
  if (!Array.isArray(queue_running) || !Array.isArray(queue_pending))
    throw unfit('the queue holds no lists', jobId);
  const isIt = (item: unknown) => Array.isArray(item) && item[1] === jobId;
  const running: unknown = queue_running.find(isIt);
  if (running !== undefined) return { jobId, status: 'processing', raw: running };
  const place: unknown = queue_pending.find(isIt);
  if (!Array.isArray(place)) return { jobId, missing: true, message: 'not in the queue', raw: body };
  // A heap: only its first is where it belongs.
  const before = queue_pending.filter(
    (item) => Array.isArray(item) && numberOf(item[0]) < numberOf(place[0]),
  );
  return { ...waiting(jobId), queuePosition: before.length, raw: place };
}

/** Its word is told as the message, so that this counts as news: the graph is in it, which percentages are counted by. */
function waiting(jobId: string): Omit<JobUpdate, 'raw'> {
  return { jobId, status: 'queued', message: 'pending' };
}

function madeBy(outputs: unknown): Partial<JobUpdate> {
  const made = outputsOf(outputs);
  return made.length === 0 ? { gone: NO_VIDEO } : { outputs: made };
}

/** What the node said that failed. A job that was interrupted or taken out of the queue has no such error. */
export function failureOf(error: unknown, word: string | undefined): Partial<JobUpdate> {
  if (!isRecord(error))
    return word?.trim().toLowerCase() === 'cancelled'
      ? { error: word, errorCode: 'cancelled' }
      : { error: word };
  const { node_id, node_type, exception_message, exception_type } = error;
  const node = nodeOf(node_id, node_type);
  const words = textOf(exception_message)?.trim();
  return { error: words && (node ? `${words} (${node})` : words), errorCode: textOf(exception_type) };
}

/** Such as `node 7 (KSampler)`; undefined where none is named. */
export function nodeOf(id: unknown, type: unknown): string | undefined {
  const name = textOf(type);
  const number = idOf(id);
  return number === undefined ? undefined : `node ${number}${name === undefined ? '' : ` (${name})`}`;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

export function unfit(problem: string, jobId?: string): InvalidResponseError {
  return new InvalidResponseError(problem, {
    jobId,
    hint: 'Check that baseUrl is that of ComfyUI, or of a proxy for all of it.',
  });
}
