import { isRecord } from '../body.js';
import { type Dialect, ownJob } from '../dialect.js';
import { json } from '../exchange.js';
import { isEnd, type MockJob } from '../job.js';
import { newNumber } from '../numeric-ids.js';
import type { Call, Route } from '../routes.js';
import { openEventStream } from '../streams/event-stream.js';
import { inputProblems } from './fal-models.js';
import { CANCELLED, falError, notFound, reasonOf, resultOf, statusOf, webhookOf } from './fal-request.js';
import { falKeys, falWebhookHeaders } from './fal-signatures.js';
import { storageRoutes } from './fal-storage.js';

const dialect = 'fal';
/** Whose apps have one more part in their names. */
const NAMESPACES = ['/workflows', '/comfy'];
/** How many parts the path of a model may have. */
const MOST_PARTS = 8;
/** As a sign of life. */
const COMMENT_EVERY_MS = 15_000;

const aboutOne = (name: Route['name'], method: Route['method'], end: string, handle: Handle): Route[] =>
  ['', ...NAMESPACES].map((prefix) => ({
    ...{ name, dialect, method, path: `${prefix}/:owner/:app/requests/:jobId${end}` },
    handle: (call) => withJob(call, prefix, (job) => handle(job, call)),
  }));

type Handle = (job: MockJob, call: Call) => Response | Promise<Response>;

const routes: readonly Route[] = [
  ...aboutOne('status', 'GET', '/status', status),
  ...aboutOne('sse', 'GET', '/status/stream', events),
  // Both are in fal's documents.
  ...['', '/response'].flatMap((end) =>
    aboutOne('result', 'GET', end, (job, { context }) => resultOf(job, context) ?? notFound()),
  ),
  ...aboutOne('cancel', 'PUT', '/cancel', cancel),
  {
    ...{ name: 'account', dialect, method: 'GET', path: '/.well-known/jwks.json', isPublic: true },
    handle: async ({ context }) => json(await falKeys(context.options.webhooks?.secrets?.fal)),
  },
  ...storageRoutes,
  ...Array.from({ length: MOST_PARTS - 1 }, (_, index): Route => {
    const path = Array.from({ length: index + 2 }, (_, part) => `/:part${part}`).join('');
    return { name: 'generate', dialect, method: 'POST', path, handle: submit };
  }),
];

/** fal's queue. It ignores idempotency keys, and takes any input: whether that is right says the result. */
export const fal: Dialect = {
  name: dialect,
  routes,
  newId: () => idOf('fal-ai/veo3.1', crypto.randomUUID()),
  credential: { header: 'authorization', scheme: 'Key' },
  // Whether it lets pages read its answers is written nowhere.
  cors: false,
  refuse(reason, { method, url }) {
    if (reason === 'unauthorised')
      return falError(401, 'Authentication is required to access this application');
    if (reason === 'wrong-method') return falError(405, `Method ${method} Not Allowed`);
    return json({ error: 'Error', message: `Path ${url.pathname} not found` }, 404);
  },
  webhooks: {
    urlFrom: 'request',
    // Until the result is deleted, 31 times at most.
    retryDelaysMs: Array.from({ length: 31 }, (_, index) => Math.min(5_000 * 2 ** index, 120_000)),
    message(update, urls) {
      const { job, status } = update;
      const { fal_webhook: url } = job.input;
      if (typeof url !== 'string' || !isEnd(status) || job.word === CANCELLED.queued) return undefined;
      const body = webhookOf(update, urls);
      return { url, event: String(body.status), body, once: 'the end' };
    },
    headers: ({ body }, { secrets }) => falWebhookHeaders(secrets?.fal, body),
  },
};

function submit(call: Call): Response {
  const { body, context, entry, params, query } = call;
  const parts = Object.values(params);
  const model = parts.join('/');
  if (parts.includes('requests') || !/^[\w.-]+(\/[\w.-]+)+$/.test(model))
    return json({ error: 'Error', message: `Path ${entry.path} not found` }, 404);
  if (body.problem !== undefined || !isRecord(body.value))
    return falError(422, [{ loc: ['body'], msg: 'Input should be a valid dictionary', type: 'dict_type' }]);
  const hook = query.get('fal_webhook');
  if (hook !== null && !/^https?:$/.test(URL.canParse(hook) ? new URL(hook).protocol : ''))
    return falError(422, [
      { loc: ['query', 'fal_webhook'], msg: 'Input should be a valid URL', type: 'url_parsing' },
    ]);
  const problems = inputProblems(model, body.input);
  const input = { ...body.input, ...(hook !== null && { fal_webhook: hook }) };
  const job = context.submit({ ...call, body: { ...body, input } }, dialect, {
    id: idOf(model, context.options.numericIds === true ? newNumber() : crypto.randomUUID()),
    ...(problems.length > 0 && { failWith: reasonOf(problems) }),
  });
  return json(statusOf(job.current(), context, 'none', positionOf(job, call)));
}

function status(job: MockJob, call: Call): Response {
  const { context, query } = call;
  const logs = query.get('logs') === '1' ? 'all' : 'none';
  const body = statusOf(job.current(), context, logs, positionOf(job, call));
  return json(body, body.status === 'COMPLETED' ? 200 : 202);
}

/** How it is, then each change, until it has ended: nothing that was missed comes again. */
function events(job: MockJob, call: Call): Promise<Response> {
  const { context, query } = call;
  const logs = query.get('logs') === '1' ? 'new' : 'none';
  return openEventStream(call, {
    jobIds: [job.id],
    encode: (update) => JSON.stringify(statusOf(update, context, logs, positionOf(job, call))),
    snapshot: true,
    endWithJobs: true,
    commentEveryMs: COMMENT_EVERY_MS,
  });
}

/** What waits is taken out of the queue; what runs is asked to stop. */
function cancel(job: MockJob): Response {
  if (job.ended) return json({ status: 'ALREADY_COMPLETED' }, 400);
  job.advance({ status: 'failed', word: CANCELLED[job.status === 'queued' ? 'queued' : 'processing'] });
  return json({ status: 'CANCELLATION_REQUESTED' }, 202);
}

/** How many wait before it. */
function positionOf(job: MockJob, { context }: Call): number {
  const waiting = [...context.jobs].filter((one) => one.dialect === dialect && one.status === 'queued');
  return Math.max(0, waiting.indexOf(job));
}

/** Found by its app, and by no longer path. */
function withJob(call: Call, prefix: string, handle: (job: MockJob) => Response | Promise<Response>) {
  const { owner, app } = call.params;
  const job = ownJob(call, dialect);
  const isThere = job !== undefined && job.word !== CANCELLED.queued;
  const [ownApp, id] = job?.id.split('/requests/') ?? [];
  if (isThere && (id === undefined || `/${ownApp}` === `${prefix}/${owner}/${app}`)) return handle(job);
  return call.entry.route === 'cancel' ? json({ status: 'NOT_FOUND' }, 404) : notFound();
}

/** `owner/app` of a model, and what its request is called. */
function idOf(model: string, requestId: string): string {
  const parts = model.split('/');
  const count = NAMESPACES.includes(`/${parts[0]}`) ? 3 : 2;
  return `${parts.slice(0, count).join('/')}/requests/${requestId}`;
}
