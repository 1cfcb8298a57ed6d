import { json } from '../exchange.js';
import type { MockJob } from '../job.js';
import type { Call } from '../routes.js';
import { statusWord } from '../status-word.js';
import {
  completedAt,
  detail,
  type Flavour,
  fieldProblem,
  isForm,
  limitProblem,
  pageOf,
  refusals,
  startOrEnd,
  textOf,
  unixSeconds,
} from './flavour.js';

const WHOLE = ['seconds', 'fps', 'num_frames', 'seed', 'n', 'num_outputs_per_prompt', 'num_inference_steps'];

/**
 * SGLang diffusion. It says `queued` until the end, forgets a deleted job without ending it, and with `s3: 'only'` has
 * the file in a cloud store alone.
 *
 * Source: sgl-project/sglang, `entrypoints/openai/video_api.py`.
 */
export const sglang: Flavour = {
  has: ['download', 'list', 'delete'],
  newId: () => crypto.randomUUID(),
  refuse: refusals(detail, () => json({ error: 'Unauthorized' }, 401)),
  refusal: problem,
  video,
  missing: () => detail(404, 'Video not found'),
  noContent(job, call) {
    const variant = call.query.get('variant');
    // Builds in between take it for the index of an output; new ones take `video`, and nothing else.
    if (variant !== null) return detail(404, `Video variant ${variant} not found`);
    if (isStored(job) && job.status === 'completed') {
      const url = call.context.signedUrl(job, 'video');
      return detail(400, `Video has been uploaded to cloud storage. Please use the cloud URL: ${url}`);
    }
    if (job.status === 'failed') return detail(404, 'Video output not found');
    return job.ready ? undefined : detail(404, 'Generation is still in-progress');
  },
  list(jobs, call) {
    const msg = limitProblem(call);
    if (msg !== undefined) return detail(422, [{ type: 'int_type', loc: ['query', 'limit'], msg }]);
    return json({ data: pageOf(jobs, call).page.map((job) => video(job, call)), object: 'list' });
  },
  deleted: (job, call) => ({ ...video(job, call), status: 'deleted' }),
};

function video(job: MockJob, call: Call): Readonly<Record<string, unknown>> {
  const { input } = job;
  const path = `/data/outputs/${job.id}.mp4`;
  const isDone = job.status === 'completed';
  const url = isDone && isStored(job) ? call.context.signedUrl(job, 'video') : null;
  const file = isDone && url === null ? path : null;
  return {
    id: job.id,
    object: 'video',
    model: input.model ?? 'sora-2',
    status: statusWord(job, job, { processing: 'queued' }),
    progress: startOrEnd(job),
    created_at: unixSeconds(job.createdAt),
    size: input.size ?? '832x480',
    seconds: String(input.seconds ?? '5'),
    quality: 'standard',
    url,
    urls: url === null ? null : [url],
    remixed_from_video_id: null,
    completed_at: isDone ? completedAt(job) : null,
    expires_at: null,
    error: job.status === 'failed' ? { message: job.error ?? '' } : null,
    // A job that waits has the path that its file will have.
    file_path: job.ended ? file : path,
    file_paths: file === null ? null : [file],
    num_outputs: isDone ? 1 : null,
  };
}

function isStored(job: MockJob): boolean {
  return job.behaviour.s3 === 'only';
}

function problem(call: Call): Response | undefined {
  const { body } = call;
  if (body.problem !== undefined) return detail(400, 'request body is not valid JSON');
  if (textOf(call, 'prompt') === undefined) return detail(400, 'prompt is required');
  if (!isForm(call)) return jsonProblem(call);
  const text = textOf(call, 'input_reference');
  if (text !== undefined) {
    const msg = "Value error, Expected UploadFile, received: <class 'str'>";
    return detail(422, [fieldProblem('value_error', 'input_reference', msg, text)]);
  }
  const field = WHOLE.find((name) => !/^[+-]?\d+$/.test(textOf(call, name) ?? '0'));
  if (field === undefined) return undefined;
  const msg = 'Input should be a valid integer, unable to parse string as an integer';
  return detail(422, [fieldProblem('int_parsing', field, msg, textOf(call, field))]);
}

function jsonProblem(call: Call): Response | undefined {
  const field = WHOLE.find((name) => !/^[+-]?\d+(?:\.0*)?$/.test(textOf(call, name) ?? '0'));
  return field === undefined
    ? undefined
    : detail(400, `Invalid request body: 1 validation error for VideoGenerationsRequest: ${field}`);
}
