import { json } from '../exchange.js';
import { type MockJob, randomHex } from '../job.js';
import type { Call } from '../routes.js';
import { statusWord } from '../status-word.js';
import { completedAt, detail, type Flavour, refusals, textOf, unixSeconds } from './flavour.js';

const PROVIDER = 'runwayml';
const MODEL = 'gen4_turbo';

/**
 * The proxy of LiteLLM. It writes the id of a job in one way at the submit and in another at each status call, has no
 * DELETE, sends a file whole, and makes an error of its own of a job that has failed.
 *
 * Source: BerriAI/litellm, `proxy/video_endpoints/endpoints.py`, `types/videos/utils.py`; its issues 33423 and 38148.
 */
export const liteLLM: Flavour = {
  has: ['download', 'list', 'remix'],
  newId: () => idOf(`task-${randomHex(16)}`, MODEL),
  refuse: refusals(detail, () => error(401, 'auth_error', 'Authentication Error, No api key passed in.')),
  refusal: problem,
  video,
  failed: (job) =>
    error(500, null, `litellm.InternalServerError: Video generation failed: ${job.error ?? ''}`),
  find: ({ context, params }) => {
    const upstream = upstreamIdOf(params.jobId ?? '');
    const isIt = ({ id }: MockJob) =>
      id === params.jobId || (upstream !== undefined && upstreamIdOf(id) === upstream);
    return [...context.jobs].find((job) => job.dialect === 'openAIVideos' && isIt(job));
  },
  missing: ({ params }) => error(404, null, `litellm.NotFoundError: Video ${params.jobId} was not found`),
  noContent(job) {
    if (job.status === 'failed')
      return error(500, null, 'litellm.InternalServerError: Video generation failed');
    return job.ready ? undefined : error(404, null, 'litellm.NotFoundError: Video is not ready yet');
  },
  serve: whole,
  // Without an envelope.
  list: (jobs, call) => json(jobs.toReversed().map((job) => video(job, call))),
};

function video(job: MockJob, call: Call): Readonly<Record<string, unknown>> {
  const { input } = job;
  const isSubmit = call.exchange.method === 'POST';
  return {
    id: isSubmit ? job.id : idOf(upstreamIdOf(job.id) ?? job.id, ''),
    object: 'video',
    status: statusWord(job, job, { processing: 'in_progress' }),
    created_at: unixSeconds(job.createdAt),
    completed_at: completedAt(job),
    expires_at: null,
    error: null,
    progress: null,
    remixed_from_video_id: input.remixed_from_video_id ?? null,
    seconds: input.seconds === undefined ? null : String(input.seconds),
    size: input.size ?? null,
    model: input.model ?? MODEL,
    usage: null,
  };
}

/** From its memory: a `Range` changes nothing, and nothing tells one version from another. */
async function whole(job: MockJob, call: Call): Promise<Response> {
  const headers = new Headers(call.exchange.headers);
  headers.delete('range');
  const response = await call.context.serve(
    { ...call, exchange: { ...call.exchange, headers } },
    job,
    'video',
  );
  for (const name of ['accept-ranges', 'etag', 'last-modified', 'repr-digest']) response.headers.delete(name);
  response.headers.set('content-disposition', `attachment; filename=video_${call.params.jobId}.mp4`);
  return response;
}

/** `video_` and, in base64, whom to ask for what. */
function idOf(upstreamId: string, modelId: string): string {
  return `video_${btoa(`litellm:custom_llm_provider:${PROVIDER};model_id:${modelId};video_id:${upstreamId}`)}`;
}

function upstreamIdOf(id: string): string | undefined {
  try {
    return /;video_id:(.+)$/.exec(atob(id.replace(/^video_/, '')))?.[1];
  } catch {
    return undefined;
  }
}

function problem(call: Call): Response | undefined {
  if (call.body.problem !== undefined) return error(400, 'invalid_request_error', call.body.problem);
  const model = textOf(call, 'model');
  // It is what leads a call to a provider.
  if (model === undefined)
    return error(400, 'invalid_request_error', '/videos: Invalid model name passed in model=None.', 'model');
  return textOf(call, 'prompt') === undefined
    ? error(400, null, "litellm.BadRequestError: Missing required parameter: 'prompt'")
    : undefined;
}

function error(status: number, type: string | null, message: string, param: string | null = null): Response {
  return json({ error: { message, type, param, code: String(status) } }, status);
}
