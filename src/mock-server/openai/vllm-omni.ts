import { isRecord } from '../body.js';
import { json } from '../exchange.js';
import { type MockJob, randomHex } from '../job.js';
import type { Call } from '../routes.js';
import { statusWord } from '../status-word.js';
import {
  completedAt,
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

const SECONDS = '^[1-9]\\d*$';
const SIZE = '^\\d+x\\d+$';
const WHOLE = ['width', 'height', 'num_frames', 'num_inference_steps', 'seed', 'short_edge'];
const NUMBERS = [
  'fps',
  'guidance_scale',
  'guidance_scale_2',
  'boundary_ratio',
  'flow_shift',
  'true_cfg_scale',
];
/** Fields of a form that are JSON; those of the second list must be objects. */
const JSON_FIELDS = ['image_reference', 'video_reference', 'audio_reference'];
const JSON_OBJECTS = ['lora', 'extra_params'];

/**
 * vLLM-Omni. It reads nothing but a form, and tells a failed job by the status code of its failure, with the job as body.
 *
 * Source: vllm-project/vllm-omni, `entrypoints/openai`: `api_server.py`, `protocol/videos.py`, `video/generation/helpers.py`.
 */
export const vllmOmni: Flavour = {
  has: ['download', 'list', 'delete'],
  newId: () => `video_gen_${randomHex(16)}`,
  refuse: refusals(error, () => json({ error: 'Unauthorized' }, 401)),
  refusal: formProblem,
  video,
  failed: (job, call) => json(video(job, call), codeOf(job)),
  missing: () => error(404, 'Video not found'),
  noContent(job) {
    if (job.status === 'failed')
      return error(422, 'Video generation failed. Check job status for error details.');
    return job.ready ? undefined : error(404, 'Generation is still in-progress');
  },
  // It has one file a job, whatever `variant` says.
  serve: (job, call) => call.context.serve(call, job, 'video'),
  list(jobs, call) {
    const problem = limitProblem(call, 0);
    if (problem !== undefined) return error(400, problem);
    if (!['asc', 'desc'].includes(call.query.get('order') ?? 'desc'))
      return error(400, "Input should be 'asc' or 'desc'");
    const { page, hasMore } = pageOf(jobs, call);
    const data = page.map((job) => video(job, call));
    const ids = { first_id: page[0]?.id ?? null, last_id: page.at(-1)?.id ?? null };
    return json({ ...ids, has_more: hasMore, data, object: 'list' });
  },
  deleted: (job) =>
    job.status === 'completed' && !job.ready
      ? error(409, 'Video output not yet available. Please try again later.')
      : { id: job.id, deleted: true, object: 'video.deleted' },
};

function video(job: MockJob, _call: Call): Readonly<Record<string, unknown>> {
  const { input } = job;
  const code = codeOf(job);
  return {
    model: input.model ?? 'Wan-AI/Wan2.2-T2V-A14B-Diffusers',
    prompt: input.prompt ?? '',
    id: job.id,
    object: 'video',
    status: statusWord(job, job, { processing: 'in_progress' }),
    size: input.size ?? null,
    progress: startOrEnd(job),
    seconds: String(input.seconds ?? '4'),
    quality: input.quality ?? 'default',
    completed_at: completedAt(job),
    created_at: unixSeconds(job.createdAt),
    remixed_from_video_id: null,
    error: job.status === 'failed' ? { code, message: job.error ?? '' } : null,
    media_type: 'video/mp4',
    expires_at: null,
    file_name: job.ready ? `${job.id}.mp4` : null,
    inference_time_s: job.completedAt ? (job.completedAt.getTime() - job.createdAt.getTime()) / 1000 : null,
    stage_durations: {},
    peak_memory_mb: 0,
  };
}

/** The code of a failure, which is the status of the answer too. */
function codeOf({ errorCode }: MockJob): number {
  const code = Number(errorCode ?? 500);
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : 500;
}

function formProblem(call: Call): Response | undefined {
  const prompt = isForm(call) && call.body.problem === undefined ? textOf(call, 'prompt') : undefined;
  if (prompt === undefined) return invalid(fieldProblem('missing', 'prompt', 'Field required', null));
  const pattern = patternProblem(call, 'seconds', SECONDS) ?? patternProblem(call, 'size', SIZE);
  if (pattern) return pattern;
  for (const field of [...WHOLE, ...NUMBERS]) {
    const value = textOf(call, field);
    const isWhole = WHOLE.includes(field);
    if (value === undefined || (isWhole ? /^[+-]?\d+$/.test(value) : !Number.isNaN(Number(value)))) continue;
    const kind = isWhole ? 'int_parsing' : 'float_parsing';
    const wanted = isWhole ? 'a valid integer' : 'a valid number';
    return invalid(fieldProblem(kind, field, `Input should be ${wanted}, unable to parse string`, value));
  }
  const text = textOf(call, 'input_reference');
  if (text !== undefined)
    return invalid(fieldProblem('value_error', 'input_reference', 'Value error, Expected UploadFile', text));
  if (call.body.files.length > 0 && textOf(call, 'image_reference') !== undefined)
    return error(400, 'Provide either input_reference or image_reference, not both.');
  return [...JSON_FIELDS, ...JSON_OBJECTS].map((field) => jsonProblem(call, field)).find(Boolean);
}

function patternProblem(call: Call, field: string, pattern: string): Response | undefined {
  const value = textOf(call, field);
  if (value === undefined || new RegExp(pattern).test(value)) return undefined;
  const msg = `String should match pattern '${pattern}'`;
  return invalid(fieldProblem('string_pattern_mismatch', field, msg, value));
}

function jsonProblem(call: Call, field: string): Response | undefined {
  const text = textOf(call, field);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!JSON_OBJECTS.includes(field) || isRecord(value)) return undefined;
    return error(400, 'Invalid JSON in form field: expected dict.');
  } catch {
    return error(400, 'Invalid JSON in form field.');
  }
}

/** A problem of one field, in the text of the one message that there is. */
function invalid(problem: object): Response {
  return error(400, `1 validation error:\n  ${JSON.stringify(problem)}`);
}

const TYPES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  422: 'Unprocessable Entity',
};

function error(code: number, message: string): Response {
  return json({ error: { message, type: TYPES[code] ?? 'Error', param: null, code } }, code);
}
