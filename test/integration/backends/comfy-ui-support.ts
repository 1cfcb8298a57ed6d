import { onTestFinished } from 'vitest';
import { comfyUI } from '../../../src/backends/hosted/comfy-ui.js';
import { VideoClient } from '../../../src/client/client.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import type { JobSnapshot, JobWarning } from '../../../src/core/model.js';
import type { VideoJob } from '../../../src/job/job.js';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';

type Options = Partial<VideoClientOptions<ReturnType<typeof comfyUI>>>;

export const OLD = { comfyUI: { version: '0.3' } } as const;

export async function startServer(options: MockServerOptions = {}): Promise<MockServer> {
  const server = await createMockServer(options);
  onTestFinished(() => server.close());
  return server;
}

/** A client that is impatient, and ends with the test. */
export function connect(server: MockServer, options: Options = {}) {
  const client = new VideoClient({
    baseUrl: server.urlOf('comfyui'),
    backend: comfyUI(),
    polling: { intervalMs: 50 },
    retry: { minDelayMs: 1, maxDelayMs: 50 },
    logger: 'silent',
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/** All that is told of a job, from now on. */
export function watch(job: VideoJob<'video'>) {
  const seen: JobSnapshot[] = [];
  const warnings: JobWarning[] = [];
  job.on('update', (snapshot) => seen.push(snapshot));
  job.on('warning', (warning) => warnings.push(warning));
  return { seen, warnings };
}

/** Runs a job by hand, in ten steps, once its socket is open. */
export async function runByHand(server: MockServer, job: VideoJob<'video'>): Promise<void> {
  await until(() => server.streams.open.length === 1 && job.snapshot.message === 'pending', 'it is followed');
  const made = server.jobs.get(job.id);
  for (let progress = 10; progress < 100; progress += 10) made?.advance({ status: 'processing', progress });
  made?.complete();
}

/** A call to the server past the client, as another program makes it. */
export async function call(server: MockServer, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(server.urlOf('comfyui') + path, {
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}
