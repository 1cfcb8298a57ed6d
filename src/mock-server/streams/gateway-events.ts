import { json } from '../exchange.js';
import type { MockJobs } from '../jobs.js';
import type { Route } from '../routes.js';
import { openEventStream } from './event-stream.js';
import { eventStreamData, streamOptions } from './frames.js';

/** The gateway's event stream, which carries the jobs that its URL names. */
export const eventStreamRoute: Route = {
  name: 'sse',
  dialect: 'soraGateway',
  method: 'GET',
  path: '/api/jobs/events',
  handle(call) {
    const { context, exchange } = call;
    const jobIds = eventStreamJobIds(exchange.url, context.jobs);
    if (jobIds.length === 0) return json({ error: 'jobIds is required' }, 400);
    const { endWithJobs, snapshotOnSubscribe: snapshot } = streamOptions(context.options);
    return openEventStream(call, { jobIds, encode: eventStreamData, endWithJobs, snapshot });
  },
};

/** The jobs that `?jobIds=a,b,c` names. A comma within an id comes encoded, and so may the others. */
export function eventStreamJobIds(url: URL, jobs: MockJobs): readonly string[] {
  const raw = /[?&]jobIds=([^&]*)/.exec(url.search)?.[1] ?? '';
  return raw
    .split(',')
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    })
    .flatMap((id) => (id.includes(',') && !jobs.has(id) ? id.split(',') : [id]))
    .filter((id) => id !== '');
}
