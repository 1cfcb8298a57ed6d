/** One relay of several, in a process of its own, that lives by its plan and dies as it is told. Started by `relays.ts`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import type { AnyBackend } from '../../../src/backends/backend.js';
import { openRouter } from '../../../src/backends/hosted/open-router.js';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { VideoClient } from '../../../src/client/client.js';
import { redisBus } from '../../../src/jobs/buses/redis.js';
import { jobsOver } from '../../../src/jobs/jobs-over.js';
import { RedisJobStore } from '../../../src/jobs/stores/redis.js';
import { createRelay } from '../../../src/relay/index.js';
import { attachRelay, toNodeListener } from '../../../src/relay/node.js';
import { openRouterWebhooks } from '../../../src/webhooks/sources/open-router.js';
import { Fate } from '../crashes/fate.js';
import type { Order, RelayPlan } from './relays.js';
import { RELAY_HEADER, SECRETS } from './upstream.js';

const { name, kind, upstream, hook, redisPort, prefix, intervalMs, requestMs } = JSON.parse(
  process.argv[2] ?? '{}',
) as RelayPlan;

const fate = new Fate(undefined, () => process.kill(process.pid, 'SIGKILL'));
const redis = new Redis({ port: redisPort, host: '127.0.0.1', retryStrategy: () => 50 });
redis.on('error', () => {}); // It connects again by itself.
const bus = redisBus(redis, { prefix: `${prefix}:bus:` });

const backend: AnyBackend =
  kind === 'honours keys'
    ? { ...openAIVideos(), idempotency: { windowMs: 86_400_000 } }
    : openRouter({ model: 'google/veo-3.1', callbackUrl: ({ token }) => `${hook}?key=${token}` });
const client = new VideoClient<AnyBackend>({
  backend,
  baseUrl: upstream,
  auth: { type: 'bearer', token: SECRETS.key },
  headers: { [RELAY_HEADER]: name },
  jobs: jobsOver(fate.storeOf(new RedisJobStore(redis, prefix))),
  bus: fate.busOf(bus),
  fetch: fate.fetch,
  transports: ['polling'],
  polling: { intervalMs },
  retry: { attempts: 4, minDelayMs: 20, maxDelayMs: 200 },
  timeouts: { requestMs },
  logger: 'silent',
});

const believed =
  kind === 'honours keys'
    ? { secret: SECRETS.webhooks }
    : { from: openRouterWebhooks({ secret: SECRETS.webhooks }) };
const relay = createRelay<AnyBackend>({
  client,
  authenticate: ({ headers }) => {
    const id = headers.get('x-user');
    return id === null ? undefined : { id };
  },
  inputOf: ({ script }) => ({ prompt: String(script) }) as never,
  webhooks: {
    ...believed,
    // Called once a delivery is believed, and before anybody is told.
    keyOf({ url }) {
      fate.pass('before ingest');
      return new URL(url).searchParams.get('key') ?? undefined;
    },
    onError: () => {},
    logger: 'silent',
  },
  logger: 'silent',
});

const listener = toNodeListener(relay.fetch);
const server = createServer((incoming, outgoing) => {
  // The next delivery may go to the other process.
  if (incoming.url?.startsWith('/videos/webhook')) outgoing.shouldKeepAlive = false;
  void listener(incoming, outgoing);
});
attachRelay(server, relay);
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

async function end(): Promise<void> {
  relay.close();
  server.close();
  server.closeAllConnections();
  await client.close();
  await bus.close();
  redis.disconnect();
  process.disconnect();
}

process.on('message', (order: Order) => {
  if ('die' in order) fate.await(order.die);
  else if ('drainMs' in order) void relay.drain({ forMs: order.drainMs });
  else void end();
});
