import type { Dialect } from './dialect.js';
import { json } from './exchange.js';
import { isEnd, type MockJob, type MockJobUpdate, randomHex } from './job.js';
import { plainRefusal } from './refusals.js';
import type { Call, Route } from './routes.js';
import { hexSignature } from './signatures.js';
import { statusWord } from './status-word.js';
import { eventStreamRoute } from './streams/gateway-events.js';
import { GatewaySocket } from './streams/gateway-socket.js';

/** What a job costs, where the account's credits are limited. */
const JOB_CREDITS = 10;

const routes: readonly Route[] = [
  { name: 'generate', dialect: 'soraGateway', method: 'POST', path: '/api/generate', handle: generate },
  {
    name: 'status',
    dialect: 'soraGateway',
    method: 'GET',
    path: '/api/videos/status/:jobId',
    handle: ({ context, params }) => {
      const job = context.jobs.get(params.jobId ?? '');
      return job ? json(pathStatus(job)) : notFound();
    },
  },
  { name: 'status', dialect: 'soraGateway', method: 'GET', path: '/api/status', handle: queryStatus },
  eventStreamRoute,
  { name: 'download', dialect: 'soraGateway', method: 'GET', path: '/api/download', handle: download },
  {
    name: 'upstream-webhook',
    dialect: 'soraGateway',
    method: 'POST',
    path: '/api/webhook/video-events',
    handle: async ({ context, exchange, body }) => {
      const problem = await context.upstreamEvents.receive(exchange.headers, body.raw, context.jobs);
      return problem === undefined ? json({ received: true }) : json({ error: problem }, 400);
    },
  },
  {
    name: 'list',
    dialect: 'soraGateway',
    method: 'GET',
    path: '/api/webhook/events',
    handle: ({ context }) => json(context.upstreamEvents.recent),
  },
];

export const soraGateway: Dialect = {
  name: 'soraGateway',
  routes,
  newId: () => `job-${randomHex(8)}`,
  refuse: plainRefusal,
  honoursIdempotencyKeys: true,
  webSocket: {
    paths: ['', '/'],
    attach({ jobs, options, streams }, { faults, wire }) {
      const socket = new GatewaySocket(jobs, options, faults, wire);
      streams.add(socket.stream);
      return socket;
    },
  },
  webhooks: {
    urlFrom: 'options',
    retryDelaysMs: [],
    message(update, { options }) {
      const url = options.gateway?.url;
      return url === undefined ? undefined : { url, event: update.status, body: gatewayEvent(update) };
    },
    async headers({ body }, { gateway }) {
      const headers = { 'x-timestamp': String(Date.now()) };
      if (!gateway?.secret) return headers;
      return { ...headers, 'x-signature': await hexSignature(gateway.secret, body) };
    },
  },
};

function generate(call: Call): Response {
  const { body, context, query } = call;
  if (body.problem !== undefined) return json({ error: body.problem }, 400);
  const { input } = body;
  if (query.get('renderVersion') !== 'v3' && input.renderVersion !== 'v3')
    return json({ error: 'renderVersion=v3 required' }, 400);
  const script = input.scriptOrQuestion ?? input.script;
  if (typeof script !== 'string' || script === '') return json({ error: 'script is required' }, 400);
  if (
    input.scriptOrQuestion === undefined &&
    (typeof input.walletAddress !== 'string' || !input.walletAddress)
  )
    return json({ error: 'walletAddress is required' }, 400);
  if (input.audioBuffer !== undefined && !isBase64(input.audioBuffer))
    return json({ error: 'audioBuffer must be a base64 string' }, 400);
  const { account } = context;
  const repeated = context.repeated(call, 'soraGateway');
  if (repeated === undefined) {
    if (account.credits < JOB_CREDITS) return outOfCredits(account.credits);
    account.credits -= JOB_CREDITS;
  }
  const job = repeated ?? context.submit(call, 'soraGateway');
  if (job.behaviour.style !== 'field') return json({ jobId: job.id });
  return json({
    jobId: job.id,
    status: 'generating',
    title: script.slice(0, 60),
    creditsDeducted: JOB_CREDITS,
    ...(Number.isFinite(account.credits) ? { remainingCredits: account.credits } : {}),
    estimatedTime: '2-5 minutes',
    message: 'Video generation started',
  });
}

function outOfCredits(credits: number): Response {
  const message = `This video needs ${JOB_CREDITS} credits, the account has ${credits}.`;
  return json({ error: 'Insufficient credits', required: JOB_CREDITS, message }, 402);
}

/** `GET /api/videos/status/{jobId}` */
function pathStatus(job: MockJob): Record<string, unknown> {
  const { staysPending = false, style } = job.behaviour;
  return {
    jobId: job.id,
    status: staysPending ? 'pending' : statusWord(job),
    progress: staysPending ? 50 : progressOf(job),
    ...(job.error === undefined || staysPending ? {} : { error: job.error }),
    ...(staysPending ? { ready: false, videoAvailable: job.ready } : {}),
    ...(staysPending && job.ready ? { videoId: job.upstreamId } : {}),
    ...(style === 'field' && !staysPending
      ? {
          ready: job.ready,
          videoAvailable: job.ready,
          videoId: job.upstreamId,
          createdAt: job.createdAt.toISOString(),
          updatedAt: job.updatedAt.toISOString(),
        }
      : {}),
  };
}

/** `GET /api/status?jobId=...&renderVersion=v3` */
function queryStatus({ context, query }: Call): Response {
  if (query.get('renderVersion') !== 'v3') return json({ error: 'renderVersion=v3 required' }, 400);
  const job = context.jobs.get(query.get('jobId') ?? '');
  if (job === undefined) return notFound();
  return json({
    [job.behaviour.style === 'field' ? 'id' : 'jobId']: job.id,
    status: statusWord(job),
    progress: progressOf(job),
    ...(job.message === undefined ? {} : { message: job.message }),
    ...(job.error === undefined ? {} : { error: job.error }),
    ...(job.status === 'completed' ? { url: gatewayVideoUrl(job) } : {}),
  });
}

function download(call: Call): Response | Promise<Response> {
  const { context, query } = call;
  if (query.get('renderVersion') !== 'v3') return json({ error: 'renderVersion=v3 required' }, 400);
  const job = context.jobs.get(query.get('jobId') ?? '');
  if (job === undefined) return notFound();
  if (!job.ready) {
    const status = isEnd(job.status) ? (job.behaviour.notReadyStatus ?? 404) : 404;
    return json({ error: 'Video not available yet' }, status);
  }
  return context.serve(call, job, 'video');
}

/** Relative to the gateway. */
function gatewayVideoUrl(job: MockJob): string {
  return `/api/download?jobId=${encodeURIComponent(job.id)}&renderVersion=v3`;
}

function progressOf(job: MockJob): number {
  return job.status === 'processing' ? (job.behaviour.coarseProgress ?? job.progress) : job.progress;
}

function notFound(): Response {
  return json({ error: 'Job not found' }, 404);
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}

/** What the gateway tells by webhook of every change (seed 1). */
function gatewayEvent(update: MockJobUpdate): Record<string, unknown> {
  const { job } = update;
  return {
    jobId: job.id,
    soraJobId: job.upstreamId,
    status: statusWord(job, update),
    progress: update.progress,
    ...(update.status === 'completed'
      ? {
          // The documents name a host that needs another credential, which only the gateway has.
          videoUrl:
            job.behaviour.style === 'field'
              ? gatewayVideoUrl(job)
              : `https://api.openai.com/v1/videos/${job.upstreamId}/content`,
          contentExpiresAt: Math.floor((update.at.getTime() + job.urlLifetimeMs) / 1000),
        }
      : {}),
    ...(update.error === undefined ? {} : { error: update.error }),
    timestamp: update.at.toISOString(),
  };
}
