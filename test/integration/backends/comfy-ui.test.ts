import { describe, expect, it, onTestFinished } from 'vitest';
import { comfyUI } from '../../../src/backends/hosted/comfy-ui.js';
import { VideoClient } from '../../../src/client/client.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import {
  createMockServer,
  type MockServer,
  type MockServerOptions,
  mockMedia,
} from '../../../src/mock-server/index.js';
import { workflow } from '../../support/workflow.js';

type Options = Partial<VideoClientOptions<ReturnType<typeof comfyUI>>>;

async function startServer(options: MockServerOptions = {}) {
  const server = await createMockServer(options);
  onTestFinished(() => server.close());
  return server;
}

/** A client that is impatient, and ends with the test. */
function connect(server: MockServer, options: Options = {}) {
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

describe('comfyUI', () => {
  it('generates, is followed by its socket to the end with a percentage over the nodes, and downloads', async () => {
    const server = await startServer({ durationMs: 300 });
    const client = connect(server, { transports: ['websocket'] });
    const job = await client.generate({ workflow: workflow() });
    expect(job.id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    const seen: number[] = [];
    const messages: (string | undefined)[] = [];
    job.on('update', ({ progress, message }) => {
      seen.push(progress);
      messages.push(message);
    });
    const end = await job.completed({ timeoutMs: 10_000 });
    expect(end.outputs).toHaveLength(1);
    expect(seen.length).toBeGreaterThan(10);
    expect(messages).toContain('Sampling');
    const video = await job.download();
    expect(video.filename).toMatch(/^ComfyUI_.*\.mp4$/);
    expect(await video.bytes()).toEqual(mockMedia());
  });
});
