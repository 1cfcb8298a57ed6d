import { createServer, type RequestListener } from 'node:http';
import { expect, it } from 'vitest';
import { createBackend } from '../../../examples/node-backend/server.js';
import { createMockServer, type MockServer } from '../../../src/mock-server/index.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';
import { type Listening, listen } from '../../support/listen.js';

const secret = 'shared with the server';

/** The backend's address must be known before it is made: it gives the server its webhookUrl. */
async function startBackend(mock: MockServer): Promise<Listening> {
  let handle: RequestListener = () => {};
  const listening = await listen(createServer((request, response) => handle(request, response)));
  const webhookUrl = `${listening.url}/webhook`;
  const backend = createBackend({ baseUrl: mock.url, webhookUrl, webhookSecret: secret });
  handle = (request, response) => void backend.emit('request', request, response);
  return {
    ...listening,
    async [Symbol.asyncDispose]() {
      backend.emit('close');
      await listening[Symbol.asyncDispose]();
    },
  };
}

it('the webhook ends the wait, long before the next poll', async () => {
  await using mock = await createMockServer({ durationMs: 200, webhooks: { vidBuilder: { secret } } });
  await using backend = await startBackend(mock);
  const answer = await fetch(`${backend.url}/videos`, { method: 'POST', signal: AbortSignal.timeout(5_000) });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ jobId: expect.any(String), videoUrl: expect.any(String) });
  await mock.webhooks.settled();
  expect(mock.webhooks.deliveries.at(-1)).toMatchObject({ event: 'completed', status: 200 });
});

it('a failure that the webhook tells is told with the job and the reason', async () => {
  await using mock = await createMockServer({
    ...{ durationMs: 200, failWith: 'Out of memory' },
    webhooks: { vidBuilder: { secret } },
  });
  await using backend = await startBackend(mock);
  const answer = await fetch(`${backend.url}/videos`, { method: 'POST', signal: AbortSignal.timeout(5_000) });
  expect(answer.status).toBe(502);
  expect(await answer.json()).toMatchObject({
    error: expect.stringContaining('Out of memory'),
    jobId: expect.any(String),
  });
});

it('nobody without the secret ends it', async () => {
  await using mock = await createMockServer({ manual: true, webhooks: { vidBuilder: { secret } } });
  await using backend = await startBackend(mock);
  const wait = new AbortController();
  const video = fetch(`${backend.url}/videos`, { method: 'POST', signal: wait.signal }).catch(
    () => 'still waiting',
  );
  await expect.poll(() => mock.jobs.size).toBe(1);
  const forger = createWebhookFactory({
    secret: 'guessed',
    dialect: 'vidBuilder',
    url: `${backend.url}/webhook`,
  });
  expect((await fetch(await forger.completed(mock.jobs.last?.id ?? ''))).status).toBe(401);
  const sender = createWebhookFactory({ secret, dialect: 'vidBuilder', url: `${backend.url}/webhook` });
  expect((await fetch(await sender.completed('of somebody else'))).status).toBe(200);
  wait.abort();
  expect(await video).toBe('still waiting');
});
