import { json } from '../exchange.js';
import { type MockJob, randomHex } from '../job.js';
import type { Call } from '../routes.js';
import { statusWord } from '../status-word.js';
import {
  completedAt,
  detail,
  type Flavour,
  limitProblem,
  pageOf,
  refusals,
  startOrEnd,
  textOf,
  unixSeconds,
} from './flavour.js';

/**
 * FastVideo: as vLLM-Omni, but that it reads JSON as well, and tells a failed job with 200.
 *
 * Source: hao-ai-lab/FastVideo, `entrypoints/openai/video_api.py`.
 */
export const fastVideo: Flavour = {
  has: ['download', 'list', 'delete'],
  newId: () => `video_gen_${randomHex(16)}`,
  refuse: refusals(detail),
  refusal: problem,
  video,
  missing: () => detail(404, 'Video not found'),
  noContent(job, { query }) {
    if (![null, 'video'].includes(query.get('variant')))
      return detail(400, 'Only the video content variant is supported');
    if (job.status === 'failed')
      return detail(422, 'Video generation failed. Check job status for error details.');
    return job.ready ? undefined : detail(404, 'Generation is still in-progress');
  },
  list(jobs, call) {
    const msg = limitProblem(call);
    if (msg !== undefined) return detail(422, [{ type: 'int_type', loc: ['query', 'limit'], msg }]);
    if (!['asc', 'desc'].includes(call.query.get('order')?.toLowerCase() ?? 'desc'))
      return detail(400, "order must be 'asc' or 'desc'");
    const { page, hasMore } = pageOf(jobs, call);
    const ids = { first_id: page[0]?.id ?? null, last_id: page.at(-1)?.id ?? null };
    const data = page.map((job) => video(job, call));
    return json({ object: 'list', data, ...ids, has_more: hasMore });
  },
  deleted: (job) => ({ id: job.id, deleted: true, object: 'video.deleted' }),
};

function video(job: MockJob, _call: Call): Readonly<Record<string, unknown>> {
  const { input } = job;
  const isDone = job.status === 'completed';
  const file = isDone ? `/outputs/videos/${job.id}.mp4` : null;
  return {
    id: job.id,
    object: 'video',
    model: input.model ?? 'FastVideo/FastWan2.1-T2V-1.3B-Diffusers',
    prompt: input.prompt ?? '',
    status: statusWord(job, job, { processing: 'in_progress' }),
    progress: startOrEnd(job),
    created_at: unixSeconds(job.createdAt),
    completed_at: isDone ? completedAt(job) : null,
    size: input.size ?? '832x480',
    seconds: String(input.seconds ?? '4'),
    quality: input.quality ?? 'default',
    error: job.status === 'failed' ? { code: 'generation_failed', message: job.error ?? '' } : null,
    file_path: file,
    file_name: isDone ? `${job.id}.mp4` : null,
  };
}

function problem(call: Call): Response | undefined {
  if (call.body.problem !== undefined) return detail(400, 'Request body must be valid JSON');
  if (textOf(call, 'prompt') === undefined)
    return detail(400, 'Invalid request body: 1 validation error for VideoGenerationRequest: prompt');
  const seconds = textOf(call, 'seconds');
  return seconds === undefined || /^[1-9]\d*$/.test(seconds)
    ? undefined
    : detail(400, 'Invalid request body: 1 validation error for VideoGenerationRequest: seconds');
}
