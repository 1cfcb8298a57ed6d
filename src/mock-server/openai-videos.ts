import { type Dialect, ownJob } from './dialect.js';
import { json } from './exchange.js';
import type { MockJob } from './job.js';
import type { MockVariant } from './media/files.js';
import type { Flavour } from './openai/flavour.js';
import { FLAVOURS } from './openai/flavours.js';
import type { MockOpenAIFlavour } from './openai/names.js';
import { openAIError, promptProblem } from './openai/openai.js';
import type { Call, Route } from './routes.js';

const VARIANTS: readonly MockVariant[] = ['video', 'thumbnail', 'spritesheet'];

/** The dialect of `openAIVideos`, as one kind of server speaks it. */
export function openAIVideosOf(name: MockOpenAIFlavour = 'openai'): Dialect {
  const flavour = FLAVOURS[name];
  const { basePath, credential, headers, honoursIdempotencyKeys, newId, refuse, webhooks } = flavour;
  return {
    name: 'openAIVideos',
    routes: routesOf(flavour),
    newId,
    refuse,
    ...(basePath !== undefined && { basePath }),
    ...(credential !== undefined && { credential }),
    ...(headers !== undefined && { headers }),
    ...(honoursIdempotencyKeys !== undefined && { honoursIdempotencyKeys }),
    ...(webhooks !== undefined && { webhooks }),
  };
}

export const openAIVideos = openAIVideosOf();

function routesOf(flavour: Flavour): readonly Route[] {
  const videos = `${flavour.basePath ?? ''}/v1/videos`;
  const one = `${videos}/:jobId`;
  const dialect = 'openAIVideos';
  const find = flavour.find ?? ((call) => ownJob(call, dialect));
  const withJob = (handle: (job: MockJob, call: Call) => Response | Promise<Response>) => (call: Call) => {
    const job = find(call);
    return job === undefined ? flavour.missing(call) : handle(job, call);
  };
  const submit = (call: Call) =>
    json(flavour.video(call.context.submit(call, dialect), call), flavour.submitStatus ?? 200);

  const optional: Readonly<Record<Flavour['has'][number], Route>> = {
    download: {
      ...{ name: 'download', dialect, method: 'GET', path: `${one}/content` },
      handle: withJob((job, call) => flavour.noContent(job, call) ?? serve(flavour, job, call)),
    },
    list: {
      ...{ name: 'list', dialect, method: 'GET', path: videos },
      handle(call) {
        const jobs = [...call.context.jobs].filter((job) => job.dialect === dialect);
        return flavour.list?.(jobs, call) ?? json({ data: jobs.map((job) => flavour.video(job, call)) });
      },
    },
    delete: {
      ...{ name: 'delete', dialect, method: 'DELETE', path: one },
      handle: withJob((job, call) => {
        const answer = flavour.deleted?.(job, call) ?? { id: job.id, deleted: true };
        if (answer instanceof Response) return answer;
        call.context.jobs.delete(job.id);
        return json(answer);
      }),
    },
    remix: {
      ...{ name: 'remix', dialect, method: 'POST', path: `${one}/remix` },
      handle: withJob((job, call) => remixProblem(job, call) ?? submit(remixOf(job, call))),
    },
  };
  return [
    {
      ...{ name: 'generate', dialect, method: 'POST', path: videos },
      handle: (call) => flavour.refusal(call) ?? submit(call),
    },
    {
      ...{ name: 'status', dialect, method: 'GET', path: one },
      handle: withJob((job, call) =>
        job.status === 'failed' && flavour.failed
          ? flavour.failed(job, call)
          : json(flavour.video(job, call)),
      ),
    },
    ...flavour.has.map((name) => optional[name]),
  ];
}

function serve(flavour: Flavour, job: MockJob, call: Call): Response | Promise<Response> {
  if (flavour.serve) return flavour.serve(job, call);
  const variant = VARIANTS.find((known) => known === call.query.get('variant')) ?? 'video';
  return call.context.serve(call, job, variant);
}

function remixProblem(original: MockJob, call: Call): Response | undefined {
  const problem = promptProblem(call);
  if (problem) return problem;
  return original.status === 'completed'
    ? undefined
    : openAIError(400, 'Only a completed video can be remixed.', { code: 'video_not_completed' });
}

function remixOf(original: MockJob, call: Call): Call {
  const { model, size, seconds } = original.input;
  const input = { model, size, seconds, ...call.body.input, remixed_from_video_id: original.id };
  return { ...call, body: { ...call.body, input } };
}
