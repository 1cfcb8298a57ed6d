import { isRecord } from '../body.js';
import { type Dialect, ownJob } from '../dialect.js';
import { json } from '../exchange.js';
import type { MockJob } from '../job.js';
import type { Call, Route, RouteContext } from '../routes.js';
import { statusWord } from '../status-word.js';
import { type XaiRoute, xaiError, xaiProblem } from './xai-input.js';

const dialect = 'xai';
const WORDS = { queued: 'pending', processing: 'pending', completed: 'done', failed: 'failed' };
/** How long the URL of a video holds; nothing renews it. */
const URL_MS = 24 * 3_600_000;
const MONTH_MS = 30 * URL_MS;
/** What a job costs, where the account's credits are limited. */
const JOB_CREDITS = 10;
/** Of a US dollar there are 10^10. */
const TICKS_PER_SECOND = 500_000_000;
const FILE = 'file_';
const WRONG_KEY = 'Incorrect API key provided. You can obtain an API key from https://console.x.ai.';

const routes: readonly Route[] = [
  ...(['generations', 'edits', 'extensions'] as const).map(
    (route): Route => ({
      name: 'generate',
      dialect,
      method: 'POST',
      path: `/v1/videos/${route}`,
      handle: (call) => create(call, route),
    }),
  ),
  {
    name: 'status',
    dialect,
    method: 'GET',
    path: '/v1/videos/:jobId',
    handle(call) {
      const job = ownJob(call, dialect);
      if (job === undefined) return xaiError(404, 'not-found', 'The requested video could not be found.');
      return job.ended ? json(ended(job, call.context)) : pending(job);
    },
  },
  {
    name: 'account',
    dialect,
    method: 'GET',
    path: '/v1/api-key',
    handle: () =>
      json({
        ...{ redacted_api_key: 'xai-...mock', name: 'mock', acls: ['api-key:endpoint:*', 'api-key:model:*'] },
        ...{ team_blocked: false, api_key_blocked: false, api_key_disabled: false },
      }),
  },
  {
    name: 'download',
    dialect,
    method: 'GET',
    path: '/v1/files/:fileId/content',
    handle(call) {
      const job = ownJob(
        { ...call, params: { jobId: (call.params.fileId ?? '').replace(FILE, '') } },
        dialect,
      );
      return job?.ready === true && isRecord(job.input.storage_options)
        ? call.context.serve(call, job, 'video')
        : xaiError(404, 'not-found', 'The requested file could not be found.');
    },
  },
];

/** xAI's Grok Imagine. It lets no page read its answers, ignores idempotency keys, and has neither streams nor webhooks. */
export const xai: Dialect = {
  name: dialect,
  basePath: '/v1',
  routes,
  newId: () => crypto.randomUUID(),
  cors: false,
  headers: () => ({ date: new Date().toUTCString() }),
  refuse(reason) {
    if (reason === 'unauthorised') return xaiError(400, 'Client specified an invalid argument', WRONG_KEY);
    return reason === 'unknown-route'
      ? xaiError(404, 'not-found', 'The requested route could not be found.')
      : xaiError(405, 'method-not-allowed', 'The method is not allowed for this route.');
  },
};

function create(call: Call, route: XaiRoute): Response {
  const { body, context } = call;
  if (call.exchange.headers.get('content-type')?.startsWith('multipart/') === true)
    return xaiError(415, 'unsupported-media-type', 'Expected request with `Content-Type: application/json`');
  if (body.problem !== undefined || body.value !== body.input)
    return xaiError(400, 'invalid-argument', 'Failed to parse the request body as JSON.');
  const problem = xaiProblem(route, body.input);
  if (problem !== undefined) return problem;
  if (context.account.credits < JOB_CREDITS)
    return xaiError(403, 'permission-denied', 'Your team has used all of its credits.');
  context.account.credits -= JOB_CREDITS;
  return json({ request_id: context.submit(call, dialect).id });
}

/** 202; in the field style there is no body before it has begun. */
function pending(job: MockJob): Response {
  const { behaviour, progress, status } = job;
  if (status === 'queued' && behaviour.style === 'field' && job.word === undefined)
    return new Response(null, { status: 202, headers: { 'content-length': '0' } });
  const told = status === 'processing' ? (behaviour.coarseProgress ?? progress) : progress;
  return json({ status: statusWord(job, job, WORDS), progress: told }, 202);
}

function ended(job: MockJob, context: RouteContext): Record<string, unknown> {
  const { error = '', errorCode, input, status } = job;
  const { duration = 8, model = 'grok-imagine-video' } = input;
  const cost = { cost_in_usd_ticks: Number(duration) * TICKS_PER_SECOND };
  const done = { status: WORDS.completed, model, usage: cost, progress: 100 };
  if (status === 'completed') {
    const video = { url: urlOf(job, context), duration, respect_moderation: true, ...storedOf(job, context) };
    return { ...done, status: statusWord(job, job, WORDS), video };
  }
  // Said to be done, charged for, and withheld.
  if (errorCode === 'content_policy')
    return { ...done, video: { url: '', duration, respect_moderation: false } };
  if (errorCode === 'expired') return { status: 'expired' };
  const told = { code: errorCode ?? 'internal_error', message: error };
  const word = statusWord(job, job, WORDS);
  // Its documents leave out what there is not.
  const empty = job.behaviour.style === 'field' && { video: { duration: 0 }, model: '' };
  return { status: word, ...empty, error: told, progress: 0 };
}

/** The same whenever it is asked for. */
function urlOf(job: MockJob, { signedUrl }: RouteContext): string {
  const url = new URL(signedUrl(job, 'video'));
  const { urlLifetimeMs = URL_MS } = job.behaviour;
  url.searchParams.set('Expires', String((job.completedAt?.getTime() ?? 0) + urlLifetimeMs));
  return url.href;
}

/** The copy that `storage_options` asked for. */
function storedOf(job: MockJob, { signedUrl }: RouteContext): Record<string, unknown> {
  const { storage_options: storage } = job.input;
  if (!isRecord(storage)) return {};
  const { filename = 'video.mp4', public_url: published } = storage;
  const file = { file_id: `${FILE}${job.id}`, filename };
  if (published === undefined) return { file_output: file };
  const keptMs = isRecord(published) ? Number(published.expires_after) * 1_000 : MONTH_MS;
  const expiresMs = (job.completedAt?.getTime() ?? 0) + keptMs;
  const url = new URL(signedUrl(job, 'video'));
  url.searchParams.set('Expires', String(expiresMs));
  return {
    file_output: {
      ...file,
      public_url: url.href,
      public_url_expires_at: Math.floor(expiresMs / 1_000),
    },
  };
}
