import { describe, expect, it } from 'vitest';
import { fal } from '../../../src/backends/hosted/fal.js';
import { VideoClient } from '../../../src/client/client.js';
import { type MockFault, type MockServerOptions, mockMedia } from '../../../src/mock-server/index.js';
import { createWebhookHandler } from '../../../src/webhooks/handler.js';
import { toNodeHandler } from '../../../src/webhooks/node.js';
import { falWebhooks } from '../../../src/webhooks/sources/fal.js';
import { listen } from '../../support/listen.js';
import { eventually, until } from '../../support/until.js';
import { errorOf } from '../client/support.js';
import { setUp } from './hosted-support.js';

const model = 'fal-ai/veo3.1/image-to-video';
const input = { prompt: 'A boat', image_url: 'https://host.test/a.png', duration: '8s' };

const { startServer, connect } = setUp({ dialect: 'fal', backend: fal({ model }), token: 'id:secret' });

describe('fal', () => {
  it.each([['sse', 'polling'] as const, ['polling'] as const])(
    'generates, is followed to the end by %s, and downloads without its key',
    async (...transports) => {
      const server = await startServer({ durationMs: 200 });
      const client = connect(server, { transports });
      const job = await client.generate({ input });
      expect(job.id).toMatch(/^fal-ai\/veo3\.1\/requests\/[\w-]{36}$/);
      expect(job.snapshot).toMatchObject({ status: 'queued', indeterminate: true, queuePosition: 0 });
      const messages: unknown[] = [];
      job.on('update', ({ message }) => messages.push(message));
      const end = await job.completed();
      expect(end.outputs).toMatchObject([{ type: 'video/mp4', name: 'output-0.mp4' }]);
      expect(messages).toContainEqual(expect.stringMatching(/^Rendering frames: \d+\/120$/));
      expect(await (await job.download()).bytes()).toEqual(mockMedia());
      const [submit] = server.requests;
      expect(submit).toMatchObject({ path: `/fal/${model}`, body: input });
      expect(submit?.headers.authorization).toBe('Key id:secret');
      expect(submit?.headers).not.toHaveProperty('idempotency-key');
      const file = server.requests.find(({ origin }) => origin === 'files');
      expect(file?.headers).not.toHaveProperty('authorization');
      expect(server.requests.some(({ route }) => route === 'sse')).toBe(transports[0] === 'sse');
    },
  );

  it('is where its service is, unless told otherwise', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (request) => {
      asked.push(String(request instanceof Request ? request.url : request));
      const place = 'https://queue.fal.run/fal-ai/veo3.1/requests/a';
      return Response.json({ status: 'IN_QUEUE', request_id: 'a', response_url: place });
    };
    await using client = new VideoClient({ backend: fal(), fetch });
    const job = await client.generate({ model, input, webhookUrl: 'https://app.test/hook?a=1' });
    expect(job.id).toBe('fal-ai/veo3.1/requests/a');
    expect(asked).toEqual([
      `https://queue.fal.run/${model}?fal_webhook=https%3A%2F%2Fapp.test%2Fhook%3Fa%3D1`,
    ]);
  });

  it('goes on with a request by its id alone, in another process, and by the bare one that others have', async () => {
    const server = await startServer({ manual: true });
    const first = connect(server);
    const { id } = await first.generate({ input });
    await first.close();
    server.jobs.get(id)?.complete();
    const second = connect(server, { backend: fal() as ReturnType<typeof fal> });
    expect((await second.subscribe(id).completed()).status).toBe('completed');
    expect(await (await second.download(id)).bytes()).toEqual(mockMedia());
    const bare = id.slice(id.lastIndexOf('/') + 1);
    expect((await connect(server).subscribe(bare).completed()).id).toBe(bare);
    expect(await errorOf(second.subscribe(bare).completed())).toMatchObject({ field: 'jobId' });
  });

  it('goes on by an id that a proxy with a path of its own has given, without that proxy', async () => {
    const server = await startServer({ manual: true });
    const { id } = await connect(server).generate({ input });
    expect(id).not.toContain('127.0.0.1');
    expect(id.split('/')).toHaveLength(4);
  });

  it('downloads each output', async () => {
    const server = await startServer({ outputs: 2, durationMs: 20 });
    const client = connect(server);
    const end = await (await client.generate({ input })).completed();
    expect(end.outputs).toHaveLength(2);
    expect(await (await client.download(end, { output: 1 })).bytes()).toEqual(mockMedia('reels'));
    expect(await errorOf(client.download(end, { output: 2 }))).toMatchObject({ field: 'output' });
  });

  it('tells the place in the queue, which may rise, and nothing of how far it is', async () => {
    const server = await startServer({ manual: true });
    const before = server.jobs.create({ dialect: 'fal' });
    const client = connect(server, { transports: ['polling'] });
    const job = await client.generate({ input });
    expect(job.snapshot).toMatchObject({ status: 'queued', queuePosition: 1 });
    const places: unknown[] = [];
    const first = job[Symbol.asyncIterator]();
    await first.next();
    job.on('update', (snapshot) => places.push('queuePosition' in snapshot && snapshot.queuePosition));
    before.advance({ status: 'processing' });
    await eventually(() => expect(places).toContain(0));
    server.jobs.get(job.id)?.advance({ status: 'processing', progress: 60 });
    await eventually(() => expect(job.snapshot.status).toBe('processing'));
    expect(job.snapshot).toMatchObject({ progress: 0, indeterminate: true });
    expect(job.snapshot).not.toHaveProperty('queuePosition');
  });

  it('that waits in the queue for ever ends by its deadline, and says how to go on', async () => {
    const server = await startServer({ manual: true });
    const job = await connect(server).generate({ input });
    const error = await errorOf(job.completed({ timeoutMs: 200 }));
    expect(error).toMatchObject({ code: 'job-timeout', jobId: job.id });
    expect(error.hint).toContain(`client.subscribe("${job.id}")`);
  });
});

describe('the streams of fal', () => {
  it('are one a job, four at most, and the other jobs are polled', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const jobs = await Promise.all(Array.from({ length: 6 }, () => client.generate({ input })));
    const ends = jobs.map((job) => job.completed());
    await eventually(() => expect(server.streams.count('sse')).toBe(4));
    const streamed = server.streams.open.flatMap(({ jobIds }) => [...jobIds]);
    const polled = jobs.map(({ id }) => id).filter((id) => !streamed.includes(id));
    expect(new Set(streamed).size).toBe(4);
    const asksOf = (id: string) =>
      server.requests.filter(({ jobId, route }) => jobId === id && route === 'status').length;
    await eventually(() => {
      for (const id of polled) expect(asksOf(id)).toBeGreaterThan(4);
    });
    for (const { id } of jobs) server.jobs.get(id)?.complete();
    for (const end of await Promise.all(ends)) expect(end.outputs).toHaveLength(1);
    await until(() => server.streams.open.length === 0);
  });

  it('ask for the result at the end, and for nothing else meanwhile', async () => {
    const server = await startServer({ manual: true });
    // Nothing is polled in time.
    const client = connect(server, { polling: { intervalMs: 600_000 } });
    const job = await client.generate({ input });
    const ended = job.completed();
    await eventually(() => expect(server.streams.count('sse')).toBe(1));
    server.jobs.get(job.id)?.advance({ status: 'processing', message: 'Sampling 7/50' });
    await eventually(() => expect(job.snapshot.message).toBe('Sampling 7/50'));
    expect(job.snapshot.transport).toBe('sse');
    server.clearRequests();
    server.jobs.get(job.id)?.complete();
    expect((await ended).outputs).toHaveLength(1);
    const calls = server.requests.map(({ route }) => route).filter((route) => route !== 'sse');
    expect(calls.slice(0, 2)).toEqual(['status', 'result']);
  });

  it.each([
    ['that send nothing are asked behind', [], true],
    ['that send comments are alive', [{ route: 'sse', type: 'format', commentEveryMs: 20 }], false],
  ] as const)('%s', async (_, faults, isAsked) => {
    const server = await startServer({
      ...{ manual: true, faults: [...faults, { route: 'sse', type: 'drop-updates', first: 1_000 }] },
    });
    const client = connect(server, { polling: { intervalMs: 50 }, timeouts: { silenceMs: 600_000 } });
    const job = await client.generate({ input });
    const changes: unknown[] = [];
    job.on('transport', ({ transport }) => changes.push(transport));
    await until(() => server.streams.count('sse') === 1);
    // What was sent before the first comment came.
    await until(() => server.requests.length >= 3);
    const asked = server.requests.length;
    const since = Date.now();
    await until(() => Date.now() - since > 600);
    const more = server.requests.length - asked;
    if (isAsked) expect(more).toBeGreaterThan(4);
    else expect(more).toBeLessThanOrEqual(2);
    expect(changes.at(-1)).toBe('sse');
  });

  it('end, and the job goes on: what came meanwhile is in the next one', async () => {
    const server = await startServer({
      manual: true,
      faults: [{ route: 'sse', type: 'close', afterFrames: 1, times: 1 }],
    });
    const job = await connect(server).generate({ input });
    const ended = job.completed();
    await eventually(() => expect(server.streams.all.length).toBeGreaterThan(1));
    server.jobs.get(job.id)?.complete();
    expect((await ended).status).toBe('completed');
  });

  it('are left alone where they are not there, as behind a proxy that does not pass them', async () => {
    const server = await startServer({
      durationMs: 300,
      faults: [{ route: 'sse', type: 'status', status: 404 }],
    });
    const end = await (await connect(server).generate({ input })).completed();
    expect(end.transport).toBe('polling');
    expect(server.requests.filter(({ route }) => route === 'sse')).toHaveLength(1);
  });
});

describe('a request of fal that has failed', () => {
  it('by its status is told with the reason and the type', async () => {
    const failWith = { message: 'Runner disconnected', code: 'runner_disconnected' };
    const server = await startServer({ failWith, durationMs: 50 });
    const job = await connect(server).generate({ input });
    expect(await errorOf(job.completed())).toMatchObject({
      ...{ name: 'JobFailedError', jobId: job.id, reason: failWith.message, reasonCode: failWith.code },
    });
    expect(server.requests.map(({ route }) => route)).not.toContain('result');
  });

  it('by its result alone is told with what the model said', async () => {
    const failWith = { message: 'The prompt was flagged', code: 'content_policy_violation' };
    const server = await startServer({ failWith, durationMs: 50 });
    const job = await connect(server).generate({ input });
    expect(await errorOf(job.completed())).toMatchObject({
      reason: 'body.prompt: The prompt was flagged',
      reasonCode: failWith.code,
    });
  });

  it('for an input that the model does not take was queued all the same, and says each field', async () => {
    const server = await startServer({ durationMs: 50 });
    const job = await connect(server).generate({ input: { duration: 8, resolution: '8k' } });
    const error = await errorOf(job.completed());
    for (const words of ['body.prompt: Field required', 'body.duration: Input should be', 'body.image_url'])
      expect(error.message).toContain(words);
    expect(error).toMatchObject({ reasonCode: 'missing' });
  });

  it('has ended but says: not yet, is asked again', async () => {
    const detail = 'Request is still in progress';
    const server = await startServer({
      durationMs: 30,
      faults: [{ route: 'result', type: 'status', status: 400, body: { detail }, times: 2 }],
    });
    const end = await (await connect(server).generate({ input })).completed();
    expect(end.outputs).toHaveLength(1);
  });

  it('whose result is refused for its credentials is an error, and no failure', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const { id } = await client.generate({ input });
    server.jobs.get(id)?.complete();
    for (const status of [401, 403]) {
      server.faults.add({ route: 'result', type: 'status', status, body: { detail: 'no' } });
      expect(await errorOf(client.status(id))).toMatchObject({ name: 'ApiError', status, jobId: id });
      server.faults.clear();
    }
    expect((await client.status(id)).status).toBe('completed');
  });

  it.each([500, 502, 503])(
    'has not, where its result is answered %i: an outage looks so, too',
    async (status) => {
      const server = await startServer({
        durationMs: 30,
        faults: [{ route: 'result', type: 'status', status, times: 3 }],
      });
      expect((await (await connect(server).generate({ input })).completed()).outputs).toHaveLength(1);
    },
  );

  it('has not, where what stands before fal knows no such route for a while', async () => {
    const server = await startServer({
      durationMs: 30,
      faults: [{ route: ['status', 'result'], type: 'html', status: 404, times: 4 }],
    });
    const end = await (await connect(server).generate({ input })).completed();
    expect(end.outputs).toHaveLength(1);
  });
});

describe('the result of a request', () => {
  it('is gone an hour after the end, which is said at once, without a wait', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const { id } = await client.generate({ input });
    const job = server.jobs.get(id)?.complete();
    expect(await client.status(id)).not.toHaveProperty('gone');
    if (job !== undefined) job.completedAt = new Date(Date.now() - 3_600_000);
    const end = await client.poll(id);
    expect(end).toMatchObject({ status: 'completed', gone: expect.stringContaining('an hour') });
    for (const what of [id, end])
      expect(await errorOf(client.download(what))).toMatchObject({
        ...{ code: 'download-expired', jobId: id, message: expect.stringContaining('no longer has') },
      });
  });

  it('is gone after six minutes where it is long', async () => {
    const server = await startServer({ manual: true, outputs: 100 });
    const { id } = await connect(server).generate({ input });
    const job = server.jobs.get(id)?.complete();
    const at = async (minutes: number) => {
      if (job !== undefined) job.completedAt = new Date(Date.now() - minutes * 60_000);
      return 'gone' in (await connect(server).status(id));
    };
    expect([await at(5), await at(6)]).toEqual([false, true]);
  });

  it('that is known keeps its file, which is public and stays', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const { id } = await client.generate({ input });
    const job = server.jobs.get(id)?.complete();
    const end = await client.poll(id);
    if (job !== undefined) job.completedAt = new Date(Date.now() - 3_600_000);
    expect(await (await client.download(end)).bytes()).toEqual(mockMedia());
    const file = server.requests.find(({ origin }) => origin === 'files');
    expect(file?.headers).not.toHaveProperty('authorization');
  });
});

it.each([
  [404, 'Not Found'],
  [402, 'User is locked. Reason: Exhausted balance.'],
  [405, 'Method Not Allowed'],
  [409, 'Conflict'],
  [413, 'Payload Too Large'],
  [429, 'Too many requests'],
])(
  'a result that is refused once with %i, in words that may be of what is in between, is asked for again',
  async (status, detail) => {
    const server = await startServer({
      manual: true,
      faults: [{ route: 'result', type: 'status', status, body: { detail }, times: 1 }],
    });
    const client = connect(server);
    const { id } = await client.generate({ input });
    server.jobs.get(id)?.complete();
    const end = await client.poll(id);
    expect(end.outputs).toHaveLength(1);
    expect(end.gone).toBeUndefined();
  },
);

describe('a request of fal, cancelled,', () => {
  it.each(['queued', 'processing'] as const)('has ended, where it was %s', async (status) => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const job = await client.generate({ input });
    server.jobs.get(job.id)?.advance({ status });
    const ended = errorOf(job.completed());
    expect(await client.cancel(job.id)).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
    expect(await ended).toMatchObject({ name: 'JobFailedError', reasonCode: 'cancelled' });
    const call = server.requests.find(({ route }) => route === 'cancel');
    expect(call).toMatchObject({ method: 'PUT', path: `/fal/${job.id}/cancel`, status: 202 });
    expect(await client.status(job.id)).toMatchObject({ status: 'failed' });
  });

  it('goes on where it was only asked to stop, and may still complete', async () => {
    const server = await startServer({
      manual: true,
      faults: [{ route: 'cancel', type: 'status', status: 202, body: { status: 'CANCELLATION_REQUESTED' } }],
    });
    const client = connect(server);
    const job = await client.generate({ input });
    server.jobs.get(job.id)?.advance({ status: 'processing' });
    expect((await client.cancel(job.id)).status).toBe('processing');
    const ended = job.completed();
    server.jobs.get(job.id)?.complete();
    expect((await ended).outputs).toHaveLength(1);
  });

  it('is left alone where it has ended before, and where it ends meanwhile', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const { id } = await client.generate({ input });
    server.jobs.get(id)?.complete();
    expect((await client.cancel(id)).status).toBe('completed');
    expect(server.requests.map(({ route }) => route)).not.toContain('cancel');
    const other = await client.generate({ input });
    const body = { status: 'ALREADY_COMPLETED' };
    server.faults.add({ route: 'cancel', type: 'status', status: 400, body });
    expect((await client.cancel(other.id)).status).toBe('queued');
  });

  it('is what an abort of the submit means, where that was asked for', async () => {
    const server = await startServer({ manual: true });
    const client = connect(server);
    const abort = new AbortController();
    const { id } = await client.generate({ input }, { signal: abort.signal, onAbort: 'cancel' });
    abort.abort();
    await until(() => server.jobs.get(id)?.ended === true);
  });
});

describe('fal, refused,', () => {
  const fault = (status: number, body: Record<string, unknown>, more: object = {}): MockFault => ({
    ...{ route: 'generate', type: 'status', status, body },
    ...more,
  });

  it.each([409, 402, 403, 422])(
    'with %i says why in the words of fal, and sends the submit no second time',
    async (status) => {
      const detail = 'User is locked. Reason: Exhausted balance.';
      const server = await startServer({ faults: [fault(status, { detail })] });
      const error = await errorOf(connect(server).generate({ input }));
      expect(error).toMatchObject({ name: 'ApiError', status, serverMessage: detail });
      expect(server.requests).toHaveLength(1);
    },
  );

  it('waits out a limit of requests that run at once, and submits then', async () => {
    const detail = [
      { loc: ['body'], msg: 'Too many concurrent requests', type: 'concurrent_requests_limit' },
    ];
    const server = await startServer({
      ...{ manual: true, faults: [fault(429, { detail }, { times: 1, retryAfter: 0 })] },
    });
    await connect(server).generate({ input });
    expect(server.requests.map(({ status }) => status)).toEqual([429, 200]);
    expect(server.jobs.size).toBe(1);
  });

  it.each([500, 502, 503, 504])(
    'with %i leaves open whether there is a request, and pays for no second',
    async (status) => {
      const server = await startServer({ manual: true, faults: [fault(status, {}, { carriedOut: true })] });
      const error = await errorOf(connect(server).generate({ input }));
      expect(error).toMatchObject({ code: 'submit-outcome-unknown', status });
      expect(server.jobs.size).toBe(1);
    },
  );

  it('loses no id of an answer that leads nowhere', async () => {
    const place = 'https://queue.fal.run/v2/requests/the-only-trace';
    const server = await startServer({
      ...{ manual: true, faults: [fault(200, { request_id: 'x', status_url: place })] },
    });
    const error = await errorOf(connect(server).generate({ input }));
    expect(error).toMatchObject({ code: 'submit-outcome-unknown' });
    expect(error.message).toContain('/v2/requests/the-only-trace');
  });

  it('takes no idempotency key, as it would be ignored', async () => {
    const server = await startServer();
    const error = await errorOf(connect(server).generate({ input }, { idempotencyKey: 'order-7' }));
    expect(error).toMatchObject({ name: 'InputError', field: 'idempotencyKey' });
    expect(server.requests).toEqual([]);
  });

  it('for a key that was revoked says so, shows no part of it, and how to go on with the job', async () => {
    const server = await startServer({ manual: true });
    const { id } = await connect(server).generate({ input });
    const error = await errorOf(connect(server, { token: 'id:revoked' }).poll(id));
    expect(error).toMatchObject({ code: 'unauthorized', jobId: id });
    expect(`${error.message} ${error.hint}`).not.toContain('revoked');
    expect(server.jobs.size).toBe(1);
  });

  it('just after a submit, with 404, is asked again', async () => {
    const server = await startServer({
      ...{ manual: true, faults: [{ route: 'status', type: 'status', status: 404, times: 2 }] },
    });
    const job = await connect(server, { transports: ['polling'] }).generate({ input });
    const ended = job.completed();
    await eventually(() => expect(server.requests.length).toBeGreaterThan(3));
    server.jobs.get(job.id)?.complete();
    expect((await ended).status).toBe('completed');
  });
});

describe('diagnose, of fal,', () => {
  it('tries its two ways without a model, and makes no request', async () => {
    const server = await startServer();
    const client = connect(server, { backend: fal() as ReturnType<typeof fal> });
    const { ok, transports } = await client.diagnose();
    expect([ok, transports.polling.state, transports.websocket.state]).toEqual([
      true,
      'works',
      'unsupported',
    ]);
    expect(server.jobs.size).toBe(0);
  });

  it('tells a key that is not taken', async () => {
    const server = await startServer();
    const { ok, transports } = await connect(server, { token: 'id:wrong' }).diagnose();
    expect([ok, transports.polling.state]).toEqual([false, 'fails']);
  });
});

describe('the webhooks of fal', () => {
  async function receiver(app: string | undefined, behaviour: MockServerOptions = {}) {
    const server = await startServer({ manual: true, ...behaviour });
    // Nothing but the webhook can tell of the end in time.
    const client = connect(server, { transports: ['polling'], polling: { intervalMs: 600_000 } });
    const events: unknown[] = [];
    const handle = createWebhookHandler({
      from: falWebhooks({ app, jwksUrl: `${server.urlOf('fal')}/.well-known/jwks.json` }),
      onEvent(event) {
        events.push([event.type, event.jobId]);
        client.ingest(event);
      },
    });
    const hook = await listen(toNodeHandler(handle));
    return { server, client, events, hook };
  }

  it.each([
    ['fal-ai/veo3.1', true],
    [model, true],
    [undefined, false],
  ])(
    'end a job before it is asked for, and name it where they are told its app: %s',
    async (app, isWhole) => {
      const { server, client, events, hook } = await receiver(app);
      const job = await client.generate({ input, webhookUrl: hook.url });
      const ended = job.completed();
      await eventually(() => expect(server.requests.map(({ route }) => route)).toContain('status'));
      server.jobs.get(job.id)?.advance({ status: 'processing' }).complete();
      const end = await ended;
      expect(end).toMatchObject({ id: job.id, transport: 'webhook', outputs: [{ type: 'video/mp4' }] });
      expect(await (await job.download()).bytes()).toEqual(mockMedia());
      await server.webhooks.settled();
      const told = isWhole ? job.id : job.id.slice(job.id.lastIndexOf('/') + 1);
      expect(events).toEqual([['job.completed', told]]);
      if (isWhole) expect(await (await connect(server).download(told)).bytes()).toEqual(mockMedia());
    },
  );

  it('tell a failure as the result would', async () => {
    const { server, client, hook } = await receiver('fal-ai/veo3.1');
    const job = await client.generate({ input, webhookUrl: hook.url });
    const ended = errorOf(job.completed());
    await eventually(() => expect(server.requests.map(({ route }) => route)).toContain('status'));
    server.jobs.get(job.id)?.fail('The prompt was flagged', 'content_policy_violation');
    expect(await ended).toMatchObject({
      ...{ reason: 'body.prompt: The prompt was flagged', reasonCode: 'content_policy_violation' },
    });
  });

  it('that came without the result complete the job, and the download asks for it', async () => {
    const { server, client } = await receiver(undefined);
    const job = await client.generate({ input });
    const ended = job.completed();
    server.jobs.get(job.id)?.complete();
    const body = { request_id: job.id.slice(-36), status: 'OK', payload: null, payload_error: 'too large' };
    const update = falWebhooks({ app: model }).read(body);
    client.ingest({
      ...{ id: 'd', type: 'job.completed', jobId: job.id, timestamp: new Date(), raw: body },
      snapshot: {
        ...update,
        id: job.id,
        progress: 100,
        updatedAt: new Date(),
        transport: 'webhook',
      } as never,
    });
    const end = await ended;
    expect(end).not.toHaveProperty('videoUrl');
    expect(await (await client.download(end)).bytes()).toEqual(mockMedia());
  });
});
