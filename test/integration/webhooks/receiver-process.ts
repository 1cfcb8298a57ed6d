/** One receiver of several that share a redis. Started by crash.test.ts: its arguments are redis' port and its name. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { toNodeHandler } from '../../../src/webhooks/node.js';
import { redisStore } from '../../../src/webhooks/stores/redis.js';

const [, , redisPort, name, workMs] = process.argv;
const redis = new Redis({ port: Number(redisPort), host: '127.0.0.1' });

const handler = createWebhookHandler({
  secret: process.env.WEBHOOK_SECRET,
  store: redisStore(redis),
  leaseMs: 2_500,
  ackWithinMs: 1_000,
  async onCompleted({ jobId }) {
    await redis.rpush('started', `${name} ${jobId}`);
    await new Promise((resolve) => setTimeout(resolve, Number(workMs)));
    await redis.rpush('finished', `${name} ${jobId}`);
  },
});

const server = createServer(toNodeHandler(handler));
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
