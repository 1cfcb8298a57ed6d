import { describe, expect, it, onTestFinished } from 'vitest';
import { fal } from '../../../src/backends/hosted/fal.js';
import { VideoClient } from '../../../src/client/client.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import {
  createMockServer,
  type MockServer,
  type MockServerOptions,
  mockMedia,
} from '../../../src/mock-server/index.js';

const model = 'fal-ai/veo3.1/image-to-video';
const input = { prompt: 'A boat', image_url: 'https://host.test/a.png', duration: '8s' };

async function startServer(options: MockServerOptions = {}) {
  const server = await createMockServer({ auth: { type: 'bearer', token: 'id:secret' }, ...options });
  onTestFinished(() => server.close());
  return server;
}

type Fal = ReturnType<typeof fal>;

/** A client that is impatient, and ends with the test. */
function connect(
  server: MockServer,
  { token = 'id:secret', ...options }: { token?: string } & Partial<VideoClientOptions<Fal>> = {},
) {
  const client = new VideoClient({
    baseUrl: server.urlOf('fal'),
    backend: fal({ model }),
    auth: { type: 'bearer', token },
    polling: { intervalMs: 20 },
    retry: { minDelayMs: 1, maxDelayMs: 50 },
    logger: 'silent',
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

describe('fal', () => {
  it.each([['sse', 'polling'] as const, ['polling'] as const])(
    'generates, is followed to the end by %s, and downloads without its key',
    async (...transports) => {
      const server = await startServer({ durationMs: 200 });
      const client = connect(server, { transports });
      const job = await client.generate({ input });
      expect(job.id).toMatch(/^fal-ai\/veo3\.1\/requests\/[\w-]{36}$/);
      expect(job.snapshot).toMatchObject({ status: 'queued', indeterminate: true, queuePosition: 0 });
      const messages: unknown[] = [];
      job.on('update', ({ message }) => messages.push(message));
      const end = await job.completed();
      expect(end.outputs).toMatchObject([{ type: 'video/mp4', name: 'output-0.mp4' }]);
      expect(messages).toContain('Rendering frames: 60/120');
      expect(await (await job.download()).bytes()).toEqual(mockMedia());
      const [submit] = server.requests;
      expect(submit).toMatchObject({ path: `/fal/${model}`, body: input });
      expect(submit?.headers.authorization).toBe('Key id:secret');
      expect(submit?.headers).not.toHaveProperty('idempotency-key');
      const file = server.requests.find(({ origin }) => origin === 'files');
      expect(file?.headers).not.toHaveProperty('authorization');
      expect(server.requests.some(({ route }) => route === 'sse')).toBe(transports[0] === 'sse');
    },
  );
});
