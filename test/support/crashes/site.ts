import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { toNodeHandler } from '../../../src/webhooks/node.js';
import { type Client, keyIn, type ServerKind, type Site } from './life.js';

const secret = `whsec_${btoa('a key that nobody knows')}`;

/** A server that makes jobs, and where it calls back: at a receiver that hands its client what comes. */
export interface Upstream extends Site, AsyncDisposable {
  readonly mock: MockServer;
  /** Who is told of what is delivered; before there is one, the sender is told to come again. */
  receiver: Client | undefined;
  /** How many submits came with the input of a key. */
  posts(key: string): number;
  /** The ids of the jobs of a key. */
  jobs(key: string): string[];
}

export async function startUpstream(kind: ServerKind, options: MockServerOptions = {}): Promise<Upstream> {
  const mock = await createMockServer({
    webhooks: { vidBuilder: { secret } },
    logSize: 1_000_000,
    ...options,
  });
  let receiver: Client | undefined;
  const handler = createWebhookHandler({
    secret,
    scheme: 'hmac-sha256-hex',
    client: {
      async ingest(...event) {
        if (receiver === undefined) throw new Error('nobody is there yet');
        await receiver.ingest(...event);
      },
    },
    logger: 'silent',
    onError: () => {},
  });
  const http = createServer(toNodeHandler(handler));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    kind,
    mock,
    url: kind === 'calls back with the token' ? mock.urlOf('vidbuilder') : mock.url,
    hook: `http://127.0.0.1:${(http.address() as AddressInfo).port}/hook`,
    get receiver() {
      return receiver;
    },
    set receiver(client) {
      receiver = client;
    },
    posts: (key) =>
      mock.requests.filter(({ route, body }) => route === 'generate' && keyIn(body ?? {}) === key).length,
    jobs: (key) => [...mock.jobs].filter(({ input }) => keyIn(input) === key).map(({ id }) => id),
    async [Symbol.asyncDispose]() {
      await mock.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
