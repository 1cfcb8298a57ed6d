import { describe, expect, it, vi } from 'vitest';
import { ApiError, NetworkError, SubmitOutcomeUnknownError } from '../../../src/errors.js';
import { createHttpClient } from '../../../src/http/request.js';
import { systemRuntime } from '../../../src/runtime/system.js';
import { rejection } from '../../support/rejection.js';
import { client, json, serve, settings } from './support.js';

const submit = {
  method: 'POST',
  url: '/api/generate',
  body: { type: 'json', value: { script: 'x' } },
} as const;
const once = { repeat: 'submit' } as const;
const keyed = { repeat: 'submit', idempotencyKey: 'key-1' } as const;

/** What a submit rejected with, whose outcome nobody knows. */
async function unknownOf(sending: Promise<unknown>): Promise<SubmitOutcomeUnknownError> {
  const error = await rejection(sending);
  expect(error).toBeInstanceOf(SubmitOutcomeUnknownError);
  return error as SubmitOutcomeUnknownError;
}

describe('an answer that is no proof that nothing was done', () => {
  it.each([408, 444, 460, 499, 500, 501, 502, 503, 504, 505, 520, 524, 599])(
    '%i is told as an unknown outcome, after one attempt, with the words of the server',
    async (status) => {
      const server = await serve((_seen, response) =>
        json(response, status, { error: 'busy elsewhere' }, { 'x-request-id': 'req-9', 'retry-after': '0' }),
      );
      const error = await unknownOf(client(server.url).send(submit, once));
      expect(error).toMatchObject({ code: 'submit-outcome-unknown', status, requestId: 'req-9' });
      expect(error.message).toContain('busy elsewhere');
      expect(error.hint).toContain('look for the job on the server first');
      expect(error.hint).not.toContain('CORS');
      expect(error.cause).toBeInstanceOf(ApiError);
      expect(error.cause).toMatchObject({ status, serverMessage: 'busy elsewhere' });
      expect(server.seen).toHaveLength(1);
    },
  );

  it('the 503 of Envoy came after the server behind it had the request', async () => {
    const words =
      'upstream connect error or disconnect/reset before headers. reset reason: connection termination';
    const server = await serve((_seen, response) =>
      response.writeHead(503, { 'content-type': 'text/plain', server: 'envoy' }).end(words),
    );
    expect((await unknownOf(client(server.url).send(submit, once))).message).toContain(words);
    expect(server.seen).toHaveLength(1);
  });

  it.each([303, 302])(
    'a redirect that says that the work is done (%i), and leads nowhere',
    async (status) => {
      const server = await serve((_seen, response) =>
        response
          .writeHead(
            status,
            status === 303 ? { location: 'http://user:pw@host.test/' } : { location: '/job' },
          )
          .end(),
      );
      expect(await unknownOf(client(server.url).send(submit, once))).toMatchObject({ status });
      expect(server.seen).toHaveLength(1);
    },
  );

  it('a 409 under an idempotency key: the request with the same key is under way, and is asked for again', async () => {
    const server = await serve((_seen, response, index) =>
      json(response, index < 2 ? 409 : 200, { jobId: 'a' }),
    );
    expect((await client(server.url).send(submit, keyed)).body).toEqual({ jobId: 'a' });
    expect(server.seen).toHaveLength(3);
    const stuck = await serve((_seen, response) => json(response, 409, { error: 'in progress' }));
    expect(await unknownOf(client(stuck.url).send(submit, keyed))).toMatchObject({ status: 409 });
  });

  it('a success that cannot be read is asked for again under the same idempotency key', async () => {
    const server = await serve((_seen, response, index) =>
      index === 0 ? response.writeHead(200).end('{"jobId":"a') : json(response, 200, { jobId: 'a' }),
    );
    expect((await client(server.url).send(submit, keyed)).body).toEqual({ jobId: 'a' });
    expect(server.seen).toHaveLength(2);
  });

  it('the fetch of a browser that fails names a server that is not running, CORS and diagnose()', async () => {
    const fetch = async () => {
      throw new TypeError('Failed to fetch');
    };
    const http = createHttpClient(settings('http://host.test'), systemRuntime({ fetch }));
    const error = await unknownOf(http.send(submit, once));
    expect(error.cause).toBeInstanceOf(NetworkError);
    for (const word of ['not running', 'CORS', 'diagnose()', 'look for the job'])
      expect(error.hint).toContain(word);
  });
});

describe('an answer that came, and cannot be read, has what may name the job in its error', () => {
  const prompt = 'p'.repeat(3_000);
  const job = { jobId: 'vid-1', status: 'queued' };
  const answers: [string, number, string, Record<string, string>?][] = [
    ['JSON with something behind it', 200, `${JSON.stringify({ prompt, ...job })}\n<!-- proxied -->`],
    ['JSON that was cut', 200, JSON.stringify({ prompt, ...job }).slice(0, -3)],
    ['JSON within the text of another', 200, `${JSON.stringify(JSON.stringify({ prompt, ...job }))},`],
    [
      'JSON that broke off',
      200,
      JSON.stringify({ prompt, ...job }).slice(0, -3),
      { 'content-length': '9999' },
    ],
    ['a number', 200, `{"prompt":"${prompt}","job_id":1234567890123456789012,`],
    ['nothing but where the job is', 201, '', { location: '/api/jobs/vid-1?sig=s3cret' }],
    ['a word and where the job is', 202, 'Accepted', { location: '/api/jobs/vid-1' }],
    ['an error of the server', 500, JSON.stringify({ error: 'late', prompt: prompt.repeat(2), ...job })],
  ];
  it.each(answers)('%s', async (_what, status, text, headers) => {
    const server = await serve((_seen, response) => {
      response.writeHead(status, headers).write(text || ' ');
      if (headers?.['content-length'] === undefined) response.end();
      else setTimeout(() => response.destroy(), 50);
    });
    const { message } = await unknownOf(client(server.url).send(submit, once));
    expect(message).toMatch(/vid-1|1234567890123456789012/);
    expect(message).not.toContain('s3cret');
    expect(message.length).toBeLessThan(6_000);
    expect(server.seen).toHaveLength(1);
  });

  it.each([{}, { 'content-length': '9999' }])(
    'and is the answer where its JSON is whole, though its body never ends: %j',
    async (headers) => {
      const server = await serve((_seen, response) => {
        response.writeHead(200, headers).write(JSON.stringify(job));
        if ('content-length' in headers) setTimeout(() => response.destroy(), 50);
      });
      const http = client(server.url, { timeouts: { requestMs: 300 } });
      expect((await http.send(submit, once)).body).toEqual(job);
      expect(server.seen).toHaveLength(1);
      const status = { method: 'GET', url: '/status' } as const;
      const error = await rejection(http.send(status, { repeat: 'never' }));
      expect(error).toBeInstanceOf(NetworkError);
    },
  );
});

describe('once one attempt left it open, no later failure makes it less so', () => {
  const then: [string, (response: import('node:http').ServerResponse) => unknown][] = [
    ['a refusal', (response) => json(response, 400, { error: 'bad script' })],
    ['a 401', (response) => json(response, 401, { error: 'token expired' })],
    ['a 429 for longer than is waited', (response) => json(response, 429, {}, { 'retry-after': '120' })],
    ['429s until the attempts are used up', (response) => json(response, 429, {}, { 'retry-after': '0' })],
  ];
  it.each(then)('not %s', async (_what, answer) => {
    const server = await serve((_seen, response, index) =>
      index === 0 ? json(response, 503, { error: 'busy' }) : answer(response),
    );
    const error = await unknownOf(client(server.url).send(submit, keyed));
    expect(error).toMatchObject({ status: 503, cause: { status: 503 } });
    expect(error.hint).toContain('same idempotencyKey');
    expect(error.message).toContain('busy');
    const last =
      server.seen.length > 2 || _what.includes('429') ? 'answered 429' : /bad script|token expired/;
    expect(error.message).toMatch(last);
  });

  it('not a connection that is refused', async () => {
    const fetch = vi.fn(async () => {
      if (fetch.mock.calls.length === 1) return Response.json({ error: 'busy' }, { status: 503 });
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
      });
    });
    const http = createHttpClient(settings('http://host.test'), systemRuntime({ fetch }));
    expect(await unknownOf(http.send(submit, keyed))).toMatchObject({ cause: { status: 503 } });
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  it('not a token that cannot be had any more', async () => {
    let asked = 0;
    const server = await serve((_seen, response) => json(response, 503, {}));
    const token = () => {
      if (++asked > 1) throw new Error('signed out');
      return 'token-1';
    };
    const http = client(server.url, { auth: { type: 'bearer', token } });
    expect(await unknownOf(http.send(submit, keyed))).toMatchObject({ cause: { status: 503 } });
    expect(server.seen).toHaveLength(1);
  });
});

describe('a function of the caller', () => {
  it('that gives another token after a submit was accepted (303) does not have it sent again', async () => {
    let asked = 0;
    const server = await serve((seen, response) =>
      seen.method === 'POST'
        ? response.writeHead(303, { location: '/job' }).end()
        : json(response, 401, { error: 'who?' }),
    );
    const http = client(server.url, { auth: { type: 'bearer', token: () => `token-${++asked}` } });
    expect(await unknownOf(http.send(submit, once))).toMatchObject({ status: 401 });
    expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'GET']);
  });

  it('that has no token after a 401 leaves nothing open: the submit was refused', async () => {
    let asked = 0;
    const server = await serve((_seen, response) => json(response, 401, {}));
    const token = () => {
      if (++asked > 1) throw new Error('signed out');
      return 'token-1';
    };
    const http = client(server.url, { auth: { type: 'bearer', token } });
    expect(await rejection(http.send(submit, once))).toMatchObject({ name: 'ConfigurationError' });
  });

  it.each(['token', 'headers'] as const)(
    'as %s that never answers is given up, and nothing was sent',
    async (name) => {
      const server = await serve((_seen, response) => json(response, 200, {}));
      const never = () => new Promise<never>(() => {});
      const http = client(server.url, {
        timeouts: { requestMs: 30 },
        ...(name === 'token' ? { auth: { type: 'bearer', token: never } } : { headers: never }),
      });
      expect(await rejection(http.send(submit, once))).toMatchObject({ code: 'request-timeout' });
      expect(server.seen).toHaveLength(0);
    },
  );

  it('as token that answers after the abort sends nothing, though fetch looks at no signal', async () => {
    const fetch = vi.fn(async () => Response.json({}));
    const controller = new AbortController();
    let answer: (token: string) => void = () => {};
    const token = () => new Promise<string>((resolve) => (answer = resolve));
    const http = createHttpClient(
      settings('http://host.test', { auth: { type: 'bearer', token } }),
      systemRuntime({ fetch }),
    );
    const sending = http.send(submit, { ...once, signal: controller.signal });
    answer('token-1');
    controller.abort('changed my mind');
    await expect(sending).rejects.toBe('changed my mind');
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects with no error', () => Promise.reject('broken')],
    ['never answers', () => new Promise<never>(() => {})],
    ['answers with nothing', async () => undefined as never],
  ])('as fetch that %s leaves the outcome open', async (_what, fetch) => {
    const http = createHttpClient(
      settings('http://host.test', { timeouts: { requestMs: 30 } }),
      systemRuntime({ fetch }),
    );
    await unknownOf(http.send(submit, once));
  });

  it('as fetch whose answer comes too late has its connection freed', async () => {
    let answer: (response: Response) => void = () => {};
    const fetch = () => new Promise<Response>((resolve) => (answer = resolve));
    const http = createHttpClient(
      settings('http://host.test', { timeouts: { requestMs: 30 } }),
      systemRuntime({ fetch }),
    );
    await unknownOf(http.send(submit, once));
    const cancelled = new Promise((resolve) => answer(new Response(new ReadableStream({ cancel: resolve }))));
    await cancelled;
  });
});

it('a Retry-After of less than the backoff shortens nothing', async () => {
  const server = await serve((_seen, response, index) =>
    json(response, index === 0 ? 429 : 200, {}, { 'retry-after': '0.001' }),
  );
  const delays: number[] = [];
  const runtime = systemRuntime();
  const http = createHttpClient(settings(server.url, { retry: { minDelayMs: 70, maxDelayMs: 70 } }), {
    ...runtime,
    setTimeout: (callback, delayMs) => {
      delays.push(delayMs);
      return runtime.setTimeout(callback, delayMs);
    },
  });
  await http.send(submit, once);
  expect(delays).toContain(70);
});

it('a redirect whose body never ends holds no connection', async () => {
  const server = await serve((seen, response) => {
    if (seen.url === '/job') return json(response, 200, {});
    response.writeHead(303, { location: '/job' }).write('see');
  });
  await client(server.url).send(submit, once);
  await expect.poll(server.underWay).toBe(0);
});
