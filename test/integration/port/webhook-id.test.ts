import { describe, expect, it } from 'vitest';
import { applyUpdate } from '../../../src/core/job-state.js';
import type { WebhookEvent } from '../../../src/core/model.js';
import { connect, plain, routes } from './support.js';

/** The webhook of a job that has completed. */
function eventOf(jobId: string): WebhookEvent {
  const snapshot = applyUpdate(undefined, { jobId, status: 'completed', raw: {} }, 'webhook', 0);
  return { id: 'event', type: 'job.completed', jobId, snapshot, timestamp: new Date(0), raw: {} };
}

describe('a webhook that calls a job otherwise', () => {
  it.each(['fal-ai/veo:request-1', 'request-1'])('ends the wait for that job by %s', async (named) => {
    const id = 'fal-ai/veo:request-1';
    const backend = plain({
      status: () => ({ method: 'GET', url: '/status' }),
      webhookIdOf: (jobId: string) => jobId.slice(jobId.indexOf(':') + 1),
    });
    const server = await routes({ 'GET /status': { id, status: 'processing' } });
    const client = connect(server.url, backend, { polling: { intervalMs: 60_000 } });
    const job = client.subscribe(id);
    const end = job.completed({ timeoutMs: 8_000 });
    client.ingest(eventOf('request-2'));
    client.ingest(eventOf(named));
    expect(await end).toMatchObject({ id, status: 'completed', transport: 'webhook' });
  });
});
