import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { memoryBus } from '../../../src/jobs/buses/memory.js';
import { memoryJobs } from '../../../src/jobs/memory.js';
import { createRelay } from '../../../src/relay/index.js';
import { attachRelay, toNodeListener } from '../../../src/relay/node.js';
import { signWebhook } from '../../../src/webhooks/sign.js';
import { listen } from '../../support/listen.js';
import { connect, startServer, submits } from '../client/support.js';
import { PageSocket, script, submitting, userOf } from './support.js';

/** Two relays before one server, on common records and a common bus. */
async function startTwo() {
  const upstream = await startServer();
  const [jobs, bus] = [memoryJobs(), memoryBus()];
  const start = async () => {
    const client = connect(upstream, {
      ...{
        jobs,
        bus,
        transports: ['polling'] as const,
        polling: { intervalMs: 60_000 },
        logger: 'silent' as const,
      },
    });
    const relay = createRelay({
      ...{ client, authenticate: userOf, logger: 'silent', webhooks: { secret: 'shared', logger: 'silent' } },
      inputOf: (body) => ({ walletAddress: '0x1', script: String(body.script) }),
    });
    const server = createServer(toNodeListener(relay.fetch));
    attachRelay(server, relay);
    onTestFinished(() => relay.close());
    return `${(await listen(server)).url}/videos`;
  };
  return { upstream, a: await start(), b: await start() };
}

const cookie = { cookie: 'session=ada' };

it('a webhook that one relay receives is told to a page of another', async () => {
  const { upstream, a, b } = await startTwo();
  const { jobId } = (await (await fetch(`${b}/api/generate`, submitting(script, 'a', cookie))).json()) as {
    jobId: string;
  };
  const socket = await PageSocket.open(a, cookie);
  socket.say('subscribe', jobId);
  await socket.until({ jobId, status: 'queued' });
  const before = upstream.requests.length;
  const [job] = Array.from(upstream.jobs);
  const body = JSON.stringify({ jobId: job?.id, status: 'completed', progress: 100 });
  const headers = await signWebhook({ body, secret: 'shared' });
  expect((await fetch(`${b}/webhook`, { method: 'POST', headers, body })).status).toBe(200);
  await socket.until({ jobId, status: 'completed' });
  expect(upstream.requests).toHaveLength(before);
});

it('a video is there at each relay as soon as one of them has heard of it', async () => {
  const { upstream, a, b } = await startTwo();
  const { jobId } = (await (await fetch(`${b}/api/generate`, submitting(script, 'a', cookie))).json()) as {
    jobId: string;
  };
  const download = () => fetch(`${a}/api/download?jobId=${jobId}`, { headers: cookie });
  const early = await download();
  expect([early.status, await early.json()]).toEqual([404, { error: 'Video not available yet' }]);
  const [job] = Array.from(upstream.jobs);
  job?.complete();
  const body = JSON.stringify({ jobId: job?.id, status: 'completed', progress: 100 });
  const headers = await signWebhook({ body, secret: 'shared' });
  expect((await fetch(`${b}/webhook`, { method: 'POST', headers, body })).status).toBe(200);
  const video = await download();
  expect(video.status).toBe(200);
  expect((await video.arrayBuffer()).byteLength).toBeGreaterThan(0);
});

it('one key makes one job, whichever relay a page comes to', async () => {
  const { upstream, a, b } = await startTwo();
  const submit = async (url: string) => {
    const answer = await fetch(`${url}/api/generate`, submitting(script, 'a', cookie));
    return ((await answer.json()) as { jobId: string }).jobId;
  };
  const ids = await Promise.all([submit(a), submit(b), submit(a), submit(b)]);
  expect(new Set(ids).size).toBe(1);
  expect(submits(upstream)).toBe(1);
});
