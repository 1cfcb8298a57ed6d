import { json } from '../exchange.js';
import { type MockJob, randomHex } from '../job.js';
import type { Call } from '../routes.js';
import { statusWord } from '../status-word.js';
import { type Flavour, textOf, unixSeconds } from './flavour.js';

/** Its own words for a status, which its errors have, and its release candidate 30 in each answer. */
const TASK_WORDS = {
  queued: 'QUEUED',
  processing: 'IN_PROGRESS',
  completed: 'SUCCESS',
  failed: 'FAILURE',
} as const;

/**
 * New API, the gateway. It needs a model, does not know a job by a 400, and has neither list nor DELETE.
 *
 * Source: QuantumNous/new-api, `dto/openai_video.go`, `controller/video_proxy.go`, `relay/relay_task.go`.
 */
export const newAPI: Flavour = {
  has: ['download', 'remix'],
  newId: () => `task_${randomHex(16)}`,
  refuse(reason, { method, url }) {
    if (reason === 'unauthorised') return error(401, 'new_api_error', 'Invalid token');
    return error(404, 'invalid_request_error', `Invalid URL (${method} ${url.pathname})`);
  },
  refusal(call) {
    const { problem } = call.body;
    if (problem !== undefined) return taskError(400, 'invalid_request', problem);
    if (textOf(call, 'model') === undefined)
      return taskError(400, 'missing_model', 'model field is required');
    return textOf(call, 'prompt') === undefined
      ? taskError(400, 'invalid_request', 'prompt is required')
      : undefined;
  },
  video,
  missing: ({ entry }) =>
    entry.route === 'download'
      ? error(404, 'invalid_request_error', 'Task not found')
      : taskError(400, 'task_not_exist', 'task_not_exist'),
  noContent(job) {
    if (job.ready) return undefined;
    const word = job.status === 'completed' ? TASK_WORDS.processing : TASK_WORDS[job.status];
    return error(400, 'invalid_request_error', `Task is not completed yet, current status: ${word}`);
  },
};

/** Its release candidate 30, which answers a status call with the task as it keeps it, and has no file (its issue 7194). */
export const newAPIRc30: Flavour = {
  ...newAPI,
  video: (job, call) => (call.exchange.method === 'POST' ? video(job, call) : task(job)),
  noContent: () => error(404, 'invalid_request_error', 'Task not found'),
};

function video(job: MockJob, call: Call): Readonly<Record<string, unknown>> {
  const { input } = job;
  // What it has not asked the provider about yet.
  const isUnasked = call.exchange.method !== 'POST' && job.status === 'queued' && job.progress === 0;
  const words = { queued: isUnasked ? 'unknown' : 'queued', processing: 'in_progress' };
  const isDone = job.status === 'completed';
  return {
    id: job.id,
    task_id: job.id,
    object: 'video',
    model: input.model,
    status: statusWord(job, job, words),
    progress: job.progress,
    created_at: unixSeconds(job.createdAt),
    completed_at: job.completedAt && unixSeconds(job.completedAt),
    seconds: input.seconds === undefined ? undefined : String(input.seconds),
    size: input.size,
    remixed_from_video_id: input.remixed_from_video_id,
    error: job.status === 'failed' ? { message: job.error ?? '', code: job.errorCode ?? '' } : undefined,
    metadata: isDone ? { url: call.context.signedUrl(job, 'video') } : undefined,
  };
}

function task(job: MockJob): Readonly<Record<string, unknown>> {
  return {
    created_at: unixSeconds(job.createdAt),
    fail_reason: job.error ?? '',
    finished_at: job.completedAt === undefined ? 0 : unixSeconds(job.completedAt),
    platform: '55',
    progress: `${job.progress}%`,
    status: statusWord(job, job, TASK_WORDS),
    task_id: job.id,
  };
}

function error(status: number, type: string, message: string): Response {
  return json({ error: { message, type, param: '', code: '' } }, status);
}

function taskError(status: number, code: string, message: string): Response {
  return json({ code, message, data: null }, status);
}
