// Clients on one bus: bus.mjs <options as JSON>
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { VideoClient } from '../../../../dist/esm/index.js';
import { redisBus } from '../../../../dist/esm/jobs/index.js';
import { createWebhookHandler, signWebhook } from '../../../../dist/esm/webhooks/index.js';
import { toNodeListener } from '../../../../dist/relay/esm/node.js';
import { answerBy, now, sleep } from './clock.mjs';

const { upstream, redisPort, secret } = JSON.parse(process.argv[2]);
const connect = () => new Redis({ port: redisPort, host: '127.0.0.1' });

function clientOf({ intervalMs, bus }) {
  const polling = { transports: ['polling'], polling: { intervalMs } };
  return new VideoClient({ baseUrl: upstream, ...polling, bus, logger: 'silent' });
}

const redis = connect();
const client = clientOf({ intervalMs: 60_000, bus: redisBus(redis) });
const handle = createWebhookHandler({ client, secret, logger: 'silent' });
const server = createServer(toNodeListener(handle));

/** Whom to tell that a job has ended, by the bare way. */
const waiting = new Map();
const subscriber = connect();
subscriber.on('message', (_, text) => {
  const { jobId } = JSON.parse(text);
  waiting.get(jobId)?.(now());
});
await subscriber.subscribe('news');

async function deliver(url, jobId, ended) {
  const body = JSON.stringify({ jobId, status: 'completed', progress: 100 });
  const headers = await signWebhook({ body, secret });
  const sentAt = now();
  const answered = fetch(url, { method: 'POST', headers, body });
  const delay = (await ended) - sentAt;
  const { status } = await answered;
  if (status !== 200) throw new Error(`a webhook was answered ${status}`);
  return delay;
}

answerBy({
  /** How long from a delivery at another process to the end of `completed()` here; and the same by bare redis. */
  deliveries: async ({ url, bareUrl, count }) => {
    const [delays, bare] = [[], []];
    for (let index = 0; index < count; index++) {
      const job = client.subscribe(`job-${index}`);
      const completed = job.completed().then(() => now());
      await new Promise((resolve) => job.once('update', resolve));
      delays.push(await deliver(url, job.id, completed));
      const ended = new Promise((resolve) => waiting.set(job.id, resolve));
      bare.push(await deliver(bareUrl, job.id, ended));
    }
    return { delays, bare };
  },
  /** Clients of a bus, each with its own connections, and as many without one. */
  poll: async ({ clients, intervalMs, forMs }) => {
    const made = Array.from({ length: clients }, () => clientOf({ intervalMs, bus: redisBus(connect()) }));
    const alone = Array.from({ length: clients }, () => clientOf({ intervalMs }));
    for (const one of made) one.subscribe('shared').on('update', () => {});
    for (const one of alone) one.subscribe('alone').on('update', () => {});
    await sleep(forMs);
    await Promise.all([...made, ...alone].map((one) => one.close()));
    return {};
  },
});
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
