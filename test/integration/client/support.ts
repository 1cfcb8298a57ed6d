import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AnyBackend } from '../../../src/backends/backend.js';
import { VideoClient } from '../../../src/client/client.js';
import type { DefaultBackend } from '../../../src/client/client-types.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';

export const input = { walletAddress: '0x123', script: 'Explain blockchain' };

/** A server that ends with the test. Its jobs wait to be moved by hand. */
export async function startServer(options: MockServerOptions = {}): Promise<MockServer> {
  const server = await createMockServer({ manual: true, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** A client of that server, impatient, that ends with the test. */
export function connect<B extends AnyBackend = DefaultBackend>(
  server: Pick<MockServer, 'url'>,
  options: Partial<VideoClientOptions<B>> = {},
): VideoClient<B> {
  const client = new VideoClient<B>({
    baseUrl: server.url,
    polling: { intervalMs: 20 },
    retry: { minDelayMs: 5, maxDelayMs: 50 },
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

export { errorOf } from '../../support/rejection.js';

export async function temporaryFolder(
  atTheEnd: (end: () => void | Promise<void>) => void = onTestFinished,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'reelwire-'));
  atTheEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function submits(server: MockServer): number {
  return server.requests.filter(({ route }) => route === 'generate').length;
}
