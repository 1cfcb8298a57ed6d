import { expect, it, onTestFinished } from 'vitest';
import { fal } from '../../../src/backends/hosted/fal.js';
import { openRouter } from '../../../src/backends/hosted/open-router.js';
import { replicate } from '../../../src/backends/hosted/replicate.js';
import { runway } from '../../../src/backends/hosted/runway.js';
import { xai } from '../../../src/backends/hosted/xai.js';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { VideoClient } from '../../../src/client/client.js';
import type { DefaultBackend } from '../../../src/client/client-types.js';
import { createMockServer } from '../../../src/mock-server/index.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { memoryStore } from '../../../src/webhooks/stores/memory.js';
import { createWebhookFactory } from '../../../src/webhooks/testing.js';
import { input } from './support.js';

/** `{ a: undefined, b: undefined }` */
const unset = <Name extends string>(...names: Name[]) =>
  Object.fromEntries(names.map((name) => [name, undefined])) as Record<Name, undefined>;

it('generates, follows and downloads where every option is given as undefined', async () => {
  const server = await createMockServer({
    ...unset('port', 'host', 'faults', 'auth', 'cors', 'credits', 'idempotency', 'digest', 'onSubmit'),
    ...unset('onRequest', 'onAnswer', 'logSize', 'style', 'manual', 'failWith', 'words', 's3', 'notReadyMs'),
    durationMs: 50,
    streams: unset('greeting', 'acknowledgements', 'frames', 'snapshotOnSubscribe', 'endWithJobs'),
    webhooks: unset('gateway', 'vidBuilder', 'openAI', 'upstreamSecret', 'retryScale', 'timeoutMs'),
  });
  onTestFinished(() => server.close());
  const client = new VideoClient<DefaultBackend>({
    baseUrl: server.url,
    ...unset('backend', 'webSocketUrl', 'auth', 'headers', 'transports', 'fetch', 'WebSocket', 'logger'),
    polling: unset('intervalMs', 'concurrency'),
    timeouts: unset('requestMs', 'connectMs', 'headStartMs', 'silenceMs', 'jobMs', 'notReadyMs'),
    retry: unset('attempts', 'minDelayMs', 'maxDelayMs'),
  });
  onTestFinished(() => client.close());

  const job = await client.generate(input, unset('signal', 'idempotencyKey', 'onAbort'));
  await job.completed(unset('signal', 'timeoutMs'));
  await client.poll(job.id, unset('intervalMs', 'timeoutMs', 'signal', 'onUpdate'));
  await client.status(job.id, unset('signal'));
  const options = unset('variant', 'signal', 'onProgress');
  expect((await (await client.download(job.id, options)).bytes()).length).toBeGreaterThan(1_000);
  expect((await (await client.subscribe(job.id).download(options)).bytes()).length).toBeGreaterThan(1_000);
  for await (const { error } of client.generateMany([input], unset('concurrency', 'signal'))) {
    expect(error).toBeUndefined();
  }
});

it('keeps what the mock server was made with where a job of it is given an option as undefined', async () => {
  const server = await createMockServer({ manual: true, notReadyMs: 60_000 });
  onTestFinished(() => server.close());
  const job = server.jobs.create(unset('id', 'dialect', 'input', 'manual', 'durationMs', 'notReadyMs'));
  job.complete();
  expect(job.behaviour.manual).toBe(true);
  expect(job.ready).toBe(false);
});

it('makes each backend where its options are undefined', () => {
  expect(soraGateway(unset('walletAddress', 'statusRoute', 'renderVersion')).name).toBe('soraGateway');
  expect(vidBuilder(unset('webhookUrl', 'blocking')).name).toBe('vidBuilder');
  expect(openAIVideos(unset('model')).name).toBe('openAIVideos');
  expect(openRouter(unset('model', 'callbackUrl')).name).toBe('openRouter');
  expect(replicate(unset('model', 'webhook', 'webhookEventsFilter')).name).toBe('replicate');
  expect(fal(unset('model', 'webhookUrl', 'priority')).name).toBe('fal');
  expect(runway(unset('model', 'version')).name).toBe('runway');
  expect(xai(unset('model')).name).toBe('xai');
});

it('receives a webhook where every option but the secret is given as undefined', async () => {
  const secret = 'whsec_c2VjcmV0c2VjcmV0';
  const handle = createWebhookHandler({
    secret,
    store: memoryStore(unset('ttlMs', 'max', 'now')),
    ...unset('scheme', 'toleranceSeconds', 'futureToleranceSeconds', 'onEvent', 'onCompleted', 'onFailed'),
    ...unset('onProgress', 'onLate', 'onError', 'deliveries', 'maxBodyBytes', 'bodyTimeoutMs', 'ackWithinMs'),
    ...unset('leaseMs', 'waitUntil', 'allowedAddresses', 'addressOf', 'allowUnsigned', 'now'),
  });
  const factory = createWebhookFactory({ secret, ...unset('scheme', 'dialect', 'url', 'now') });
  expect((await handle(await factory.completed('job-1'))).status).toBe(200);
});
