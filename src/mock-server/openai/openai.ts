import { json } from '../exchange.js';
import { isEnd, type MockJob, type MockJobUpdate, randomHex } from '../job.js';
import type { MockVariant } from '../media/files.js';
import type { Call } from '../routes.js';
import { standardWebhookHeaders } from '../signatures.js';
import { statusWord } from '../status-word.js';
import { completedAt, detail, type Flavour, fieldProblem, isForm, unixSeconds } from './flavour.js';

const VARIANTS: readonly MockVariant[] = ['video', 'thumbnail', 'spritesheet'];
const MAX_PAGE = 100;

/** The API as its maker documents it. */
export const openAI: Flavour = {
  has: ['download', 'list', 'delete', 'remix'],
  newId: () => `video_${randomHex(12)}`,
  honoursIdempotencyKeys: true,
  headers: () => ({ 'x-request-id': `req_${randomHex(12)}` }),
  refuse(reason, { method, url: { pathname } }) {
    if (reason === 'unauthorised')
      return openAIError(401, 'Missing or wrong credentials.', { code: 'invalid_api_key' });
    return reason === 'unknown-route'
      ? openAIError(404, `Unknown request URL: ${method} ${pathname}.`, { code: 'unknown_url' })
      : openAIError(405, `Invalid method for URL (${method} ${pathname})`, { code: 'method_not_supported' });
  },
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

  refusal: (call) => encodingProblem(call) ?? promptProblem(call) ?? secondsProblem(call),
  video: openAIVideo,
  // At the root, where all dialects have the same jobs.
  find: ({ context, params }) => context.jobs.get(params.jobId ?? ''),
  missing: ({ params }) =>
    openAIError(404, `Video with id '${params.jobId}' not found.`, { code: 'video_not_found' }),
  noContent(job, { query }) {
    const name = query.get('variant') ?? 'video';
    if (!VARIANTS.some((known) => known === name))
      return openAIError(400, `Invalid variant: '${name}'.`, { param: 'variant', code: 'invalid_value' });
    if (!job.ready) {
      const status = job.status === 'completed' ? (job.behaviour.notReadyStatus ?? 404) : 404;
      return openAIError(status, 'Video is not ready yet, use GET /v1/videos/{video_id} to check status.');
    }
    return job.msSinceEnd >= job.urlLifetimeMs
      ? openAIError(410, 'The content of this video has expired.', { code: 'video_expired' })
      : undefined;
  },
  list: listPage,
  deleted: (job) => ({ id: job.id, object: 'video.deleted', deleted: true }),
};

/** The error shape of this dialect. */
export function openAIError(
  status: number,
  message: string,
  { type = 'invalid_request_error', param = null, code = null }: Partial<Record<string, string | null>> = {},
): Response {
  return json({ error: { message, type, param, code } }, status);
}

/** The video object. */
export function openAIVideo(job: MockJob): Readonly<Record<string, unknown>> {
  const { model = 'sora-2', prompt, seconds = '4', size = '720x1280', remixed_from_video_id } = job.input;
  const progress =
    job.status === 'processing' ? (job.behaviour.coarseProgress ?? job.progress) : job.progress;
  const ended = job.completedAt;
  return {
    id: job.id,
    object: 'video',
    created_at: unixSeconds(job.createdAt),
    status: statusWord(job, job, { processing: 'in_progress' }),
    completed_at: completedAt(job),
    error: job.status === 'failed' ? errorOf(job) : null,
    expires_at: ended ? unixSeconds(new Date(ended.getTime() + job.urlLifetimeMs)) : null,
    model,
    progress,
    prompt: prompt ?? null,
    remixed_from_video_id: remixed_from_video_id ?? null,
    seconds: String(seconds),
    size,
  };
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

function errorOf(job: MockJob): Record<string, string> {
  return { code: job.errorCode ?? 'video_generation_failed', message: job.error ?? '' };
}

/** As FastAPI has it, which looks for the fields where they are not. */
function encodingProblem(call: Call): Response | undefined {
  const { encoding } = call.context.options.openAI ?? {};
  if (encoding === undefined || isForm(call) === (encoding === 'multipart')) return undefined;
  return detail(400, [fieldProblem('missing', 'prompt', 'Field required', null)]);
}

export function promptProblem({ body }: Call): Response | undefined {
  if (body.problem !== undefined)
    return openAIError(400, `We could not parse your request: ${body.problem}.`);
  if (typeof body.input.prompt === 'string' && body.input.prompt !== '') return undefined;
  return openAIError(400, "Missing required parameter: 'prompt'.", {
    param: 'prompt',
    code: 'missing_required_parameter',
  });
}

export function secondsProblem({ body }: Call): Response | undefined {
  const { seconds } = body.input;
  if (seconds === undefined || ['4', '8', '12'].includes(String(seconds))) return undefined;
  return openAIError(400, `Invalid value: '${seconds}'. Supported values are: '4', '8', and '12'.`, {
    param: 'seconds',
    code: 'invalid_value',
  });
}

function listPage(all: readonly MockJob[], { query }: Call): Response {
  const limit = Number(query.get('limit') ?? 20);
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_PAGE)
    return openAIError(400, `Invalid 'limit': it must be from 0 to ${MAX_PAGE}.`, { param: 'limit' });
  const jobs = query.get('order') === 'asc' ? [...all] : all.toReversed();
  const after = query.get('after');
  const start = after === null ? 0 : jobs.findIndex((job) => job.id === after) + 1;
  const data = jobs.slice(start, start + limit).map((job) => openAIVideo(job));
  return json({
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < jobs.length,
  });
}
