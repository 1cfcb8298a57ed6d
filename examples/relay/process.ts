/**
 * One of several processes that make one site, as compose.yaml runs them. Records and news are in redis; SIGTERM drains it.
 *
 * OPENROUTER_API_KEY=… WEBHOOK_SECRET=… SESSION_SECRET=… REDIS_URL=… PUBLIC_URL=… npx tsx examples/relay/process.ts
 */
import { Redis } from 'ioredis';
import { redisBus, redisJobs } from 'reelwire/jobs';
import { startSite } from './site.js';

const { HOST, PORT = '0', POLL_MS, DRAIN_MS = '10000', OPENROUTER_URL, PUBLIC_URL } = process.env;
const redis = new Redis(needed('REDIS_URL'));
// It connects again by itself; without a listener each lost connection would be a stack on stderr.
redis.on('error', (error) => console.error(`redis: ${error.message}`));
const bus = redisBus(redis);
const site = await startSite({
  apiKey: needed('OPENROUTER_API_KEY'),
  webhookSecret: needed('WEBHOOK_SECRET'),
  sessionSecret: needed('SESSION_SECRET'),
  ...{ upstreamUrl: OPENROUTER_URL, publicUrl: PUBLIC_URL },
  ...{ jobs: redisJobs(redis), bus },
  ...{ host: HOST, port: Number(PORT) },
  pollMs: POLL_MS === undefined ? undefined : Number(POLL_MS),
});
console.log(`Relay at ${site.url}/videos`);

process.once('SIGTERM', async () => {
  // Pages go to the others one after the other; calls and downloads under way are answered.
  await site.relay.drain({ forMs: Number(DRAIN_MS) });
  await site.close();
  await bus.close();
  await redis.quit();
});

function needed(name: string): string {
  const value = process.env[name];
  if (value) return value;
  console.error(`${name} must be set`);
  process.exit(2);
}
