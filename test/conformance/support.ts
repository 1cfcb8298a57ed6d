import { onTestFinished } from 'vitest';
import type { AnyBackend } from '../../src/backends/backend.js';
import { comfyUI } from '../../src/backends/hosted/comfy-ui.js';
import { fal } from '../../src/backends/hosted/fal.js';
import { openRouter } from '../../src/backends/hosted/open-router.js';
import { replicate } from '../../src/backends/hosted/replicate.js';
import { runway } from '../../src/backends/hosted/runway.js';
import { xai } from '../../src/backends/hosted/xai.js';
import { openAIVideos } from '../../src/backends/openai-videos.js';
import { soraGateway } from '../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../src/backends/vid-builder.js';
import { VideoClient } from '../../src/client/client.js';
import type { VideoClientOptions } from '../../src/client/options.js';
import type { JobSnapshot, JobWarning, TransportChange, TransportName } from '../../src/core/model.js';
import {
  createMockServer,
  type MockDialect,
  type MockMount,
  type MockServer,
  type MockServerOptions,
} from '../../src/mock-server/index.js';
import { until } from '../support/until.js';

export const BACKENDS: Readonly<Record<MockDialect, () => AnyBackend>> = {
  soraGateway: () => soraGateway(),
  vidBuilder: () => vidBuilder({ webhookUrl: 'https://example.com/hook' }),
  openAIVideos: () => openAIVideos(),
  openRouter: () => openRouter({ model: 'google/veo-3.1' }),
  replicate: () => replicate({ model: 'google/veo-3.1' }),
  runway: () => runway({ model: 'seedance2_5' }),
  xai: () => xai({ model: 'grok-imagine-video' }),
  fal: () => fal({ model: 'fal-ai/veo3.1' }),
  comfyUI: () => comfyUI(),
};

/** The server as a client of that dialect is given it, and its backend. */
export function speaking(server: MockServer, dialect: MockDialect) {
  return { baseUrl: server.urlOf(dialect.toLowerCase() as MockMount), backend: BACKENDS[dialect]() };
}

/** Everything a hundred times as fast as in earnest; the order of the times is kept. */
export const QUICK = {
  polling: { intervalMs: 100 },
  timeouts: { requestMs: 400, connectMs: 500, headStartMs: 50, silenceMs: 300, jobMs: 10_000 },
  retry: { attempts: 3, minDelayMs: 20, maxDelayMs: 200 },
} as const;

export async function startServer(options: MockServerOptions = {}): Promise<MockServer> {
  const server = await createMockServer({ style: 'field', ...options });
  onTestFinished(() => server.close());
  return server;
}

export function connect(
  server: Pick<MockServer, 'url'>,
  options: Partial<VideoClientOptions<AnyBackend>> = {},
): VideoClient<AnyBackend> {
  const client = new VideoClient<AnyBackend>({
    baseUrl: server.url,
    backend: soraGateway(),
    ...QUICK,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/** All that a job told until it ended, or following did. */
export interface Story {
  readonly snapshots: JobSnapshot[];
  readonly ends: JobSnapshot[];
  readonly warnings: JobWarning[];
  readonly changes: TransportChange[];
  readonly transports: (TransportName | undefined)[];
  error: unknown;
}

export async function follow(
  client: VideoClient<AnyBackend>,
  jobId: string,
  onUpdate: (snapshot: JobSnapshot) => void = () => {},
): Promise<Story> {
  const story: Story = {
    snapshots: [],
    ends: [],
    warnings: [],
    changes: [],
    transports: [],
    error: undefined,
  };
  const job = client.subscribe(jobId);
  job.on('update', (snapshot) => {
    story.snapshots.push(snapshot);
    onUpdate(snapshot);
  });
  job.on('completed', (snapshot) => story.ends.push(snapshot));
  job.on('failed', (snapshot) => story.ends.push(snapshot));
  job.on('warning', (warning) => story.warnings.push(warning));
  job.on('transport', (change) => {
    story.changes.push(change);
    story.transports.push(change.transport);
  });
  await job.completed().catch((error: unknown) => {
    story.error = error;
  });
  return story;
}

/** No stream of anybody is open on the server any more. */
export async function noStreamIsLeft(server: MockServer): Promise<void> {
  await until(() => server.streams.open.length === 0, 'no stream is left on the server');
}

export function neverMovesBack({ snapshots }: Story): boolean {
  const rank = { queued: 0, processing: 1, completed: 2, failed: 2 };
  return snapshots.every((snapshot, index) => {
    const before = snapshots[index - 1];
    if (before === undefined) return true;
    return rank[snapshot.status] >= rank[before.status] && snapshot.progress >= before.progress;
  });
}
