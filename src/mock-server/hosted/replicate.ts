import { isRecord } from '../body.js';
import { type Dialect, ownJob, type WebhookMessage } from '../dialect.js';
import { json } from '../exchange.js';
import { isEnd, type MockJob, type MockJobUpdate } from '../job.js';
import type { Call, Route } from '../routes.js';
import { standardWebhookHeaders } from '../signatures.js';
import { fileRoutes } from './replicate-files.js';
import { NOT_FOUND, replicateError, submitProblem } from './replicate-input.js';
import { replicateModel } from './replicate-models.js';
import { predictionOf, type Urls } from './replicate-prediction.js';

const dialect = 'replicate';
/** What a job costs, where the account's credits are limited. */
const JOB_CREDITS = 10;
const PAGE = 100;

const routes: readonly Route[] = [
  { name: 'generate', dialect, method: 'POST', path: '/v1/predictions', handle: create },
  { name: 'generate', dialect, method: 'POST', path: '/v1/models/:owner/:name/predictions', handle: create },
  { name: 'list', dialect, method: 'GET', path: '/v1/predictions', handle: list },
  {
    name: 'models',
    dialect,
    method: 'GET',
    path: '/v1/models/:owner/:name',
    handle({ params }) {
      const model = replicateModel(params.owner ?? '', params.name ?? '');
      return model === undefined ? replicateError(404, 'Not found', NOT_FOUND) : json(model);
    },
  },
  {
    name: 'status',
    dialect,
    method: 'GET',
    path: '/v1/predictions/:jobId',
    handle: (call) => withJob(call, (job) => json(predictionOf(job, call.context))),
  },
  {
    name: 'cancel',
    dialect,
    method: 'POST',
    path: '/v1/predictions/:jobId/cancel',
    handle: (call) =>
      withJob(call, (job) => {
        end(job);
        return json(predictionOf(job, call.context));
      }),
  },
  {
    name: 'account',
    dialect,
    method: 'GET',
    path: '/v1/account',
    handle: () =>
      json({ type: 'user', username: 'mock', name: 'Mock', github_url: 'https://github.com/mock' }),
  },
  { name: 'account', dialect, method: 'GET', path: '/v1/webhooks/default/secret', handle: secretOf },
  ...fileRoutes,
];

/** Replicate's predictions. It lets no page read its answers, ignores idempotency keys, and has no streams. */
export const replicate: Dialect = {
  name: dialect,
  basePath: '/v1',
  routes,
  newId: randomId,
  // `Token` is what it was called before, and is still taken.
  credential: ['Bearer', 'Token'].map((scheme) => ({ header: 'authorization', scheme })),
  cors: false,
  refuse(reason, { method }) {
    if (reason === 'unauthorised')
      return replicateError(401, 'Unauthenticated', 'You did not pass a valid authentication token');
    return reason === 'unknown-route'
      ? replicateError(404, 'Not found', NOT_FOUND)
      : replicateError(405, 'Method not allowed', `Method ${method} is not allowed`);
  },
  webhooks: {
    urlFrom: 'request',
    // The last about a minute after the end.
    retryDelaysMs: [2_000, 6_000, 18_000, 36_000],
    message: messagesOf,
    headers: ({ body, id }, { secrets }) => standardWebhookHeaders(secrets?.replicate, body, id),
  },
};

async function create(call: Call): Promise<Response> {
  const { body, context, exchange, params } = call;
  if (body.problem !== undefined || !isRecord(body.value))
    return json({ detail: 'Failed to parse request body as JSON', status: 400 }, 400);
  const { owner, name } = params;
  const named = owner === undefined ? {} : { version: `${owner}/${name}` };
  const problem = submitProblem(body.input, named.version);
  if (problem) return problem;
  if (context.account.credits < JOB_CREDITS)
    return replicateError(402, 'Insufficient credit', 'You have insufficient credit to run this model.');
  context.account.credits -= JOB_CREDITS;
  const lifeMs = lifeOf(exchange.headers.get('cancel-after'));
  const deadline = lifeMs && { deadline: new Date(Date.now() + lifeMs).toISOString() };
  const input = { ...body.input, ...named, ...deadline };
  const job = context.submit({ ...call, body: { ...body, input } }, dialect);
  const ended = (signal: AbortSignal) => job.untilEnd(signal, (told) => context.jobs.watch(told));
  if (lifeMs) void ended(AbortSignal.timeout(lifeMs)).catch(() => end(job));
  const wait = /^wait(?:=(\d{1,2}))?$/.exec(exchange.headers.get('prefer') ?? '');
  if (wait === null) return json(predictionOf(job, context), 201);
  const time = AbortSignal.timeout(Math.min(Number(wait[1] ?? 60), 60) * 1_000);
  await ended(AbortSignal.any([time, exchange.signal])).catch(() => exchange.signal.throwIfAborted());
  return json(predictionOf(job, context), job.ended ? 201 : 202);
}

/** `5m`, `1h30m`, or seconds, in milliseconds; less than five seconds are not taken. */
function lifeOf(given: string | null): number | undefined {
  const [, hours = 0, minutes = 0, seconds = 0] =
    /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(given ?? '') ?? [];
  const total = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  return total >= 5 ? total * 1_000 : undefined;
}

/** `aborted` before it has started, `canceled` while it runs; one that has ended stays as it is. */
function end(job: MockJob): void {
  if (job.ended) return;
  job.advance({ status: 'failed', word: job.status === 'queued' ? 'aborted' : 'canceled' });
}

/** By default outputs and the end: then one delivery has the output, and another says that it is all. */
function messagesOf(update: MockJobUpdate, urls: Urls): readonly WebhookMessage[] {
  const { job, at, status } = update;
  const { webhook: url, webhook_events_filter: filter = ['output', 'completed'] } = job.input;
  if (typeof url !== 'string' || !Array.isArray(filter) || status === 'queued') return [];
  const body = predictionOf(job, urls);
  const { completed_at, metrics, ...unfinished } = body;
  const halfSecond = Math.floor((at.getTime() - job.createdAt.getTime()) / 500);
  // What is no end, and could not be delivered, is not tried again.
  const isTriedOnce = true;
  const running = [
    { url, event: 'start', body, isTriedOnce, once: true },
    { url, event: 'logs', body, isTriedOnce, once: `logs ${halfSecond}` },
  ];
  const output = { url, event: 'output', body: { ...unfinished, status: 'processing' }, isTriedOnce };
  const told = isEnd(status)
    ? [...(status === 'completed' ? [output] : []), { url, event: 'completed', body }]
    : running;
  return told.filter(({ event }) => filter.includes(event));
}

/** The newest first, a hundred a page. */
function list({ context, query }: Call): Response {
  const [after, before] = ['created_after', 'created_before'].map((name) => {
    const given = query.get(name);
    return given === null ? undefined : new Date(given).getTime();
  });
  if (Number.isNaN(after) || Number.isNaN(before))
    return replicateError(400, 'Bad request', 'created_after and created_before must be ISO 8601');
  const jobs = [...context.jobs].reverse().filter((job) => {
    const at = job.createdAt.getTime();
    return job.dialect === dialect && at >= (after ?? 0) && at < (before ?? Number.POSITIVE_INFINITY);
  });
  const cursor = query.get('cursor');
  const start = cursor === null ? 0 : jobs.findIndex(({ id }) => btoa(id) === cursor) + 1;
  const pageAfter = (count: number) => {
    const url = new URL(`${context.urlOf(dialect)}/predictions`);
    for (const [name, value] of query) if (name !== 'cursor') url.searchParams.set(name, value);
    const last = jobs[count - 1];
    if (last !== undefined) url.searchParams.set('cursor', btoa(last.id));
    return url.href;
  };
  return json({
    previous: start === 0 ? null : pageAfter(Math.max(0, start - PAGE)),
    next: start + PAGE < jobs.length ? pageAfter(start + PAGE) : null,
    results: jobs.slice(start, start + PAGE).map((job) => predictionOf(job, context)),
  });
}

/** What signs the webhooks of the account. */
function secretOf({ context }: Call): Response {
  const key = context.options.webhooks?.secrets?.replicate;
  return key === undefined ? replicateError(404, 'Not found', NOT_FOUND) : json({ key });
}

function withJob(call: Call, handle: (job: MockJob) => Response): Response {
  const job = ownJob(call, dialect);
  return job === undefined ? replicateError(404, 'Not found', NOT_FOUND) : handle(job);
}

/** In the manner of its ids: small letters and digits. */
function randomId(): string {
  const letters = 'abcdefghjkmnpqrstvwxyz0123456789';
  return Array.from(crypto.getRandomValues(new Uint8Array(26)), (byte) => letters[byte % 32]).join('');
}
