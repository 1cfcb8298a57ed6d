import type { ByteArray } from '../bytes.js';
import { type Dialect, ownJob } from '../dialect.js';
import { json } from '../exchange.js';
import { isEnd, type MockJob, type MockJobUpdate, randomHex } from '../job.js';
import type { Call, Route, RouteContext } from '../routes.js';
import { hexSignature } from '../signatures.js';
import { statusWord } from '../status-word.js';
import { openRouterProblem } from './open-router-input.js';
import { OPEN_ROUTER_MODELS, openRouterModelList } from './open-router-models.js';

const NAME = 'openRouter';
/** What a body may have. */
const MAX_BODY_BYTES = 50 * 1024 * 1024;
/** What a job costs, where the account's credits are limited. */
const JOB_CREDITS = 10;

const routes: readonly Route[] = [
  { name: 'generate', dialect: NAME, method: 'POST', path: '/api/v1/videos', handle: create },
  {
    name: 'models',
    dialect: NAME,
    method: 'GET',
    path: '/api/v1/videos/models',
    handle: () => json({ data: openRouterModelList() }),
  },
  {
    name: 'status',
    dialect: NAME,
    method: 'GET',
    path: '/api/v1/videos/:jobId',
    handle: (call) => withJob(call, (job) => json(video(job, call.context))),
  },
  {
    name: 'download',
    dialect: NAME,
    method: 'GET',
    path: '/api/v1/videos/:jobId/content',
    handle: (call) => withJob(call, (job) => content(call, job)),
  },
];

/** OpenRouter's video API; it honours no idempotency key, and can neither list jobs nor cancel one. */
export const openRouter: Dialect = {
  name: NAME,
  basePath: '/api/v1',
  routes,
  newId: () => `gen-vid-${unixSeconds(new Date())}-${randomHex(10)}`,
  refuse(reason) {
    if (reason === 'unauthorised') return refusal(401, 'No auth credentials found');
    return reason === 'unknown-route' ? refusal(404, 'Not Found') : refusal(405, 'Method Not Allowed');
  },
  webhooks: {
    urlFrom: 'request',
    // Its documents tell of no further attempts.
    retryDelaysMs: [],
    message(update, context) {
      const url = update.job.input.callback_url;
      if (typeof url !== 'string' || !isEnd(update.status)) return undefined;
      const { polling_url: _, ...data } = video(update.job, context, update);
      const type = `video.generation.${data.status}`;
      const body = {
        type,
        created_at: update.at.toISOString(),
        data: { ...data, model: update.job.input.model },
      };
      return { url, event: type, body };
    },
    async headers({ body }, { secrets }) {
      const { data } = JSON.parse(new TextDecoder().decode(body)) as { data: Record<string, unknown> };
      const headers = { 'x-openrouter-idempotency-key': `${data.id}-${data.status}` };
      const secret = secrets?.openRouter;
      if (secret === undefined) return headers;
      return { ...headers, 'x-openrouter-signature': await signature(secret, body) };
    },
  },
};

/** `t=…,v1=…`: the time, a comma and the body are signed. */
async function signature(secret: string, body: ByteArray): Promise<string> {
  const time = unixSeconds(new Date());
  const start = new TextEncoder().encode(`${time},`);
  const signed = new Uint8Array(start.length + body.length);
  signed.set(start);
  signed.set(body, start.length);
  return `t=${time},v1=${await hexSignature(secret, signed)}`;
}

function create(call: Call): Response {
  const { body, context } = call;
  if (body.raw.byteLength > MAX_BODY_BYTES) return refusal(413, 'Request body exceeds 50 MB');
  if (body.problem !== undefined || body.value !== body.input) return refusal(400, 'Invalid JSON body');
  const problem = openRouterProblem(body.input);
  if (problem !== undefined) return refusal(400, problem);
  const refused = previousJobRefusal(call);
  if (refused !== undefined) return refused;
  if (context.account.credits < JOB_CREDITS)
    return refusal(402, 'Insufficient credits. Add more using https://openrouter.ai/settings/credits');
  context.account.credits -= JOB_CREDITS;
  return json(video(context.submit(call, NAME), context), 202);
}

/** A job goes on from one that has completed, of the same model. */
function previousJobRefusal({ body, context }: Call): Response | undefined {
  const { previous_job_id: id, model } = body.input;
  if (id === undefined) return undefined;
  const job = context.jobs.get(String(id));
  if (job?.dialect !== NAME) return refusal(404, `Previous job ${id} not found`);
  if (job.status !== 'completed') return refusal(409, `Previous job ${id} is not completed`);
  return job.input.model === model ? undefined : refusal(400, 'previous_job_id: the job is of another model');
}

/** A job, as the submit and the status call answer it; no progress and no times are in it. */
function video(
  job: MockJob,
  context: Pick<RouteContext, 'urlOf'>,
  update: MockJobUpdate = job.current(),
): Record<string, unknown> {
  const place = `${context.urlOf(NAME)}/videos/${encodeURIComponent(job.id)}`;
  const { outputs = 1, style } = job.behaviour;
  const isCompleted = update.status === 'completed';
  return {
    id: job.id,
    // Its documents have a path, and one of its own programs takes it for absolute.
    polling_url: style === 'field' ? place : new URL(place).pathname,
    status: wordOf(job, update),
    ...(update.status !== 'queued' && {
      generation_id: `gen-${unixSeconds(job.createdAt)}-${job.id.slice(-20)}`,
    }),
    ...(isCompleted && {
      unsigned_urls: Array.from({ length: outputs }, (_, index) => `${place}/content?index=${index}`),
      usage: { cost: costOf(job), is_byok: false },
    }),
    ...(update.status === 'failed' && update.error !== '' && { error: update.error }),
  };
}

/** A failure of these codes has a word of its own. */
function wordOf(job: MockJob, update: MockJobUpdate): string {
  const failed = ['cancelled', 'expired'].find((word) => word === update.errorCode) ?? 'failed';
  return statusWord(job, update, { queued: 'pending', processing: 'in_progress', failed });
}

function costOf({ input }: MockJob): number {
  const { perSecond = '0.1' } = OPEN_ROUTER_MODELS[String(input.model)] ?? {};
  return Number((Number(perSecond) * Number(input.duration ?? 5)).toFixed(4));
}

function content(call: Call, job: MockJob): Response | Promise<Response> {
  const asked = call.query.get('index') ?? '0';
  if (!/^\d+$/.test(asked)) return refusal(400, 'index: expected a non-negative integer');
  const { outputs = 1, notReadyStatus = 404 } = job.behaviour;
  if (job.status !== 'completed')
    return refusal(400, `Video job is not completed (status: ${wordOf(job, job.current())})`);
  if (!job.ready) return refusal(notReadyStatus, 'Video content is not available yet');
  if (job.msSinceEnd >= job.urlLifetimeMs) return refusal(410, 'Video content is no longer available');
  const index = Number(asked);
  if (index >= outputs) return refusal(404, `Video job has no output ${index}`);
  return call.context.serve(call, job, index === 0 ? 'video' : 'reels');
}

function withJob(call: Call, handle: (job: MockJob) => Response | Promise<Response>) {
  const job = ownJob(call, NAME);
  return job === undefined ? refusal(404, 'Video job not found') : handle(job);
}

/** The code is the status over again. */
function refusal(code: number, message: string): Response {
  return json({ error: { code, message } }, code);
}

function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}
