import { isRecord } from '../body.js';
import { type Dialect, ownJob } from '../dialect.js';
import { json } from '../exchange.js';
import type { MockJob } from '../job.js';
import type { Call, Route, RouteContext } from '../routes.js';
import { statusWord } from '../status-word.js';
import { runwayError, runwayProblem, versionProblem } from './runway-input.js';
import { RUNWAY_MODELS, type RunwayTaskName } from './runway-models.js';

const dialect = 'runway';
const WORDS = { queued: 'PENDING', processing: 'RUNNING', completed: 'SUCCEEDED', failed: 'FAILED' };
/** How long the URLs of an answer hold. */
const URL_MS = 24 * 3_600_000;
const GONE = 'The task does not exist, or was deleted or canceled.';

const routes: readonly Route[] = [
  ...(['text_to_video', 'image_to_video', 'video_to_video'] as const).map(
    (task): Route => ({
      name: 'generate',
      dialect,
      method: 'POST',
      path: `/v1/${task}`,
      handle: versioned((call) => create(call, task)),
    }),
  ),
  {
    name: 'status',
    dialect,
    method: 'GET',
    path: '/v1/tasks/:jobId',
    handle: versioned((call) => {
      const job = ownJob(call, dialect);
      return job === undefined ? runwayError(404, GONE) : json(taskOf(job, call.context));
    }),
  },
  {
    name: 'cancel',
    dialect,
    method: 'DELETE',
    path: '/v1/tasks/:jobId',
    handle: versioned(remove),
  },
  {
    name: 'account',
    dialect,
    method: 'GET',
    path: '/v1/organization',
    handle: versioned(({ context }) => json(organizationOf(context))),
  },
];

/** Runway's tasks. It lets no page read its answers, ignores idempotency keys, and has neither streams nor webhooks. */
export const runway: Dialect = {
  name: dialect,
  routes,
  newId: () => crypto.randomUUID(),
  cors: false,
  headers: () => ({ date: new Date().toUTCString() }),
  refuse(reason) {
    if (reason === 'unauthorised') return runwayError(401, 'Your API key is invalid or was revoked.');
    return reason === 'unknown-route'
      ? runwayError(404, 'The requested endpoint does not exist.')
      : runwayError(405, 'This endpoint does not accept that method.');
  },
};

function versioned(handle: Route['handle']): Route['handle'] {
  return (call) => versionProblem(call.exchange.headers) ?? handle(call);
}

function create(call: Call, task: RunwayTaskName): Response {
  const { body, context } = call;
  if (body.problem !== undefined || !isRecord(body.value) || body.files.length > 0)
    return runwayError(400, 'The request body is not valid JSON.');
  const problem = runwayProblem(task, body.input);
  if (problem !== undefined) return problem;
  const cost = costOf(body.input);
  if (context.account.credits < cost)
    return runwayError(400, 'You do not have enough credits to run this task.');
  context.account.credits -= cost;
  const { id } = context.submit(call, dialect);
  return json({ id, estimatedCost: { credits: cost } });
}

/** Ends what runs, and deletes what has ended, its file too: the same call. Either is known no longer. */
function remove(call: Call): Response {
  const job = ownJob(call, dialect);
  if (job === undefined) return runwayError(404, GONE);
  const { context } = call;
  if (!job.ended) context.account.credits += costOf(job.input);
  context.jobs.delete(job.id);
  return new Response(null, { status: 204 });
}

function taskOf(job: MockJob, context: RouteContext): Record<string, unknown> {
  const { behaviour, createdAt, error, errorCode, id, progress, status } = job;
  const word = statusWord(job, job, WORDS);
  const credits = costOf(job.input);
  return {
    id,
    createdAt: createdAt.toISOString(),
    status: word,
    // What failed is paid back, but for an input that moderation refuses.
    ...(job.ended
      ? { cost: { credits: status === 'failed' && !/^SAFETY\.INPUT/.test(errorCode ?? '') ? 0 : credits } }
      : { estimatedCost: { credits } }),
    ...(word === WORDS.processing && { progress: (behaviour.coarseProgress ?? progress) / 100 }),
    ...(word === WORDS.failed && {
      failure: error ?? '',
      ...(errorCode !== undefined && { failureCode: errorCode }),
    }),
    ...(status === 'completed' && { output: outputsOf(job, context) }),
  };
}

/** New URLs with each answer, which hold a day from then on. */
function outputsOf(job: MockJob, { signedUrl }: RouteContext): string[] {
  const { outputs = 1, urlLifetimeMs = URL_MS } = job.behaviour;
  return Array.from({ length: outputs }, (_, index) => {
    const url = new URL(signedUrl(job, index === 0 ? 'video' : 'reels'));
    url.searchParams.set('Expires', String(Date.now() + urlLifetimeMs));
    url.searchParams.set('_jwt', btoa(crypto.randomUUID()).replaceAll('=', ''));
    return url.href;
  });
}

/** By the length, 5 seconds where it is not told. */
function costOf({ model, duration }: Readonly<Record<string, unknown>>): number {
  const row = Object.hasOwn(RUNWAY_MODELS, String(model)) ? RUNWAY_MODELS[String(model)] : undefined;
  return (row?.creditsPerSecond ?? 10) * (typeof duration === 'number' ? duration : 5);
}

function organizationOf({ account, jobs }: RouteContext): Record<string, unknown> {
  const names = Object.keys(RUNWAY_MODELS);
  const made = (model: string) =>
    [...jobs].filter((job) => job.dialect === dialect && job.input.model === model).length;
  const balance = Number.isFinite(account.credits) ? account.credits : 1_000_000;
  return {
    creditBalance: balance,
    tier: {
      maxMonthlyCreditSpend: 9_999_999_999,
      models: Object.fromEntries(
        names.map((name) => [name, { maxConcurrentGenerations: 20, maxDailyGenerations: null }]),
      ),
    },
    usage: { models: Object.fromEntries(names.map((name) => [name, { dailyGenerations: made(name) }])) },
  };
}
