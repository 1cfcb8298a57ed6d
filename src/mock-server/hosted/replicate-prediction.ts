import { isRecord } from '../body.js';
import type { MockJob } from '../job.js';
import type { RouteContext } from '../routes.js';
import { statusWord } from '../status-word.js';

const WORDS = { queued: 'starting', processing: 'processing', completed: 'succeeded', failed: 'failed' };
/** Input, output, logs and files are deleted so long after the end. */
const KEPT_MS = 3_600_000;
/** Where a job does not say it. */
const MODEL = 'mock/model';

export type Urls = Pick<RouteContext, 'signedUrl' | 'urlOf'>;

/** A job in Replicate's words, as every answer and every webhook has it. */
export function predictionOf(job: MockJob, urls: Urls): Record<string, unknown> {
  const { createdAt, completedAt, input: submitted } = job;
  const { input = {}, version = MODEL, webhook, webhook_events_filter, deadline } = submitted;
  const [model = '', id] = String(version).split(':');
  const isNamed = model.includes('/');
  const removed = job.msSinceEnd >= keptMs(job);
  const word = statusWord(job, job, WORDS);
  const started = job.status !== 'queued' && word !== 'aborted';
  const place = `${urls.urlOf('replicate')}/predictions/${encodeURIComponent(job.id)}`;
  const total = completedAt && (completedAt.getTime() - createdAt.getTime()) / 1_000;
  return {
    id: job.id,
    model: isNamed ? model : MODEL,
    version: isNamed ? (id ?? 'hidden') : model,
    input: removed ? {} : shown(input),
    logs: removed ? '' : logsOf(job),
    output: job.status === 'completed' && !removed ? outputOf(job, urls) : null,
    data_removed: removed,
    error: word === 'failed' ? errorOf(job) : null,
    source: 'api',
    status: word,
    created_at: createdAt.toISOString(),
    ...(started && { started_at: createdAt.toISOString() }),
    ...(completedAt && {
      completed_at: completedAt.toISOString(),
      metrics: { ...(started && { predict_time: total }), total_time: total },
    }),
    // Left out of the JSON where they are undefined.
    ...{ webhook, webhook_events_filter, deadline },
    urls: { get: place, cancel: `${place}/cancel`, web: `https://replicate.com/p/${job.id}` },
  };
}

/** Files that were given as `data:` URLs are not kept. */
function shown(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/^(data:[^,]*,).{3,}$/s, '$1...');
  if (Array.isArray(value)) return value.map(shown);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shown(part)]));
}

/** An official model makes one file; one that is run by its version has a list of them, as most do. */
function outputOf(job: MockJob, { signedUrl }: Urls): string | string[] {
  const { outputs = 1 } = job.behaviour;
  const urls = Array.from({ length: outputs }, (_, index) => {
    const url = new URL(signedUrl(job, index === 0 ? 'video' : 'reels'));
    // Whenever it is asked for: nothing renews it.
    url.searchParams.set('Expires', String((job.completedAt?.getTime() ?? 0) + keptMs(job)));
    return url.href;
  });
  const isOfficial = /^[^/]+\/[^:]+$/.test(String(job.input.version ?? MODEL));
  return isOfficial && outputs === 1 ? String(urls[0]) : urls;
}

function keptMs({ behaviour }: MockJob): number {
  return behaviour.urlLifetimeMs ?? KEPT_MS;
}

/** Lines as progress bars write them; of a failure the last one. */
function logsOf({ progress, status }: MockJob): string {
  if (status === 'queued') return '';
  return `Using seed: 4711\n${progress}%|${'█'.repeat(Math.floor(progress / 10))}| ${progress}/100 [00:01<00:01]`;
}

function errorOf({ error = '', errorCode }: MockJob): string {
  return errorCode === undefined ? error : `${error} (${errorCode})`;
}
