import { onTestFinished } from 'vitest';
import type { AnyBackend } from '../../../src/backends/backend.js';
import { VideoClient } from '../../../src/client/client.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';

/** The first bytes of a picture, and what is sent of them. */
export const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
export const PNG_URL = 'data:image/png;base64,iVBORw0KGgo=';

/** What the tests of one provider have in common. */
interface Provider<B extends AnyBackend> {
  readonly dialect: Parameters<MockServer['urlOf']>[0];
  readonly backend: B;
  /** Which the server wants, and a client has. */
  readonly token: string;
  readonly behaviour?: MockServerOptions;
}

/** How the tests of one provider start its server, and a client of that: both end with the test. */
export function setUp<B extends AnyBackend>({ dialect, backend, token, behaviour }: Provider<B>) {
  return {
    async startServer(options: MockServerOptions = {}): Promise<MockServer> {
      const server = await createMockServer({ auth: { type: 'bearer', token }, ...behaviour, ...options });
      onTestFinished(() => server.close());
      return server;
    },

    /** A client that is impatient. */
    connect(
      server: MockServer,
      { token: own = token, ...options }: Partial<VideoClientOptions<B>> & { readonly token?: string } = {},
    ): VideoClient<B> {
      const client = new VideoClient<B>({
        baseUrl: server.urlOf(dialect),
        backend,
        auth: { type: 'bearer', token: own },
        polling: { intervalMs: 20 },
        retry: { minDelayMs: 1, maxDelayMs: 50 },
        logger: 'silent',
        ...options,
      });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

export function routesOf(server: MockServer): (string | undefined)[] {
  return server.requests.map(({ route }) => route);
}
