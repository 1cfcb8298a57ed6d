import { describe, expect, it, vi } from 'vitest';
import { ApiError, InputError, NetworkError, SubmitOutcomeUnknownError } from '../../../src/errors.js';
import { createHttpClient } from '../../../src/http/request.js';
import { systemRuntime } from '../../../src/runtime/system.js';
import { rejection } from '../../support/rejection.js';
import { client, deadUrl, json, serve, serveTcp, settings } from './support.js';

const submit = {
  method: 'POST',
  url: '/api/generate',
  body: { type: 'json', value: { script: 'x' } },
} as const;
const once = { repeat: 'submit' } as const;
const keyed = { repeat: 'submit', idempotencyKey: 'key-1' } as const;

function withFetch(fetch: typeof globalThis.fetch) {
  return createHttpClient(settings('http://host.test'), systemRuntime({ fetch }));
}

describe('a submit is sent again', () => {
  it('where the answer is 429, as the server wishes', async () => {
    const server = await serve((_seen, response, index) =>
      json(response, index < 2 ? 429 : 200, { jobId: 'a' }, { 'retry-after': '0' }),
    );
    expect((await client(server.url).send(submit, once)).body).toEqual({ jobId: 'a' });
    expect(server.seen).toHaveLength(3);
  });

  it('where the connection was never made, and then fails as one that never arrived', async () => {
    const fetch = vi.fn(globalThis.fetch);
    const http = createHttpClient(settings(await deadUrl()), systemRuntime({ fetch }));
    const error = await rejection(http.send(submit, once));
    expect(error).toBeInstanceOf(NetworkError);
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  it('but not to a port that fetch refuses: nothing was sent, and nothing will be', async () => {
    const fetch = vi.fn(globalThis.fetch);
    const http = createHttpClient(settings('http://127.0.0.1:6000'), systemRuntime({ fetch }));
    const error = await rejection(http.send(submit, once));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/bad port$/),
      hint: expect.stringMatching(/another one/),
    });
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('where every address of the host refused', async () => {
    const refused = (code: string) => Object.assign(new Error(code), { code });
    const fetch = vi.fn(async () => {
      throw new TypeError('fetch failed', {
        cause: new AggregateError([refused('ECONNREFUSED'), refused('ENETUNREACH')]),
      });
    });
    expect(await rejection(withFetch(fetch).send(submit, once))).toBeInstanceOf(NetworkError);
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  it('after anything, with the same idempotency key', async () => {
    const server = await serve((_seen, response, index) => {
      if (index === 0) return response.destroy();
      return json(response, index === 1 ? 502 : 200, { jobId: 'a' });
    });
    expect((await client(server.url).send(submit, keyed)).body).toEqual({ jobId: 'a' });
    expect(server.seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['key-1', 'key-1', 'key-1']);
  });
});

describe('a submit is not sent again, and its outcome is said to be unknown', () => {
  async function unknown(url: string, hint = /look for the job/): Promise<SubmitOutcomeUnknownError> {
    const error = await rejection(client(url, { timeouts: { requestMs: 300 } }).send(submit, once));
    expect(error).toBeInstanceOf(SubmitOutcomeUnknownError);
    expect(error).toMatchObject({ code: 'submit-outcome-unknown', hint: expect.stringMatching(hint) });
    return error as SubmitOutcomeUnknownError;
  }

  it('where the connection is reset before an answer', async () => {
    const server = await serve((_seen, response) => response.destroy());
    await unknown(server.url);
    expect(server.seen).toHaveLength(1);
  });

  it('where the connection is reset before the request is read', async () => {
    let connections = 0;
    const server = await serveTcp((socket) => {
      connections++;
      socket.resetAndDestroy();
    });
    await unknown(server.url);
    expect(connections).toBe(1);
  });

  it('where no answer comes in time', async () => {
    const server = await serve(() => {});
    expect((await unknown(server.url)).cause).toMatchObject({ code: 'request-timeout' });
    expect(server.seen).toHaveLength(1);
  });

  it('where a success is cut off', async () => {
    const server = await serve((_seen, response) => {
      response.writeHead(200, { 'content-length': 50 }).write('{"jobId":"a');
      setTimeout(() => response.destroy(), 20);
    });
    await unknown(server.url);
    expect(server.seen).toHaveLength(1);
  });

  it.each(['{"jobId":"a', '<html>Welcome', ''])('where a success says %j', async (body) => {
    const server = await serve((_seen, response) =>
      response.writeHead(200, { 'x-request-id': 'req-1' }).end(body),
    );
    expect(await unknown(server.url)).toMatchObject({ status: 200, requestId: 'req-1' });
    expect(server.seen).toHaveLength(1);
  });

  it('where the fetch of a browser fails, which says the same for a refusal and for a lost answer', async () => {
    const fetch = vi.fn(async () => {
      throw new TypeError('Failed to fetch');
    });
    expect(await rejection(withFetch(fetch).send(submit, once))).toBeInstanceOf(SubmitOutcomeUnknownError);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('where one of several addresses may have taken it', async () => {
    const failed = (code: string) => Object.assign(new Error(code), { code });
    const fetch = vi.fn(async () => {
      throw new TypeError('fetch failed', {
        cause: new AggregateError([failed('ECONNREFUSED'), failed('ECONNRESET')]),
      });
    });
    expect(await rejection(withFetch(fetch).send(submit, once))).toBeInstanceOf(SubmitOutcomeUnknownError);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('where it was accepted, and only the answer elsewhere cannot be had', async () => {
    const dead = await deadUrl();
    const server = await serve((_seen, response) =>
      response.writeHead(303, { location: `${dead}/job` }).end(),
    );
    await unknown(server.url);
    expect(server.seen).toHaveLength(1);
  });

  it('even with an idempotency key, once the attempts are used up: the caller may go on with the same key', async () => {
    const server = await serve((_seen, response) => response.destroy());
    const error = await rejection(client(server.url).send(submit, keyed));
    expect(error).toMatchObject({
      code: 'submit-outcome-unknown',
      hint: expect.stringContaining('same idempotencyKey'),
    });
    expect(server.seen).toHaveLength(3);
  });
});

describe('a submit that is refused', () => {
  it.each([400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 422, 425, 428, 431, 451])(
    'with %i is told as such, after one attempt',
    async (status) => {
      const server = await serve((_seen, response) => json(response, status, { error: 'no' }));
      const error = await rejection(client(server.url).send(submit, once));
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ status, serverMessage: 'no' });
      expect(server.seen).toHaveLength(1);
    },
  );

  it('for longer than we wait says how long', async () => {
    const server = await serve((_seen, response) => json(response, 429, {}, { 'retry-after': '120' }));
    expect(await rejection(client(server.url).send(submit, once))).toMatchObject({ retryAfterMs: 120_000 });
    expect(server.seen).toHaveLength(1);
  });

  it.each(['', 'a b', 'a\r\nx-evil: 1', 'ü', 'x'.repeat(256)])(
    'for the idempotency key %j is never sent',
    async (idempotencyKey) => {
      const server = await serve((_seen, response) => json(response, 200, {}));
      expect(
        await rejection(client(server.url).send(submit, { repeat: 'submit', idempotencyKey })),
      ).toBeInstanceOf(InputError);
      expect(server.seen).toHaveLength(0);
    },
  );

  it('for want of a token, before anything is sent, is no unknown outcome', async () => {
    const server = await serve((_seen, response) => json(response, 200, {}));
    const http = client(server.url, {
      timeouts: { requestMs: 50 },
      retry: { attempts: 1 },
      auth: { type: 'bearer', token: () => new Promise(() => {}) },
    });
    expect(await rejection(http.send(submit, once))).toMatchObject({
      name: 'NetworkError',
      code: 'request-timeout',
    });
  });
});
