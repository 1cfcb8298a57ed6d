import { json } from '../exchange.js';
import { type MockJob, randomHex } from '../job.js';
import type { Call } from '../routes.js';
import { statusWord } from '../status-word.js';
import { completedAt, type Flavour, isForm, refusals, textOf, unixSeconds } from './flavour.js';

/** Any other is refused. */
const FIELDS = [
  ...[
    'model',
    'prompt',
    'size',
    'seconds',
    'width',
    'height',
    'num_frames',
    'fps',
    'frame_rate',
    'seed',
    'n',
  ],
  ...['input_reference', 'image_reference', 'video_reference', 'audio_reference', 'extra_params', 'format'],
  ...['response_format', 'num_inference_steps', 'guidance_scale', 'max_sequence_length', 'negative_prompt'],
];
/** Above 0, and no more than this. */
const NUMBERS: Readonly<Record<string, number>> = {
  ...{ seconds: 60, fps: 120, frame_rate: 120, num_frames: 7_200, guidance_scale: Number.POSITIVE_INFINITY },
  ...{ width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY },
};
/** What progress the last step begins at: the file is written. */
const WRITING = 90;

/**
 * TensorRT-LLM. It answers a submit with 202, refuses fields that it does not know, has words of its own for what runs,
 * and tells no progress.
 *
 * Source: NVIDIA/TensorRT-LLM, `serve/openai_video_routes.py`, `serve/openai_protocol.py`.
 */
export const tensorRT: Flavour = {
  has: ['download', 'list', 'delete'],
  newId: () => `video_${randomHex(16)}`,
  refuse: refusals((status, message) => json({ detail: message }, status)),
  refusal: problem,
  submitStatus: 202,
  video,
  missing: ({ params }) => error(404, 'NotFoundError', `Video ${params.jobId} not found`),
  noContent(job) {
    if (job.ready) return undefined;
    const word = job.status === 'completed' ? 'postprocessing' : wordOf(job);
    return error(400, 'BadRequestError', `Video ${job.id} is not ready (status: ${word})`);
  },
  serve: (job, call) =>
    job.input.response_format === 'path'
      ? json({ id: job.id, output_path: `/tmp/trtllm_generated/${job.id}_0.mp4` })
      : call.context.serve(call, job, 'video'),
  list: (jobs, call) => json({ data: jobs.map((job) => video(job, call)), object: 'list' }),
  deleted: () => ({ deleted: true }),
};

function video(job: MockJob, _call: Call): Readonly<Record<string, unknown>> {
  const { input } = job;
  const { width, height, size = width === undefined ? '1280x720' : `${width}x${height}` } = input;
  return {
    completed_at: completedAt(job),
    created_at: unixSeconds(job.createdAt),
    error: job.status === 'failed' ? (job.error ?? '') : null,
    expires_at: null,
    id: job.id,
    model: input.model ?? 'Wan-AI/Wan2.1-T2V-1.3B-Diffusers',
    object: 'video',
    progress: null,
    prompt: input.prompt ?? '',
    status: wordOf(job),
    duration: input.seconds === undefined ? null : Number(input.seconds),
    fps: Number(input.fps ?? input.frame_rate ?? 24),
    size,
    response_format: input.response_format ?? null,
  };
}

function wordOf(job: MockJob): string {
  return statusWord(job, job, { processing: job.progress < WRITING ? 'generating' : 'postprocessing' });
}

function problem(call: Call): Response | undefined {
  const { body } = call;
  if (body.problem !== undefined) return error(400, 'BadRequestError', body.problem);
  const type = call.exchange.headers.get('content-type') ?? '';
  if (!isForm(call) && !type.includes('application/json'))
    return error(400, 'BadRequestError', `Unsupported content-type: ${type}`);
  const names = [...Object.keys(body.input), ...body.files.map(({ name }) => name)];
  const problems = names
    .filter((name) => !FIELDS.includes(name))
    .map(
      (name) => `Unknown request field '${name}'. Pass model-specific parameters via 'extra_params' instead.`,
    );
  if (textOf(call, 'prompt') === undefined) problems.push('prompt: Field required');
  const size = textOf(call, 'size');
  if (size !== undefined && !/^(\d+x\d+|auto)$/.test(size))
    problems.push('size: String should match pattern');
  for (const [field, most] of Object.entries(NUMBERS)) {
    const value = Number(textOf(call, field) ?? 1);
    if (Number.isNaN(value)) problems.push(`${field}: Input should be a valid number`);
    else if (value <= 0) problems.push(`${field}: Input should be greater than 0`);
    else if (value > most) problems.push(`${field}: Input should be less than or equal to ${most}`);
  }
  if ((textOf(call, 'width') === undefined) !== (textOf(call, 'height') === undefined))
    problems.push('width and height must be sent together');
  const form = textOf(call, 'response_format');
  if (form !== undefined && !['file', 'path'].includes(form))
    problems.push("response_format: Input should be 'file' or 'path'");
  return problems.length === 0 ? undefined : error(422, 'BadRequestError', problems.join('; '));
}

function error(code: number, type: string, message: string): Response {
  return json({ object: 'error', message, type, param: null, code }, code);
}
