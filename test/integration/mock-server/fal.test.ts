import { createHash, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';
import { listen } from '../../support/listen.js';
import { until } from '../../support/until.js';

const APP = '/fal/fal-ai/veo3.1';
const input = { prompt: 'A boat' };

function startServer(options: MockServerOptions = {}) {
  return createMockServer({ manual: true, ...options });
}

async function call(server: MockServer, method: string, path: string, body?: unknown, headers: object = {}) {
  const response = await fetch(path.startsWith('http') ? path : server.url + path, {
    ...{ method, headers: { ...headers } },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    ...{ status: response.status, headers: response.headers },
    body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>),
  };
}
const get = (server: MockServer, path: string) => call(server, 'GET', path);

async function submit(server: MockServer, path = APP, body: unknown = input) {
  const { body: told } = await call(server, 'POST', path, body);
  return told as Record<'request_id' | 'status_url' | 'response_url' | 'cancel_url', string>;
}

describe('the mock of fal takes', () => {
  it('any input, and tells where the request is by its app alone', async () => {
    await using server = await startServer();
    const { status, body } = await call(server, 'POST', `${APP}/image-to-video`, { any: ['thing'] });
    const id = body?.request_id;
    expect([status, body]).toEqual([
      200,
      {
        ...{ status: 'IN_QUEUE', request_id: expect.stringMatching(/^[\da-f-]{36}$/), queue_position: 0 },
        response_url: `${server.url}${APP}/requests/${id}`,
        status_url: `${server.url}${APP}/requests/${id}/status`,
        cancel_url: `${server.url}${APP}/requests/${id}/cancel`,
        ...{ logs: null, metrics: {} },
      },
    ]);
    expect(server.jobs.last?.id).toBe(`fal-ai/veo3.1/requests/${id}`);
    expect(server.jobs.get(String(id))).toBe(server.jobs.last);
  });

  it('nothing that is no model, and no body that is no JSON object', async () => {
    await using server = await startServer();
    for (const path of ['/fal/veo3.1', '/fal/fal-ai/veo 3', `${APP}/requests/x/status`, `${APP}/requests/x`])
      expect((await call(server, 'POST', path, input)).status, path).toBe(404);
    for (const body of ['{', '[]', '"x"', ''])
      expect((await call(server, 'POST', APP, body)).status, body).toBe(422);
    for (const hook of ['nonsense', 'ftp://x.test'])
      expect((await call(server, 'POST', `${APP}?fal_webhook=${hook}`, input)).status).toBe(422);
    expect(server.jobs.size).toBe(0);
  });

  it('no key but as fal has it, and says so', async () => {
    await using server = await startServer({ auth: { type: 'bearer', token: 'id:secret' } });
    for (const authorization of ['', 'Bearer id:secret', 'Key other', 'id:secret']) {
      const { status, body, headers } = await call(server, 'POST', APP, input, { authorization });
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Key']);
      expect(body).toHaveProperty('detail');
    }
    expect((await call(server, 'POST', APP, input, { authorization: 'Key id:secret' })).status).toBe(200);
  });

  it('an idempotency key for nothing: the same twice is two requests', async () => {
    await using server = await startServer();
    const headers = { 'idempotency-key': 'order-7' };
    for (let sent = 0; sent < 2; sent++) await call(server, 'POST', APP, input, headers);
    expect(server.jobs.size).toBe(2);
  });

  it('no page', async () => {
    await using server = await startServer();
    const headers = { origin: 'http://localhost:5173' };
    const { headers: told } = await call(server, 'GET', `${APP}/requests/x/status`, undefined, headers);
    expect(told.has('access-control-allow-origin')).toBe(false);
  });
});

describe('the mock of fal tells', () => {
  it('by 202 what waits and what runs, by 200 what has ended, and lines of the log only where asked', async () => {
    await using server = await startServer();
    await submit(server);
    const { status_url } = await submit(server);
    expect(await get(server, status_url)).toMatchObject({
      ...{ status: 202, body: { status: 'IN_QUEUE', queue_position: 1, logs: null } },
    });
    server.jobs.last?.advance({ status: 'processing', message: 'Sampling' });
    const running = await get(server, `${status_url}?logs=1`);
    expect(running).toMatchObject({ status: 202, body: { status: 'IN_PROGRESS' } });
    expect(running.body).not.toHaveProperty('queue_position');
    const lines = running.body?.logs as {
      message: string;
      level: string;
      source: string;
      timestamp: string;
    }[];
    expect(lines.map(({ message }) => message)).toEqual(['Loading the model', 'Sampling']);
    expect((await get(server, `${status_url}?logs=0`)).body?.logs).toBeNull();
    server.jobs.last?.complete();
    expect(await get(server, status_url)).toMatchObject({
      ...{ status: 200, body: { status: 'COMPLETED', metrics: { inference_time: expect.any(Number) } } },
    });
  });

  it('no request by the path of its model, nor by another app', async () => {
    await using server = await startServer();
    const { request_id } = await submit(server, `${APP}/image-to-video`);
    for (const path of [`${APP}/image-to-video`, '/fal/other/app', `/fal/workflows/fal-ai/veo3.1`])
      expect([404, 405]).toContain((await get(server, `${path}/requests/${request_id}/status`)).status);
    const other = await submit(server, '/fal/workflows/acme/reel/sub');
    expect(other.status_url).toBe(
      `${server.url}/fal/workflows/acme/reel/requests/${other.request_id}/status`,
    );
    expect((await get(server, other.status_url)).status).toBe(202);
    expect((await get(server, '/fal/nothing')).body).toEqual({
      ...{ error: 'Error', message: 'Path /fal/nothing not found' },
    });
  });

  it('the result at either of its places, with whose it is and what it cost, and not before the end', async () => {
    await using server = await startServer();
    const { request_id, response_url } = await submit(server);
    for (const place of [response_url, `${response_url}/response`])
      expect(await get(server, place)).toMatchObject({
        ...{ status: 400, body: { detail: 'Request is still in progress' } },
      });
    server.jobs.last?.complete();
    for (const place of [response_url, `${response_url}/response`]) {
      const { body, headers, status } = await get(server, place);
      expect([status, headers.get('x-fal-request-id')]).toEqual([200, request_id]);
      expect(headers.get('x-fal-billable-units')).toMatch(/^\d+$/);
      expect(body).toMatchObject({ video: { content_type: 'video/mp4', file_name: 'output-0.mp4' } });
    }
  });

  it.each([
    [undefined, 'no reason', 500, 'internal_error'],
    ['runner_disconnected', 'no reason', 503, 'runner_disconnected'],
    ['request_timeout', 'no reason', 504, 'request_timeout'],
  ])('a failure of the request, %s, by its status and by its result', async (code, reason, status, type) => {
    await using server = await startServer();
    const { response_url, status_url } = await submit(server);
    server.jobs.last?.fail(reason, code);
    const told = await get(server, status_url);
    expect(told).toMatchObject({ status: 200, body: { status: 'COMPLETED', error: reason } });
    expect(told.body?.error_type).toBe(code);
    const result = await get(server, response_url);
    expect(result).toMatchObject({ status, body: { detail: reason, error_type: type } });
    expect(result.headers.get('x-fal-error-type')).toBe(code ?? null);
  });

  it('what a model refuses by its result alone', async () => {
    await using server = await startServer();
    const { response_url, status_url } = await submit(server);
    server.jobs.last?.fail('Flagged', 'content_policy_violation');
    const { body } = await get(server, status_url);
    expect(body).toMatchObject({ status: 'COMPLETED' });
    expect(body).not.toHaveProperty('error');
    expect(await get(server, response_url)).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 'prompt'], msg: 'Flagged', type: 'content_policy_violation' }] },
    });
  });

  it('what is wrong with an input that it knows when its turn has come', async () => {
    await using server = await startServer({ manual: false, durationMs: 20 });
    const body = { duration: 8, seed: 1.5, generate_audio: 'yes', resolution: null };
    const { response_url } = await submit(server, APP, body);
    await until(() => server.jobs.last?.ended === true);
    const { detail } = (await get(server, response_url)).body as {
      detail: { loc: string[]; type: string }[];
    };
    expect(detail.map(({ loc, type }) => [loc[1], type])).toEqual([
      ['prompt', 'missing'],
      ['duration', 'literal_error'],
      ['generate_audio', 'boolean_type'],
      ['seed', 'integer_type'],
    ]);
    for (const [path, given] of [
      ['/fal/fal-ai/ltx-2.3/text-to-video', { ...input, duration: 8 }],
      ['/fal/minimax/h3/text-to-video', { ...input, duration: 6.5 }],
      ['/fal/luma/agent/ray/v3.2/image-to-video', { ...input, duration: '5s', keyframes: [] }],
      ['/fal/acme/unknown', { anything: true }],
    ] as const) {
      await submit(server, path, given);
      await until(() => server.jobs.last?.ended === true);
      expect(server.jobs.last?.status, path).toBe('completed');
    }
  });

  it('nothing of what was taken out of the queue, and that what ran was cancelled', async () => {
    await using server = await startServer();
    const waiting = await submit(server);
    expect(await call(server, 'PUT', waiting.cancel_url)).toMatchObject({
      ...{ status: 202, body: { status: 'CANCELLATION_REQUESTED' } },
    });
    expect((await get(server, waiting.status_url)).status).toBe(404);
    expect((await get(server, waiting.response_url)).status).toBe(404);
    const running = await submit(server);
    server.jobs.last?.advance({ status: 'processing' });
    await call(server, 'PUT', running.cancel_url);
    expect((await get(server, running.status_url)).body).toMatchObject({ status: 'COMPLETED' });
    expect((await get(server, running.response_url)).status).toBe(499);
    expect(await call(server, 'PUT', running.cancel_url)).toMatchObject({
      ...{ status: 400, body: { status: 'ALREADY_COMPLETED' } },
    });
    expect((await call(server, 'PUT', `${APP}/requests/none/cancel`)).status).toBe(404);
    for (const method of ['POST', 'DELETE'])
      expect([404, 405]).toContain((await call(server, method, running.cancel_url)).status);
  });

  it('of an id that was chosen for it the app all the same', async () => {
    await using server = await startServer({ onSubmit: () => ({ id: 'job-1' }) });
    const { status_url } = await submit(server, '/fal/acme/reel/sub');
    expect(status_url).toBe(`${server.url}/fal/acme/reel/requests/job-1/status`);
    expect(server.jobs.get('job-1')?.id).toBe('acme/reel/requests/job-1');
    expect((await get(server, status_url)).status).toBe(202);
  });

  it('ids of digits as numbers, where that is asked for', async () => {
    await using server = await startServer({ numericIds: true });
    const response = await fetch(server.url + APP, { method: 'POST', body: JSON.stringify(input) });
    expect(await response.text()).toMatch(/"request_id":\d{19},.*veo3\.1\/requests\/\d{19}"/);
  });
});

describe('a stream of the mock of fal', () => {
  it('begins with how it is, tells each change and the new lines, and ends with the request', async () => {
    await using server = await startServer();
    const { status_url, request_id } = await submit(server);
    const response = await fetch(`${status_url}/stream?logs=1`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const text = response.text();
    await until(() => server.streams.count('sse') === 1);
    server.jobs.last
      ?.advance({ status: 'processing', message: 'one' })
      .advance({ message: 'two' })
      .complete('three');
    const frames = (await text)
      .trim()
      .split('\n\n')
      .map((frame) => JSON.parse(frame.replace(/^data: /, '')));
    expect(frames.map(({ status }) => status)).toEqual([
      'IN_QUEUE',
      'IN_PROGRESS',
      'IN_PROGRESS',
      'COMPLETED',
    ]);
    expect(frames.map(({ logs }) => logs.map(({ message }: { message: string }) => message))).toEqual([
      ...[[], ['one'], ['two'], ['three']],
    ]);
    expect(new Set(frames.map((frame) => frame.request_id))).toEqual(new Set([request_id]));
    // What is opened after the end says it, and ends at once.
    expect(await (await fetch(`${status_url}/stream`)).text()).toContain('"COMPLETED"');
    expect((await fetch(`${server.url}${APP}/requests/none/status/stream`)).status).toBe(404);
  });
});

describe('the webhooks of the mock of fal', () => {
  async function receive(statuses: readonly number[] = []) {
    const heard: { headers: Record<string, string>; body: string }[] = [];
    const server = await listen(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      heard.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(statuses[heard.length - 1] ?? 200).end();
    });
    return { hook: `${APP}?fal_webhook=${encodeURIComponent(server.url)}`, heard };
  }

  it.each([undefined, Buffer.alloc(32, 7).toString('base64')])(
    'are signed as those of fal, and the keys are published, with the key %s',
    async (seed) => {
      const { heard, hook } = await receive();
      await using server = await startServer({
        auth: { type: 'bearer', token: 'x' },
        webhooks: { secrets: { fal: seed } },
      });
      await call(server, 'POST', hook, input, { authorization: 'Key x' });
      server.jobs.last?.advance({ status: 'processing' }).complete();
      await server.webhooks.settled();
      const [{ body, headers } = { body: '', headers: {} as Record<string, string> }] = heard;
      // Whoever asks for them has no key of an account.
      const keys = (await get(server, '/fal/.well-known/jwks.json')).body?.keys as [Record<string, string>];
      const digest = createHash('sha256').update(body).digest('hex');
      const told = ['request-id', 'user-id', 'timestamp'].map((name) => headers[`x-fal-webhook-${name}`]);
      const signature = Buffer.from(headers['x-fal-webhook-signature'] ?? '', 'hex');
      const key = createPublicKey({ key: keys[0], format: 'jwk' });
      expect(verify(null, Buffer.from([...told, digest].join('\n')), key, signature)).toBe(true);
      expect(Math.abs(Number(told[2]) - Date.now() / 1_000)).toBeLessThan(60);
      expect(told[0]).toBe(JSON.parse(body).request_id);
      expect(heard).toHaveLength(1);
    },
  );

  it('bring the result, or what the model or the queue said in its place, once', async () => {
    const { heard, hook } = await receive();
    await using server = await startServer();
    const ends = [
      () => server.jobs.last?.complete().complete(),
      () => server.jobs.last?.fail('Flagged', 'content_policy_violation'),
      () => server.jobs.last?.fail('Runner disconnected', 'runner_disconnected'),
    ];
    for (const end of ends) {
      await submit(server, hook);
      end();
      await server.webhooks.settled();
    }
    expect(heard.map(({ body }) => JSON.parse(body))).toMatchObject([
      { status: 'OK', payload: { video: { content_type: 'video/mp4' } } },
      { status: 'ERROR', error: 'Invalid status code: 422', payload: { detail: [{ msg: 'Flagged' }] } },
      { status: 'ERROR', error: 'Runner disconnected', payload: null },
    ]);
  });

  it('say nothing of what was taken out of the queue, and that what ran was cancelled', async () => {
    const { heard, hook } = await receive();
    await using server = await startServer();
    await call(server, 'PUT', (await submit(server, hook)).cancel_url);
    const { cancel_url } = await submit(server, hook);
    server.jobs.last?.advance({ status: 'processing' });
    await call(server, 'PUT', cancel_url);
    await server.webhooks.settled();
    expect(heard.map(({ body }) => JSON.parse(body))).toMatchObject([
      { status: 'ERROR', error: 'Invalid status code: 499' },
    ]);
  });

  it('come again for as long as fal keeps the result, and no longer', async () => {
    const { heard, hook } = await receive(Array(100).fill(500));
    await using server = await startServer({ webhooks: { retryScale: 0 } });
    await submit(server, hook);
    server.jobs.last?.complete();
    await server.webhooks.settled();
    expect(heard).toHaveLength(32);
    expect(new Set(heard.map(({ headers }) => headers['x-fal-webhook-request-id'])).size).toBe(1);
  });

  it('are signed by no text that is no key', async () => {
    for (const secret of ['whsec_x', 'AAAA', ' '])
      await expect(startServer({ webhooks: { secrets: { fal: secret } } })).rejects.toMatchObject({
        ...{ name: 'ConfigurationError', option: 'webhooks.secrets.fal' },
      });
  });
});

describe('files for the mock of fal', () => {
  it('are put where it says, with no key, and nowhere else', async () => {
    await using server = await startServer();
    const path = '/fal/storage/upload/initiate?storage_type=fal-cdn-v3';
    const named = { content_type: 'image/png', file_name: 'a b.png' };
    const { body } = await call(server, 'POST', path, named);
    expect(body?.upload_url).toMatch(/\/fal\/storage\/files\/[\da-f]{16}\/a%20b\.png$/);
    expect((await call(server, 'PUT', String(body?.upload_url), 'bytes')).status).toBe(200);
    expect((await call(server, 'PUT', '/fal/storage/files/none/x', 'bytes')).status).toBe(403);
    expect((await call(server, 'POST', path, { file_name: 'x' })).status).toBe(422);
    expect((await call(server, 'POST', '/fal/storage/upload/initiate', named)).status).toBe(422);
    expect(server.jobs.size).toBe(0);
  });
});
