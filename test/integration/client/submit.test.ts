import { describe, expect, it } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { ApiError, SubmitOutcomeUnknownError } from '../../../src/errors.js';
import { errorOf } from '../../support/rejection.js';
import { connect, input, startServer, submits } from './support.js';

describe('generate', () => {
  it('gives a job with the server’s id, known before anything is followed', async () => {
    const server = await startServer({ style: 'field' });
    const job = await connect(server).generate(input);
    expect(server.jobs.get(job.id)?.input).toMatchObject(input);
    expect(job.snapshot).toMatchObject({ id: job.id, status: 'processing', progress: 0 });
    expect(server.requests.map(({ route }) => route)).toEqual(['generate']);
  });

  it('refuses a bad input, naming the field, and sends nothing', async () => {
    const server = await startServer();
    const client = connect(server);
    for (const [bad, field] of [
      [{ walletAddress: '0x123', script: '' }, 'script'],
      [{ script: 'Explain' }, 'walletAddress'],
      [{ walletAddress: '0x123', scrpt: 'Explain' }, 'scrpt'],
    ] as const) {
      expect(await errorOf(client.generate(bad as never))).toMatchObject({ code: 'invalid-input', field });
    }
    expect(server.requests).toHaveLength(0);
  });

  it.each(['before-body', 'after-body', 'after-handling'] as const)(
    'never sends again after a reset %s: it may have been paid for',
    async (at) => {
      const server = await startServer({ faults: [{ route: 'generate', type: 'reset', at, times: 1 }] });
      const error = await errorOf(connect(server).generate(input));
      expect(error).toBeInstanceOf(SubmitOutcomeUnknownError);
      expect(submits(server)).toBeLessThanOrEqual(1);
    },
  );

  it.each(['truncated-json', 'html'] as const)('never sends again after an answer of %s', async (type) => {
    const server = await startServer({ faults: [{ route: 'generate', type, times: 1 }] });
    expect((await errorOf(connect(server).generate(input))).code).toBe('submit-outcome-unknown');
    expect(submits(server)).toBe(1);
  });

  it('sends again after a reset under an idempotency key, and one job is made', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'reset', at: 'after-handling', times: 1 }],
    });
    const job = await connect(server).generate(input, { idempotencyKey: 'order-17' });
    expect(submits(server)).toBe(2);
    expect([...server.jobs].map(({ id }) => id)).toEqual([job.id]);
  });

  it('waits as long as a 429 asks, and sends again', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 429, retryAfter: 1, times: 1 }],
    });
    const started = Date.now();
    await connect(server, { retry: { minDelayMs: 5, maxDelayMs: 2_000 } }).generate(input);
    expect(submits(server)).toBe(2);
    expect(Date.now() - started).toBeGreaterThanOrEqual(990);
  });

  it('tells a 429 that outlasts the attempts, with how long the server asks to wait', async () => {
    const server = await startServer({
      faults: [
        { route: 'generate', type: 'status', status: 429, retryAfter: 7, body: { error: 'slow down' } },
      ],
    });
    const error = (await errorOf(connect(server).generate(input))) as ApiError;
    expect(error).toMatchObject({ code: 'rate-limited', retryAfterMs: 7_000, serverMessage: 'slow down' });
  });

  it('does not repeat a 500', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'status', status: 500, body: '<html>oops</html>' }],
    });
    const error = await errorOf(connect(server).generate(input));
    expect([error.code, submits(server)]).toEqual([
      expect.stringMatching(/^(server-error|submit-outcome-unknown)$/),
      1,
    ]);
    expect(error.status).toBe(500);
  });

  it('shows what is required when credits are out', async () => {
    const server = await startServer({ credits: 5, style: 'field' });
    const error = (await errorOf(connect(server).generate(input))) as ApiError;
    expect(error).toBeInstanceOf(ApiError);
    expect(error.code).toBe('payment-required');
    expect(error.message).toContain('10');
    expect(error.details).toMatchObject({ required: 10 });
  });

  it('shows hint and received URL of a 400 whole', async () => {
    const body = {
      error: 'Invalid webhook URL format.',
      message: 'Please provide a valid HTTP/HTTPS URL.',
      hint: 'Use https.',
      receivedUrl: 'invalid-url',
    };
    const server = await startServer({ faults: [{ route: 'generate', type: 'status', status: 400, body }] });
    const backend = vidBuilder({ webhookUrl: 'https://app.example.com/hook' });
    const work = connect(server, { backend }).generate({
      scenes: [{ type: 'hero-title', duration: 4, content: {} }],
    });
    const error = (await errorOf(work)) as ApiError;
    expect(error.code).toBe('bad-request');
    for (const words of Object.values(body)) expect(`${error.message} ${error.hint}`).toContain(words);
  });

  it('tells wrong credentials, and never shows them', async () => {
    const server = await startServer({ auth: { type: 'bearer', token: 'right' } });
    const client = connect(server, { auth: { type: 'bearer', token: 'wr0ng-s3cret' } });
    const error = await errorOf(client.generate(input));
    expect(error.code).toBe('unauthorized');
    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: 9 }) + inspect(client, { depth: 9, showHidden: true })).not.toContain(
      'wr0ng-s3cret',
    );
  });

  it('tells an answer without a job id, and that it may have been paid for', async () => {
    const server = await startServer({
      faults: [{ route: 'generate', type: 'without-field', field: 'jobId' }],
    });
    const error = await errorOf(connect(server).generate(input));
    expect(['invalid-response', 'submit-outcome-unknown']).toContain(error.code);
    expect(error.hint).toBeTruthy();
    expect(submits(server)).toBe(1);
  });
});

describe('an abort of generate', () => {
  it('rejects at once with the signal’s own reason', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'stall' }] });
    const controller = new AbortController();
    const generating = connect(server).generate(input, { signal: controller.signal });
    await expect.poll(() => submits(server)).toBe(1);
    const reason = new Error('changed my mind');
    const started = performance.now();
    controller.abort(reason);
    await expect(generating).rejects.toBe(reason);
    expect(performance.now() - started).toBeLessThan(1_000); // The server never answers.
  });

  it('before the call sends nothing', async () => {
    const server = await startServer();
    await expect(connect(server).generate(input, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
    expect(server.requests).toHaveLength(0);
  });

  it('detaches by default: the job goes on at the server', async () => {
    const server = await startServer();
    const controller = new AbortController();
    const job = await connect(server, { backend: openAIVideos({ model: 'm' }) }).generate(
      { prompt: 'a cat' },
      { signal: controller.signal },
    );
    const completed = job.completed();
    controller.abort('enough');
    await expect(completed).rejects.toBe('enough');
    expect(server.jobs.get(job.id)?.status).toBe('queued');
    expect(server.requests.some(({ method }) => method === 'DELETE')).toBe(false);
  });

  it('cancels at the server where asked to, also while the submit is under way', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'slow', delayMs: 100 }] });
    const controller = new AbortController();
    const client = connect(server, { backend: openAIVideos({ model: 'm' }) });
    const generating = client.generate({ prompt: 'a cat' }, { signal: controller.signal, onAbort: 'cancel' });
    await expect.poll(() => submits(server)).toBe(1);
    controller.abort('enough');
    await expect(generating).rejects.toBe('enough');
    await expect.poll(() => server.requests.filter(({ method }) => method === 'DELETE').length).toBe(1);
  });

  it('never cancels a job that has ended: that would delete its video', async () => {
    const server = await startServer();
    const controller = new AbortController();
    const client = connect(server, { backend: openAIVideos({ model: 'm' }) });
    const job = await client.generate({ prompt: 'a cat' }, { signal: controller.signal, onAbort: 'cancel' });
    server.jobs.get(job.id)?.complete();
    controller.abort('late');
    await expect.poll(() => server.requests.filter(({ route }) => route === 'status').length).toBe(1);
    // Resolves when what was to be cancelled has been.
    await client.close();
    expect(server.requests.some(({ method }) => method === 'DELETE')).toBe(false);
  });

  it('cannot cancel where the backend cannot: refused before anything is sent', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server).generate(input, { onAbort: 'cancel' }));
    expect(error).toMatchObject({ code: 'configuration', option: 'onAbort' });
    expect(server.requests).toHaveLength(0);
  });
});

it('blocking generation gives a job that has completed already', async () => {
  const server = await startServer({ manual: false, durationMs: 100 });
  const client = connect(server, { backend: vidBuilder({ blocking: true }), timeouts: { requestMs: 50 } });
  const job = await client.generate({ scenes: [{ type: 'hero-title', duration: 4, content: {} }] });
  expect(job.snapshot.status).toBe('completed');
  const told: string[] = [];
  job.on('completed', ({ id }) => told.push(id));
  await job.completed();
  expect(told).toEqual([job.id]);
  expect(server.requests.map(({ route }) => route)).toEqual(['generate']);
});

it('the further calls of a backend are methods of client.backend', async () => {
  const server = await startServer();
  const client = connect(server, { backend: openAIVideos({ model: 'm' }) });
  const job = await client.generate({ prompt: 'a cat' });
  server.jobs.get(job.id)?.complete();
  const remix = await client.backend.remix({ jobId: job.id, prompt: 'a dog' });
  expect(remix.id).not.toBe(job.id);
  expect(server.jobs.get(remix.id)).toBeDefined();
  const list = await client.backend.list({ limit: 10 });
  expect(list.jobs.map(({ jobId }) => jobId).sort()).toEqual([job.id, remix.id].sort());
  await client.backend.delete(job.id);
  expect(server.jobs.get(job.id)).toBeUndefined();
});
