import type { Dialect } from './dialect.js';
import { json } from './exchange.js';
import { isEnd, type MockJob, type MockJobUpdate, randomHex } from './job.js';
import type { MockVariant } from './media/files.js';
import type { Call, Route } from './routes.js';
import { standardWebhookHeaders } from './signatures.js';
import { statusWord } from './status-word.js';

const VARIANTS: readonly MockVariant[] = ['video', 'thumbnail', 'spritesheet'];
const MAX_PAGE = 100;

const routes: readonly Route[] = [
  { name: 'generate', dialect: 'openAIVideos', method: 'POST', path: '/v1/videos', handle: create },
  { name: 'list', dialect: 'openAIVideos', method: 'GET', path: '/v1/videos', handle: list },
  {
    name: 'status',
    dialect: 'openAIVideos',
    method: 'GET',
    path: '/v1/videos/:jobId',
    handle: (call) => withJob(call, (job) => json(video(job))),
  },
  {
    name: 'delete',
    dialect: 'openAIVideos',
    method: 'DELETE',
    path: '/v1/videos/:jobId',
    handle: (call) =>
      withJob(call, (job) => {
        call.context.jobs.delete(job.id);
        return json({ id: job.id, object: 'video.deleted', deleted: true });
      }),
  },
  {
    name: 'remix',
    dialect: 'openAIVideos',
    method: 'POST',
    path: '/v1/videos/:jobId/remix',
    handle: (call) => withJob(call, (job) => remix(call, job)),
  },
  {
    name: 'download',
    dialect: 'openAIVideos',
    method: 'GET',
    path: '/v1/videos/:jobId/content',
    handle: (call) => withJob(call, (job) => content(call, job)),
  },
];

export const openAIVideos: Dialect = {
  name: 'openAIVideos',
  routes,
  newId: () => `video_${randomHex(12)}`,
  refuse(reason, { method, url: { pathname } }) {
    if (reason === 'unauthorised')
      return openAIError(401, 'Missing or wrong credentials.', { code: 'invalid_api_key' });
    return reason === 'unknown-route'
      ? openAIError(404, `Unknown request URL: ${method} ${pathname}.`, { code: 'unknown_url' })
      : openAIError(405, `Invalid method for URL (${method} ${pathname})`, { code: 'method_not_supported' });
  },
  honoursIdempotencyKeys: true,
  headers: () => ({ 'x-request-id': `req_${randomHex(12)}` }),
  webhooks: {
    urlFrom: 'options',
    retryDelaysMs: Array.from({ length: 9 }, (_, attempt) => Math.min(5_000 * 4 ** attempt, 86_400_000)),
    message(update, { options }) {
      const url = options.openAI?.url;
      if (url === undefined || !isEnd(update.status)) return undefined;
      return { url, event: `video.${update.status}`, body: openAIEvent(update) };
    },
    headers: ({ body, id }, { openAI }) => standardWebhookHeaders(openAI?.secret, body, id),
  },
};

/** The error shape of this dialect. */
function openAIError(
  status: number,
  message: string,
  { type = 'invalid_request_error', param = null, code = null }: Partial<Record<string, string | null>> = {},
): Response {
  return json({ error: { message, type, param, code } }, status);
}

/** What is told by webhook of a job's end (seed 2). */
function openAIEvent(update: MockJobUpdate): Record<string, unknown> {
  const { job } = update;
  // The documents of its receivers take the error for a text.
  const error = job.behaviour.style === 'field' ? (job.error ?? '') : errorOf(job);
  return {
    id: `evt_${randomHex(12)}`,
    object: 'event',
    created_at: unixSeconds(update.at),
    type: isEnd(update.status) ? `video.${update.status}` : 'video.updated',
    data: { id: job.upstreamId, ...(update.status === 'failed' ? { error } : {}) },
  };
}

function create(call: Call): Response {
  const problem = encodingProblem(call) ?? promptProblem(call);
  if (problem) return problem;
  const { seconds } = call.body.input;
  if (seconds !== undefined && !['4', '8', '12'].includes(String(seconds)))
    return openAIError(400, `Invalid value: '${seconds}'. Supported values are: '4', '8', and '12'.`, {
      param: 'seconds',
      code: 'invalid_value',
    });
  return json(video(call.context.submit(call, 'openAIVideos')));
}

function remix(call: Call, original: MockJob): Response {
  const problem = promptProblem(call);
  if (problem) return problem;
  if (original.status !== 'completed')
    return openAIError(400, 'Only a completed video can be remixed.', { code: 'video_not_completed' });
  const { model, size, seconds } = original.input;
  const input = { model, size, seconds, ...call.body.input, remixed_from_video_id: original.id };
  return json(video(call.context.submit({ ...call, body: { ...call.body, input } }, 'openAIVideos')));
}

/** As FastAPI has it, which looks for the fields where they are not. */
function encodingProblem({ context, exchange }: Call): Response | undefined {
  const { encoding } = context.options.openAIVideos ?? {};
  const isForm = exchange.headers.get('content-type')?.startsWith('multipart/form-data') === true;
  if (encoding === undefined || isForm === (encoding === 'multipart')) return undefined;
  return json(
    { detail: [{ type: 'missing', loc: ['body', 'prompt'], msg: 'Field required', input: null }] },
    400,
  );
}

function promptProblem({ body }: Call): Response | undefined {
  if (body.problem !== undefined)
    return openAIError(400, `We could not parse your request: ${body.problem}.`);
  if (typeof body.input.prompt === 'string' && body.input.prompt !== '') return undefined;
  return openAIError(400, "Missing required parameter: 'prompt'.", {
    param: 'prompt',
    code: 'missing_required_parameter',
  });
}

function list({ context, query }: Call): Response {
  const limit = Number(query.get('limit') ?? 20);
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_PAGE)
    return openAIError(400, `Invalid 'limit': it must be from 0 to ${MAX_PAGE}.`, { param: 'limit' });
  const jobs = [...context.jobs].filter((job) => job.dialect === 'openAIVideos');
  if (query.get('order') !== 'asc') jobs.reverse();
  const after = query.get('after');
  const start = after === null ? 0 : jobs.findIndex((job) => job.id === after) + 1;
  const data = jobs.slice(start, start + limit).map(video);
  return json({
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < jobs.length,
  });
}

function content(call: Call, job: MockJob): Response | Promise<Response> {
  const name = call.query.get('variant') ?? 'video';
  const variant = VARIANTS.find((known) => known === name);
  if (variant === undefined)
    return openAIError(400, `Invalid variant: '${name}'.`, { param: 'variant', code: 'invalid_value' });
  if (!job.ready) {
    const status = job.status === 'completed' ? (job.behaviour.notReadyStatus ?? 404) : 404;
    return openAIError(status, 'Video is not ready yet, use GET /v1/videos/{video_id} to check status.');
  }
  if (job.msSinceEnd >= job.urlLifetimeMs)
    return openAIError(410, 'The content of this video has expired.', { code: 'video_expired' });
  return call.context.serve(call, job, variant);
}

/** The video object. */
function video(job: MockJob): Record<string, unknown> & { id: string } {
  const { model = 'sora-2', prompt, seconds = '4', size = '720x1280', remixed_from_video_id } = job.input;
  const { completedAt } = job;
  const progress =
    job.status === 'processing' ? (job.behaviour.coarseProgress ?? job.progress) : job.progress;
  return {
    id: job.id,
    object: 'video',
    created_at: unixSeconds(job.createdAt),
    status: statusWord(job, job, { processing: 'in_progress' }),
    completed_at: completedAt ? unixSeconds(completedAt) : null,
    error: job.status === 'failed' ? errorOf(job) : null,
    expires_at: completedAt ? unixSeconds(new Date(completedAt.getTime() + job.urlLifetimeMs)) : null,
    model,
    progress,
    prompt: prompt ?? null,
    remixed_from_video_id: remixed_from_video_id ?? null,
    seconds: String(seconds),
    size,
  };
}

function errorOf(job: MockJob): Record<string, string> {
  return { code: job.errorCode ?? 'video_generation_failed', message: job.error ?? '' };
}

function withJob(call: Call, handle: (job: MockJob) => Response | Promise<Response>) {
  const id = call.params.jobId ?? '';
  const job = call.context.jobs.get(id);
  return job
    ? handle(job)
    : openAIError(404, `Video with id '${id}' not found.`, { code: 'video_not_found' });
}

function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
