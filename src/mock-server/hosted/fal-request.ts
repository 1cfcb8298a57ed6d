import { json } from '../exchange.js';
import type { MockJob, MockJobUpdate } from '../job.js';
import type { RouteContext } from '../routes.js';
import { statusWord } from '../status-word.js';
import type { Problem } from './fal-models.js';

const WORDS = {
  queued: 'IN_QUEUE',
  processing: 'IN_PROGRESS',
  completed: 'COMPLETED',
  failed: 'COMPLETED',
};
/** What ended before a model could answer: told by the status, and with these codes by the result. */
const REQUEST_ERRORS: Readonly<Record<string, number>> = {
  ...{ request_timeout: 504, startup_timeout: 504 },
  ...{ runner_scheduling_failure: 503, runner_connection_timeout: 503, runner_disconnected: 503 },
  ...{ runner_connection_refused: 503, runner_connection_error: 503, runner_incomplete_response: 502 },
  ...{ runner_server_error: 500, internal_error: 500 },
};
/** How long a result is kept, and one that is long. */
const KEPT_MS = 3_600_000;
const KEPT_LONG_MS = 360_000;
const LONG_BYTES = 10_240;
/** How long a file is there, at least. */
const FILE_KEPT_MS = 7 * 24 * 3_600_000;

export type Urls = Pick<RouteContext, 'signedUrl' | 'urlOf'>;

/** The words of a job that was cancelled: `removed` had not started. */
export const CANCELLED = { queued: 'removed', processing: 'cancelled' } as const;

/** `{ detail }`, as most of fal's refusals are. */
export function falError(status: number, detail: unknown, headers: Record<string, string> = {}): Response {
  return json({ detail }, status, headers);
}

export const notFound = () => falError(404, 'Request not found');

/** Where the request is: of its app alone, whatever the path of the model. */
function placeOf(job: MockJob, urls: Pick<Urls, 'urlOf'>): string {
  const path = job.id.includes('/requests/') ? job.id : `fal-ai/veo3.1/requests/${job.id}`;
  const [app, id = ''] = path.split('/requests/');
  return `${urls.urlOf('fal')}/${app}/requests/${encodeURIComponent(id)}`;
}

/** The status of a request. `logs`: all of its lines, those since the last event, or none. */
export function statusOf(
  update: MockJobUpdate,
  urls: Urls,
  logs: 'all' | 'new' | 'none',
  before = 0,
): Record<string, unknown> {
  const { job } = update;
  const place = placeOf(job, urls);
  const word = job.word === CANCELLED.processing ? WORDS.failed : statusWord(job, update, WORDS);
  const ended = job.completedAt && (job.completedAt.getTime() - job.createdAt.getTime()) / 1_000;
  const told = update.status === 'failed' ? requestErrorOf(update) : undefined;
  return {
    status: word,
    request_id: job.upstreamId,
    response_url: place,
    status_url: `${place}/status`,
    cancel_url: `${place}/cancel`,
    ...(update.status === 'queued' && { queue_position: before }),
    logs: logs === 'none' ? null : linesOf(update, logs === 'all'),
    metrics: ended === undefined ? {} : { inference_time: ended },
    ...(told && { error: told.error, ...(told.code !== undefined && { error_type: told.code }) }),
  };
}

/** The result, as the model answers; undefined where that is no longer known. */
export function resultOf(job: MockJob, urls: Urls): Response | undefined {
  if (job.word === CANCELLED.queued) return undefined;
  if (job.word === CANCELLED.processing) return falError(499, 'Request was cancelled');
  if (!job.ended) return falError(400, 'Request is still in progress');
  const response = job.status === 'completed' ? json(videoOf(job, urls)) : failureOf(job);
  const isLong = Number(response.headers.get('content-length')) >= LONG_BYTES;
  const keptMs = job.behaviour.urlLifetimeMs ?? (isLong ? KEPT_LONG_MS : KEPT_MS);
  if (job.msSinceEnd >= keptMs) return undefined;
  response.headers.set('x-fal-request-id', job.upstreamId);
  if (job.status === 'completed') response.headers.set('x-fal-billable-units', '8');
  return response;
}

/** What a webhook brings of an end. */
export function webhookOf(update: MockJobUpdate, urls: Urls): Record<string, unknown> {
  const { job } = update;
  const ids = { request_id: job.upstreamId, gateway_request_id: job.upstreamId };
  if (update.status === 'completed') return { ...ids, status: 'OK', payload: videoOf(job, urls) };
  const told = requestErrorOf(update);
  if (told !== undefined) return { ...ids, status: 'ERROR', error: told.error, payload: null };
  const detail = job.word === CANCELLED.processing ? 'Request was cancelled' : problemsOf(update);
  const code = job.word === CANCELLED.processing ? 499 : 422;
  return { ...ids, status: 'ERROR', error: `Invalid status code: ${code}`, payload: { detail } };
}

function videoOf(job: MockJob, { signedUrl }: Urls): Record<string, unknown> {
  const { outputs = 1 } = job.behaviour;
  const files = Array.from({ length: outputs }, (_, index) => {
    const url = new URL(signedUrl(job, index === 0 ? 'video' : 'reels'));
    // Whenever it is asked for: nothing renews it.
    url.searchParams.set('Expires', String((job.completedAt?.getTime() ?? 0) + FILE_KEPT_MS));
    return { url: url.href, content_type: 'video/mp4', file_name: `output-${index}.mp4`, file_size: 4_711 };
  });
  return { ...(outputs === 1 ? { video: files[0] } : { videos: files }), seed: 4_711 };
}

/** Undefined for what the model said, and for what was cancelled. */
function requestErrorOf({
  error,
  errorCode: code,
  job,
}: MockJobUpdate): { readonly error: string; readonly code: string | undefined } | undefined {
  if (job.word === CANCELLED.processing) return undefined;
  const isRequest = code === undefined ? !/^body\./.test(error ?? '') : code in REQUEST_ERRORS;
  return isRequest ? { error: error ?? '', code } : undefined;
}

function failureOf(job: MockJob): Response {
  const told = requestErrorOf(job.current());
  if (told === undefined) return falError(422, problemsOf(job));
  const status = REQUEST_ERRORS[told.code ?? ''] ?? 500;
  const headers = told.code === undefined ? {} : { 'x-fal-error-type': told.code };
  return json({ detail: told.error, error_type: told.code ?? 'internal_error' }, status, headers);
}

/** What a model found wrong, one a line; a failure of any other kind is one of the prompt. */
function problemsOf({
  error = '',
  errorCode = 'value_error',
}: Pick<MockJob, 'error' | 'errorCode'>): unknown[] {
  return error.split('\n').map((line) => {
    const [, field, msg, type] = /^body\.(\w+): (.*) \((\w+)\)$/.exec(line) ?? [];
    const code = type ?? errorCode;
    return {
      loc: ['body', field ?? 'prompt'],
      msg: msg ?? line,
      type: code,
      url: `https://docs.fal.ai/errors#${code}`,
    };
  });
}

/** The reason of a failure, of which `problemsOf` makes the same again. */
export function reasonOf(problems: readonly Problem[]): { message: string; code: string } {
  const message = problems.map(({ loc, msg, type }) => `${loc.join('.')}: ${msg} (${type})`).join('\n');
  return { message, code: problems[0]?.type ?? 'value_error' };
}

function linesOf({ at, job, message, status }: MockJobUpdate, all: boolean): unknown[] {
  if (status === 'queued') return [];
  const line = (text: string, time: Date) => ({
    ...{ message: text, level: 'INFO', source: 'USER', timestamp: time.toISOString() },
  });
  const now = message === undefined ? [] : [line(message, at)];
  return all ? [line('Loading the model', job.createdAt), ...now] : now;
}
