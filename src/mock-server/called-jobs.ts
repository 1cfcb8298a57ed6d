import type { MockJobs } from './jobs.js';
import type { MockRequest } from './request-log.js';
import type { RouteMatch } from './routes.js';
import { eventStreamJobIds } from './streams/gateway-events.js';

/** The jobs that a call names: faults may be tied to them. */
export function calledJobIds(entry: MockRequest, { params }: RouteMatch, jobs: MockJobs): readonly string[] {
  if (entry.route === 'sse' && params.jobId === undefined) return eventStreamJobIds(new URL(entry.url), jobs);
  const { jobId } = entry;
  if (jobId === undefined) return [];
  if (entry.route === 'download' && !jobs.has(jobId) && jobId.endsWith('_reels'))
    return [jobId.slice(0, -'_reels'.length)];
  return [jobs.get(jobId)?.id ?? jobId];
}
