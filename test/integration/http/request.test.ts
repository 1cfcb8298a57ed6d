import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { ApiError, InvalidResponseError, NetworkError } from '../../../src/errors.js';
import { createHttpClient } from '../../../src/http/request.js';
import { systemRuntime } from '../../../src/runtime/system.js';
import { rejection } from '../../support/rejection.js';
import { eventually } from '../../support/until.js';
import { client, countedSignal, deadUrl, json, serve, serveTcp, settings } from './support.js';

const get = { method: 'GET', url: '/api/status' } as const;
const safe = { repeat: 'safe' } as const;

describe('a call', () => {
  it('sends JSON and gives the parsed answer with its status and headers', async () => {
    const server = await serve((_seen, response) => json(response, 202, { jobId: 'a' }, { 'x-thing': '1' }));
    const answer = await client(server.url).send(
      { method: 'POST', url: '/api/generate?v=3', body: { type: 'json', value: { script: 'Grüße' } } },
      { repeat: 'submit' },
    );
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ jobId: 'a' });
    expect(answer.headers.get('x-thing')).toBe('1');
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      url: '/api/generate?v=3',
      body: '{"script":"Grüße"}',
    });
    expect(server.seen[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json',
    });
  });

  it('sends a form with its files, whatever content type the caller set for all calls', async () => {
    const server = await serve((_seen, response) => json(response, 200, {}));
    await client(server.url, { headers: { 'Content-Type': 'text/plain' } }).send(
      {
        method: 'POST',
        url: '/x',
        body: {
          type: 'form',
          fields: [
            { name: 'config', value: '{}' },
            { name: 'images', value: new Blob(['png!'], { type: 'image/png' }), filename: 'a.png' },
            { name: 'other', value: new Blob(['raw']) },
          ],
        },
      },
      { repeat: 'submit' },
    );
    expect(server.seen[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(server.seen[0]?.body).toContain('name="config"\r\n\r\n{}');
    expect(server.seen[0]?.body).toContain(
      'name="images"; filename="a.png"\r\nContent-Type: image/png\r\n\r\npng!',
    );
  });

  it.each([
    ['https://host.test', '/x', 'https://host.test/x'],
    ['https://host.test/base', '/x?a=1', 'https://host.test/base/x?a=1'],
    ['https://host.test/base/', '/x', 'https://host.test/base/x'],
    ['https://host.test/base/', 'x', 'https://host.test/base/x'],
    ['https://host.test/base', 'https://cdn.test/v.mp4', 'https://cdn.test/v.mp4'],
    ['https://host.test/base', '//cdn.test/v.mp4', 'https://cdn.test/v.mp4'],
    ['https://host.test', '/\\evil.test/x', 'https://host.test//evil.test/x'],
    ['https://host.test', '/a%2Fb%3F%23', 'https://host.test/a%2Fb%3F%23'],
  ])('below %s, %s is %s', (baseUrl, url, expected) => {
    expect(client(baseUrl).resolve(url).href).toBe(expected);
  });

  it.each([
    'file:///etc/passwd',
    'data:text/plain,x',
    'javascript:alert(1)',
    'https://user:secret@host.test/',
    'http://',
  ])('does not fetch %s', (url) => {
    expect(() => client('https://host.test').resolve(url)).toThrow(InvalidResponseError);
    expect(() => client('https://host.test').resolve(url)).not.toThrow(/secret/);
  });

  it('shows no credential when the client is inspected', () => {
    const http = client('https://host.test', {
      auth: { type: 'bearer', token: 'tok-secret-1' },
      headers: { 'x-api-key': 'key-secret-2' },
    });
    expect(inspect(http, { depth: 10, showHidden: true })).not.toContain('secret');
  });
});

describe('an error answer', () => {
  it('keeps the words of the server, its hint, details and request id, whole', async () => {
    const body = {
      error: 'Invalid webhookUrl',
      message: 'webhookUrl must be public',
      hint: 'Use a tunnel',
      receivedUrl: 'http://localhost/hook?x=1',
      details: [{ field: 'webhookUrl' }],
    };
    const server = await serve((_seen, response) => json(response, 400, body, { 'x-request-id': 'req-7' }));
    const error = await rejection(client(server.url).send(get, { ...safe, jobId: 'job-1' }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: 'bad-request',
      status: 400,
      jobId: 'job-1',
      requestId: 'req-7',
      serverMessage: 'Invalid webhookUrl: webhookUrl must be public',
      hint: 'Use a tunnel',
      details: { receivedUrl: 'http://localhost/hook?x=1', details: [{ field: 'webhookUrl' }] },
    });
    const { message } = error as ApiError;
    for (const part of [
      `GET ${server.url}/api/status answered 400`,
      ...Object.values(body).slice(0, 4),
      '"field":"webhookUrl"',
    ])
      expect(message).toContain(part);
    expect(server.seen).toHaveLength(1);
  });

  it('tells a request id cut to 200 characters, in the error and in the log', async () => {
    const id = 'r'.repeat(5_000);
    const server = await serve((_seen, response) => json(response, 400, {}, { 'x-request-id': id }));
    const debug = vi.fn();
    const error = await rejection(client(server.url, { logger: { debug } }).send(get, safe));
    expect(error).toMatchObject({ requestId: id.slice(0, 200) });
    expect(debug.mock.calls.join()).toMatch(/request id r{200} /);
  });

  it('says what is required of one who is out of credits', async () => {
    const server = await serve((_seen, response) =>
      json(response, 402, { error: 'Insufficient credits', required: 10, message: 'You have 3 credits' }),
    );
    const error = await rejection(client(server.url).send({ ...get, method: 'POST' }, { repeat: 'submit' }));
    expect(error).toMatchObject({ code: 'payment-required', details: { required: 10 } });
    expect((error as Error).message).toContain('Insufficient credits: You have 3 credits');
    expect((error as Error).message).toContain('"required":10');
  });

  it('understands the nested form, with its code', async () => {
    const server = await serve((_seen, response) =>
      json(response, 404, {
        error: { message: 'No such video', type: 'invalid_request_error', param: null, code: 'not_found' },
      }),
    );
    expect(await rejection(client(server.url).send(get, safe))).toMatchObject({
      code: 'not-found',
      serverMessage: 'No such video',
      serverCode: 'not_found',
      details: { type: 'invalid_request_error' },
    });
  });

  it('is read by the backend where that knows better, and by the default where the backend throws', async () => {
    const server = await serve((_seen, response) =>
      json(response, 400, { error: 'x', oops: 'custom words' }),
    );
    const backend = { parseError: (body: unknown) => ({ message: (body as { oops: string }).oops }) };
    expect(await rejection(client(server.url, { backend }).send(get, safe))).toMatchObject({
      serverMessage: 'custom words',
    });
    const broken = {
      parseError: () => {
        throw new TypeError('bug');
      },
    };
    expect(await rejection(client(server.url, { backend: broken }).send(get, safe))).toMatchObject({
      serverMessage: 'x',
    });
  });

  it('of HTML is told by its words, without the tags', async () => {
    const server = await serve((_seen, response) =>
      response
        .writeHead(500, { 'content-type': 'text/html' })
        .end('<html><style>b{}</style><h1>Internal <b>trouble</b></h1>'),
    );
    const error = await rejection(client(server.url, { retry: { attempts: 1 } }).send(get, safe));
    expect(error).toMatchObject({ code: 'server-error', status: 500, serverMessage: 'Internal trouble' });
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [409, 'conflict'],
    [429, 'rate-limited'],
    [418, 'http-error'],
    [503, 'server-error'],
  ])('of status %i without a body has the code %s', async (status, code) => {
    const server = await serve((_seen, response) => response.writeHead(status).end());
    expect(await rejection(client(server.url, { retry: { attempts: 1 } }).send(get, safe))).toMatchObject({
      code,
      status,
    });
  });

  it('escapes what could forge a log line or a terminal, and bounds its length', async () => {
    const server = await serve((_seen, response) =>
      json(
        response,
        400,
        { error: `line\n\u001b[31mred\u202e ${'x'.repeat(100_000)}` },
        { 'x-request-id': 'a\tb' },
      ),
    );
    const error = (await rejection(client(server.url).send(get, safe))) as ApiError;
    expect(error.message).toContain('line\\u{a}\\u{1b}[31mred\\u{202e}');
    expect(error.message.length).toBeLessThan(6_000);
  });

  it('does not quote a credential that the server echoes', async () => {
    const server = await serve((seen, response) =>
      json(response, 401, { error: `bad key ${seen.headers.authorization}`, got: seen.headers['x-api-key'] }),
    );
    const http = client(server.url, {
      auth: { type: 'bearer', token: 'tok-secret-1' },
      headers: { 'X-Api-Key': 'key-secret-2' },
    });
    const error = await rejection(http.send(get, safe));
    expect(inspect(error, { depth: 10 })).not.toContain('secret');
    expect((error as Error).message).toContain('bad key [redacted]');
  });

  it('does not show the query of the URL', async () => {
    const server = await serve((_seen, response) => json(response, 404, {}));
    const error = await rejection(client(server.url).send({ ...get, url: '/v?signature=s3cret' }, safe));
    expect(inspect(error, { depth: 10 })).not.toContain('s3cret');
    expect((error as Error).message).toContain('/v?…');
  });

  it('that ends in the middle of its body is still told by its status', async () => {
    const server = await serveTcp((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 100\r\n\r\n{"error":'));
    });
    expect(await rejection(client(server.url).send(get, safe))).toMatchObject({ status: 404 });
  });
});

describe('a successful answer that is none', () => {
  it.each([
    ['truncated JSON', '{"jobId":"a', /not JSON, or not all of it: "{"jobId":"a"/],
    ['a web page', '<!doctype html><title>Welcome</title>', /a web page: "Welcome"/],
  ])('is refused as %s', async (_what, body, message) => {
    const server = await serve((_seen, response) => response.writeHead(200).end(body));
    const error = await rejection(client(server.url).send(get, { ...safe, jobId: 'j' }));
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(error).toMatchObject({ code: 'invalid-response', status: 200, jobId: 'j' });
    expect((error as Error).message).toMatch(message);
    expect(server.seen).toHaveLength(1);
  });

  it('is refused beyond 64 MiB, and the rest is not read', async () => {
    let written = 0;
    const server = await serve((_seen, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const piece = Buffer.alloc(1_048_576, 0x20);
      const more = (): void => {
        while (!response.destroyed && written < 200 * piece.length) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const error = await rejection(client(server.url).send(get, safe));
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(error).toMatchObject({ message: expect.stringContaining('more than 64 MiB'), isTooLarge: true });
    await eventually(() => expect(server.underWay()).toBe(0));
    expect(written).toBeLessThan(200 * 1_048_576);
  });

  it('takes exactly 64 MiB', async () => {
    const text = JSON.stringify('x'.repeat(67_108_864 - 2));
    const server = await serve((_seen, response) => response.end(text));
    expect((await client(server.url).send(get, safe)).body).toHaveLength(67_108_862);
  });

  it('is read behind a byte order mark, a refusal too', async () => {
    const server = await serve((_seen, response, index) =>
      response.writeHead(index === 0 ? 200 : 400).end('\uFEFF{"error":"no credits"}'),
    );
    expect((await client(server.url).send(get, safe)).body).toEqual({ error: 'no credits' });
    expect(await rejection(client(server.url).send(get, safe))).toMatchObject({
      serverMessage: 'no credits',
    });
  });

  it('has no body where its status says so', async () => {
    const server = await serve((_seen, response) => response.writeHead(204).end());
    expect(await client(server.url).send({ method: 'DELETE', url: '/x' }, safe)).toMatchObject({
      status: 204,
      body: undefined,
    });
  });
});

describe('a call that may be repeated', () => {
  it.each([408, 429, 500, 502, 503])('is sent again after %i', async (status) => {
    const server = await serve((_seen, response, index) =>
      json(response, index < 2 ? status : 200, { index }),
    );
    expect((await client(server.url).send(get, safe)).body).toEqual({ index: 2 });
  });

  it.each([400, 404, 501])('is not sent again after %i', async (status) => {
    const server = await serve((_seen, response) => json(response, status, {}));
    await rejection(client(server.url).send(get, safe));
    expect(server.seen).toHaveLength(1);
  });

  it('is sent again after a reset, and after a body that broke off', async () => {
    const server = await serve((_seen, response, index) => {
      if (index === 0) return response.destroy();
      if (index === 1) {
        response.writeHead(200, { 'content-length': 100 }).write('{');
        return setTimeout(() => response.destroy(), 20);
      }
      return json(response, 200, 'there');
    });
    expect((await client(server.url).send(get, safe)).body).toBe('there');
  });

  it('gives up after the attempts it was given, with the last error', async () => {
    const server = await serve((_seen, response) => json(response, 503, { error: 'later' }));
    expect(await rejection(client(server.url).send(get, safe))).toMatchObject({ status: 503 });
    expect(server.seen).toHaveLength(3);
  });

  it('obeys Retry-After', async () => {
    const at: number[] = [];
    const server = await serve((_seen, response, index) => {
      at.push(Date.now());
      json(response, index === 0 ? 429 : 200, {}, { 'retry-after': '1' });
    });
    await client(server.url).send(get, safe);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('fails at once, saying how long, where the server asks for more patience than it was given', async () => {
    const server = await serve((_seen, response) => json(response, 429, {}, { 'retry-after': '60' }));
    expect(await rejection(client(server.url).send(get, safe))).toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 60_000,
    });
    expect(server.seen).toHaveLength(1);
  });

  it('waits as long as the server’s own clock says, however far ours is from it', async () => {
    const headers = { date: 'Fri, 01 Jan 2100 00:00:00 GMT', 'retry-after': 'Fri, 01 Jan 2100 00:01:00 GMT' };
    const server = await serve((_seen, response) => json(response, 429, {}, headers));
    expect(await rejection(client(server.url).send(get, safe))).toMatchObject({ retryAfterMs: 60_000 });
  });

  it('is left to the caller where that paces its own attempts', async () => {
    const server = await serve((_seen, response) => json(response, 503, {}));
    await rejection(client(server.url).send(get, { repeat: 'never' }));
    expect(server.seen).toHaveLength(1);
  });

  it('says that nobody listens there', async () => {
    const error = await rejection(client(await deadUrl()).send(get, { ...safe, jobId: 'j' }));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: 'network', jobId: 'j' });
    expect((error as Error).message).toContain('ECONNREFUSED');
    expect((error as NetworkError).hint).toContain('port');
  });
});

describe('a time limit', () => {
  const impatient = { timeouts: { requestMs: 60 }, retry: { attempts: 1 } };

  it('covers the wait for the headers', async () => {
    const server = await serve(() => {});
    const error = await rejection(client(server.url, impatient).send(get, { ...safe, jobId: 'j' }));
    expect(error).toMatchObject({ name: 'NetworkError', code: 'request-timeout', jobId: 'j' });
    expect((error as Error).message).toContain('60 ms');
    await eventually(() => expect(server.underWay()).toBe(0));
  });

  it('covers the body', async () => {
    const server = await serve((_seen, response) => response.writeHead(200).write('{"a":'));
    expect(await rejection(client(server.url, impatient).send(get, safe))).toMatchObject({
      code: 'request-timeout',
    });
  });

  it('covers a token function that never answers', async () => {
    const server = await serve((_seen, response) => json(response, 200, {}));
    const http = client(server.url, {
      ...impatient,
      auth: { type: 'bearer', token: () => new Promise(() => {}) },
    });
    expect(await rejection(http.send(get, safe))).toMatchObject({ code: 'request-timeout' });
    expect(server.seen).toHaveLength(0);
  });

  it('is the one of a whole job where the server answers only then', async () => {
    const server = await serve((_seen, response) => setTimeout(() => json(response, 200, 'made'), 200));
    const http = client(server.url, { timeouts: { requestMs: 50, jobMs: 2_000 } });
    expect((await http.send({ ...get, timeout: 'job' }, safe)).body).toBe('made');
  });

  it('tells the fetch of Node to wait as long, beyond its own 300 s', async () => {
    const server = await serve((_seen, response) => json(response, 200, {}));
    await fetch(server.url);
    const symbol = Symbol.for('undici.globalDispatcher.1');
    const dispatcher = Reflect.get(globalThis, symbol) as {
      dispatch(options: object, handler: unknown): boolean;
    };
    const dispatch = vi.spyOn(dispatcher, 'dispatch');
    await client(server.url, { timeouts: { jobMs: 1_800_000 } }).send({ ...get, timeout: 'job' }, safe);
    expect(dispatch.mock.calls[0]?.[0]).toMatchObject({ headersTimeout: 1_800_000, bodyTimeout: 1_800_000 });
    dispatch.mockRestore();
  });

  it('ends with the headers for a body that the caller reads', async () => {
    const server = await serve((_seen, response) => {
      response.writeHead(200).write('a');
      setTimeout(() => response.end('b'), 150);
    });
    const { response } = await client(server.url, impatient).open(get, {});
    expect(await response.text()).toBe('ab');
  });
});

describe('an abort', () => {
  it.each([
    ['before anything is sent', 0],
    ['while the server thinks', 30],
  ])('%s rejects with the very reason of the signal', async (_when, delayMs) => {
    const server = await serve(() => {});
    const { controller, listeners } = countedSignal();
    const reason = { my: 'reason' };
    if (delayMs === 0) controller.abort(reason);
    else setTimeout(() => controller.abort(reason), delayMs);
    const call = client(server.url).send(
      { ...get, method: 'POST' },
      { repeat: 'submit', signal: controller.signal },
    );
    expect(await rejection(call)).toBe(reason);
    expect(listeners()).toBe(0);
    await eventually(() => expect(server.underWay()).toBe(0));
  });

  it('ends the wait between two attempts at once', async () => {
    const server = await serve((_seen, response) => json(response, 503, {}, { 'retry-after': '5' }));
    const { controller, listeners } = countedSignal();
    const reason = new Error('enough');
    let abortedAt = 0;
    setTimeout(() => {
      abortedAt = performance.now();
      controller.abort(reason);
    }, 100);
    expect(await rejection(client(server.url).send(get, { ...safe, signal: controller.signal }))).toBe(
      reason,
    );
    expect(performance.now() - abortedAt).toBeLessThan(1_000); // The rest never comes.
    expect(listeners()).toBe(0);
  });

  it('ends a body that is being read', async () => {
    const server = await serve((_seen, response) => response.writeHead(200).write('{'));
    const controller = new AbortController();
    setTimeout(() => controller.abort('stop'), 50);
    expect(await rejection(client(server.url).send(get, { ...safe, signal: controller.signal }))).toBe(
      'stop',
    );
  });

  it('is prompt even where the fetch it was given knows no signals', async () => {
    const controller = new AbortController();
    const runtime = systemRuntime({ fetch: () => new Promise(() => {}) });
    const http = createHttpClient(settings('http://host.test'), runtime);
    setTimeout(() => controller.abort('stop'), 10);
    expect(await rejection(http.send(get, { ...safe, signal: controller.signal }))).toBe('stop');
  });

  it('leaves no listener after a call that went well', async () => {
    const server = await serve((_seen, response, index) => json(response, index % 2 === 0 ? 500 : 200, {}));
    const { controller, listeners } = countedSignal();
    for (let calls = 0; calls < 5; calls++)
      await client(server.url).send(get, { ...safe, signal: controller.signal });
    expect(listeners()).toBe(0);
  });
});
