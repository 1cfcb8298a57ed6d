import { isRecord } from './body.js';
import type { Dialect } from './dialect.js';
import { json } from './exchange.js';
import { type MockJob, type MockJobUpdate, randomHex } from './job.js';
import type { MockVariant } from './media/files.js';
import { plainRefusal } from './refusals.js';
import type { Call, Route } from './routes.js';
import { hexSignature } from './signatures.js';
import { statusWord } from './status-word.js';

const MAX_IMAGES = 20;
type SignedUrl = (job: MockJob, variant: MockVariant) => string;

const routes: readonly Route[] = [
  {
    name: 'generate',
    dialect: 'vidBuilder',
    method: 'POST',
    path: '/api/generate-video-async',
    handle: generate,
  },
  {
    name: 'generate',
    dialect: 'vidBuilder',
    method: 'POST',
    path: '/api/generate-flexible-video',
    handle: generateBlocking,
  },
  { name: 'status', dialect: 'vidBuilder', method: 'GET', path: '/api/job-status/:jobId', handle: status },
  { name: 'download', dialect: 'vidBuilder', method: 'GET', path: '/api/download/:jobId', handle: download },
];

export const vidBuilder: Dialect = {
  name: 'vidBuilder',
  routes,
  newId: () => randomHex(6),
  refuse: plainRefusal,
  honoursIdempotencyKeys: true,
  webhooks: {
    urlFrom: 'request',
    retryDelaysMs: [30_000, 120_000, 300_000],
    message(update, { signedUrl }) {
      const url = update.job.input.webhookUrl;
      if (typeof url !== 'string' || update.status === 'queued') return undefined;
      // Of the progress, it tells the start only.
      const event = update.status === 'processing' ? 'started' : update.status;
      return { url, event, body: vidBuilderEvent(update, signedUrl), once: event === 'started' };
    },
    async headers({ body, event }, options) {
      const headers = { 'x-webhook-event': event };
      const secret = options.vidBuilder?.secret;
      return secret ? { ...headers, 'x-webhook-signature': await hexSignature(secret, body) } : headers;
    },
  },
};

/** The object of the completed webhook and, once completed, of the status call. */
function vidBuilderResult(job: MockJob, signedUrl: SignedUrl): Record<string, unknown> {
  const { reels = false, s3 } = job.behaviour;
  const path = `/api/download/${encodeURIComponent(job.id)}`;
  const scenes = Array.isArray(job.input.scenes) ? job.input.scenes : [];
  const ended = job.completedAt ?? job.updatedAt;
  return {
    jobId: job.id,
    status: statusWord(job, { status: 'completed', word: job.word }),
    progress: 100,
    message: 'Video generated successfully',
    ...(s3 === 'only' ? {} : { videoUrl: path, ...(reels ? { reelsVideoUrl: `${path}_reels` } : {}) }),
    duration: durationOf(scenes),
    scenes: scenes.length,
    reelsGenerated: reels,
    ...(s3 === 'disabled' ? { s3Upload: { enabled: false } } : {}),
    ...(s3 === 'only' || s3 === 'also'
      ? {
          s3Upload: {
            enabled: true,
            standard: s3Entry(job, 'video', signedUrl),
            ...(reels ? { reels: s3Entry(job, 'reels', signedUrl) } : {}),
          },
        }
      : {}),
    renderTime: `${Math.max(1, Math.round((ended.getTime() - job.createdAt.getTime()) / 1000))}s`,
    timestamp: ended.toISOString(),
  };
}

/** That a job has started, completed or failed. */
function vidBuilderEvent(update: MockJobUpdate, signedUrl: SignedUrl): Record<string, unknown> {
  const { job } = update;
  const timestamp = update.at.toISOString();
  if (update.status === 'completed') return vidBuilderResult(job, signedUrl);
  if (update.status === 'failed')
    return { jobId: job.id, status: 'failed', error: update.error ?? '', timestamp };
  return { jobId: job.id, status: 'started', message: 'Video generation started', timestamp };
}

function generate(call: Call): Response {
  const config = configOf(call);
  if (config instanceof Response) return config;
  const { webhookUrl } = config;
  if (webhookUrl === undefined || webhookUrl === '') {
    return json(
      {
        error: 'Webhook URL is required for async video generation.',
        message: 'Please provide a webhookUrl in your request body to receive status updates.',
        hint: 'Use /api/generate-flexible-video for synchronous generation without webhooks.',
      },
      400,
    );
  }
  if (typeof webhookUrl !== 'string' || !/^https?:\/\//.test(webhookUrl) || !URL.canParse(webhookUrl)) {
    return json(
      {
        error: 'Invalid webhook URL format.',
        message: 'Please provide a valid HTTP/HTTPS URL.',
        receivedUrl: webhookUrl,
      },
      400,
    );
  }
  const problem = sceneProblem(config);
  if (problem) return problem;
  const job = submit(call, config);
  return json(
    {
      success: true,
      jobId: job.id,
      status: 'queued',
      message: 'Video generation started. You will receive updates via webhook.',
      webhookConfigured: true,
      statusUrl: `/api/job-status/${encodeURIComponent(job.id)}`,
      estimatedTime: '3-15 minutes',
    },
    202,
  );
}

async function generateBlocking(call: Call): Promise<Response> {
  const config = configOf(call);
  if (config instanceof Response) return config;
  const problem = sceneProblem(config);
  if (problem) return problem;
  const job = submit(call, config);
  await job.untilEnd(call.exchange.signal, (listener) => call.context.jobs.watch(listener));
  if (job.status === 'failed')
    return json({ error: 'Video generation failed', message: job.error ?? '', jobId: job.id }, 500);
  const { status: _, ...result } = vidBuilderResult(job, call.context.signedUrl);
  return json({ success: true, ...result });
}

function submit(call: Call, config: Readonly<Record<string, unknown>>): MockJob {
  const reels = config.generateReels === true ? { reels: true } : {};
  return call.context.submit({ ...call, body: { ...call.body, input: config } }, 'vidBuilder', reels);
}

/** The JSON body, or the `config` of a form with its images. */
function configOf({ body }: Call): Readonly<Record<string, unknown>> | Response {
  if (body.problem !== undefined)
    return json({ error: body.problem, message: 'The body cannot be read.' }, 400);
  const { config, ...fields } = body.input;
  if (body.files.filter((file) => file.name === 'images').length > MAX_IMAGES)
    return json({ error: 'Too many images', message: `At most ${MAX_IMAGES} images are accepted.` }, 400);
  if (typeof config !== 'string') return body.input;
  try {
    const parsed: unknown = JSON.parse(config);
    if (isRecord(parsed)) return { ...parsed, ...fields };
  } catch {
    // Told below.
  }
  return json({ error: 'Invalid config', message: 'The form field config must be a JSON object.' }, 400);
}

function sceneProblem(config: Readonly<Record<string, unknown>>): Response | undefined {
  const { scenes } = config;
  if (!Array.isArray(scenes) || scenes.length === 0) {
    return json(
      { error: 'Invalid configuration', message: 'scenes must be an array with at least one scene.' },
      400,
    );
  }
  const details = scenes.flatMap((scene, index) =>
    isRecord(scene) && typeof scene.type === 'string' && typeof scene.duration === 'number'
      ? []
      : [`scenes[${index}] needs a type and a duration`],
  );
  return details.length === 0
    ? undefined
    : json({ error: 'Invalid configuration', message: 'Some scenes are not valid.', details }, 400);
}

function status({ context, params }: Call): Response {
  const job = context.jobs.get(params.jobId ?? '');
  if (job === undefined) return notFound();
  if (job.status === 'completed') return json(vidBuilderResult(job, context.signedUrl));
  const progress =
    job.status === 'processing' ? (job.behaviour.coarseProgress ?? job.progress) : job.progress;
  return json({
    jobId: job.id,
    status: statusWord(job),
    progress,
    message: job.message ?? (job.status === 'queued' ? 'Waiting to start' : 'Rendering'),
    ...(job.error === undefined ? {} : { error: job.error, timestamp: job.updatedAt.toISOString() }),
    createdAt: job.createdAt.toISOString(),
  });
}

function download(call: Call): Response | Promise<Response> {
  const { context, params } = call;
  const name = params.jobId ?? '';
  const whole = context.jobs.get(name);
  const reelsOf = name.endsWith('_reels') ? context.jobs.get(name.slice(0, -'_reels'.length)) : undefined;
  const job = whole ?? (reelsOf?.behaviour.reels ? reelsOf : undefined);
  // With S3 on, the file is not on this server.
  if (job === undefined || job.behaviour.s3 === 'only') return notFound();
  if (!job.ready) {
    const code = job.status === 'completed' ? (job.behaviour.notReadyStatus ?? 404) : 404;
    return json({ error: 'Video not found', message: 'The video is not available yet.' }, code);
  }
  return context.serve(call, job, whole ? 'video' : 'reels');
}

function s3Entry(job: MockJob, variant: MockVariant, signedUrl: SignedUrl): Record<string, unknown> {
  const folder = variant === 'reels' ? 'reels' : 'standard';
  const day = job.createdAt.toISOString().slice(0, 10);
  return {
    s3Key: `videos/${day}/${folder}/${job.id}.mp4`,
    signedUrl: signedUrl(job, variant),
    expiresIn: lifetime(job.urlLifetimeMs),
  };
}

function lifetime(ms: number): string {
  const days = Math.round(ms / 86_400_000);
  return days >= 1 ? `${days} days` : `${Math.max(1, Math.round(ms / 1000))} seconds`;
}

function durationOf(scenes: readonly unknown[]): number {
  return scenes.reduce<number>(
    (sum, scene) => sum + (isRecord(scene) && typeof scene.duration === 'number' ? scene.duration : 0),
    0,
  );
}

function notFound(): Response {
  return json({ error: 'Job not found', message: 'There is no job of this id.' }, 404);
}
