import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import type { Auth } from '../../../src/core/settings.js';
import { ConfigurationError, InvalidResponseError } from '../../../src/errors.js';
import { createHttpClient } from '../../../src/http/request.js';
import { systemRuntime } from '../../../src/runtime/system.js';
import { rejection } from '../../support/rejection.js';
import { client, json, serve, settings } from './support.js';

const get = { method: 'GET', url: '/api/status' } as const;
const post = { method: 'POST', url: '/api/generate', body: { type: 'json', value: { a: 1 } } } as const;
const safe = { repeat: 'safe' } as const;
const bearer: Auth = { type: 'bearer', token: 'tok-secret-1' };
const secrets = { auth: bearer, headers: { 'X-Api-Key': 'key-secret-2' } };

/** A server that answers with the headers it got. */
const echo = () => serve((seen, response) => json(response, 200, seen.headers));

describe('credentials', () => {
  it('are a bearer token, or a user name and password in UTF-8', async () => {
    const server = await echo();
    expect((await client(server.url, { auth: bearer }).send(get, safe)).body).toMatchObject({
      authorization: 'Bearer tok-secret-1',
    });
    const basic = { type: 'basic', username: 'ünal', password: 'pä:ss' } as const;
    expect((await client(server.url, { auth: basic }).send(get, safe)).body).toMatchObject({
      authorization: `Basic ${Buffer.from('ünal:pä:ss').toString('base64')}`,
    });
  });

  it('are asked for anew at every call', async () => {
    const server = await echo();
    let calls = 0;
    const http = client(server.url, {
      auth: { type: 'bearer', token: () => `tok-${++calls}` },
      headers: async () => ({ 'x-call': `${calls}` }),
    });
    expect((await http.send(get, safe)).body).toMatchObject({ 'x-call': '0', authorization: 'Bearer tok-1' });
    expect((await http.send(get, safe)).body).toMatchObject({ 'x-call': '1', authorization: 'Bearer tok-2' });
    expect(await (await http.open(get, {})).response.json()).toMatchObject({ authorization: 'Bearer tok-3' });
  });

  it('that are refused are asked for once more, for a submit too', async () => {
    let calls = 0;
    const server = await serve((seen, response) =>
      json(response, seen.headers.authorization === 'Bearer tok-2' ? 200 : 401, {}),
    );
    const http = client(server.url, { auth: { type: 'bearer', token: () => `tok-${++calls}` } });
    await http.send(post, { repeat: 'submit' });
    expect(server.seen.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}']);
    expect(await rejection(http.send(get, safe))).toMatchObject({ code: 'unauthorized' });
    expect(server.seen).toHaveLength(4);
  });

  it('that are refused are not sent again where they are the same', async () => {
    const server = await serve((_seen, response) => json(response, 401, {}));
    await rejection(client(server.url, secrets).send(get, safe));
    await rejection(
      client(server.url, { auth: { type: 'bearer', token: async () => 'tok' } }).send(get, safe),
    );
    expect(server.seen).toHaveLength(2);
  });

  it.each([
    [
      'auth.token',
      { auth: { type: 'bearer', token: () => Promise.reject(new Error('vault says s3cret')) } as Auth },
    ],
    [
      'headers',
      {
        headers: () => {
          throw new Error('vault says s3cret');
        },
      },
    ],
  ])(
    'whose function throws are told as such (%s), with the cause, and nothing is sent',
    async (option, options) => {
      const server = await echo();
      const error = await rejection(client(server.url, options).send(get, safe));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ option, cause: { message: 'vault says s3cret' } });
      expect((error as Error).message).not.toContain('s3cret');
      expect(server.seen).toHaveLength(0);
    },
  );

  it.each([
    ['auth.token', { auth: { type: 'bearer', token: 's3cret\n' } as Auth }],
    ['auth.token', { auth: { type: 'bearer', token: () => '' } as Auth }],
    ['headers.x-key', { headers: { 'x-key': 's3cret\r\nx-evil: 1' } }],
    ['headers.x-key', { headers: { 'x-key': 's3cret\u{1F600}' } }],
    ['headers.bad name', { headers: { 'bad name': 's3cret' } }],
  ])('that would break out of their header are refused, and not shown (%s)', async (option, options) => {
    const server = await echo();
    const error = await rejection(client(server.url, options).send(get, safe));
    expect(error).toMatchObject({ name: 'ConfigurationError', option });
    expect(inspect(error)).not.toContain('s3cret');
    expect(server.seen).toHaveLength(0);
  });
});

describe('credentials go to our origin', () => {
  it('and to no other, when the server names another for a download', async () => {
    const [server, cdn] = [await echo(), await echo()];
    const token = vi.fn(() => 'tok-secret-1');
    const http = client(server.url, { ...secrets, auth: { type: 'bearer', token } });
    const got = await (await http.open({ method: 'GET', url: `${cdn.url}/v.mp4` }, {})).response.json();
    expect(JSON.stringify(got)).not.toContain('secret');
    expect(token).not.toHaveBeenCalled();
  });

  it('and to that of webSocketUrl', async () => {
    const [server, stream] = [await echo(), await echo()];
    const http = client(server.url, { ...secrets, webSocketUrl: stream.url.replace('http', 'ws') });
    expect(
      await (await http.open({ method: 'GET', url: `${stream.url}/events` }, {})).response.json(),
    ).toMatchObject({
      authorization: 'Bearer tok-secret-1',
      'x-api-key': 'key-secret-2',
    });
  });

  it('and not to another port of the same host', async () => {
    const [server, other] = [await echo(), await echo()];
    const got = (await client(server.url, secrets).send({ method: 'GET', url: other.url }, safe)).body;
    expect(JSON.stringify(got)).not.toContain('secret');
  });

  it.each([301, 302, 303, 307, 308])(
    'through a redirect of %i at the same origin, and not to another',
    async (status) => {
      const cdn = await echo();
      const server = await serve((seen, response) => {
        if (seen.url === '/api/status') return response.writeHead(status, { location: '/two' }).end();
        return seen.url === '/two'
          ? response.writeHead(status, { location: `${cdn.url}/v` }).end()
          : undefined;
      });
      const { response } = await client(server.url, secrets).open(
        { ...get, headers: { 'x-backend': 'secret too' } },
        { headers: { range: 'bytes=5-', 'if-range': '"v1"' } },
      );
      const got = await response.json();
      expect(server.seen[1]?.headers).toMatchObject({
        authorization: 'Bearer tok-secret-1',
        'x-api-key': 'key-secret-2',
      });
      expect(got).toMatchObject({ range: 'bytes=5-', 'if-range': '"v1"' });
      expect(JSON.stringify(got)).not.toContain('secret');
    },
  );

  it('and not back to it by way of a stranger', async () => {
    const stranger = await serve((_seen, response) =>
      response.writeHead(302, { location: `${server.url}/back` }).end(),
    );
    const server = await serve((seen, response) =>
      seen.url === '/back'
        ? json(response, 200, seen.headers)
        : response.writeHead(302, { location: stranger.url }).end(),
    );
    expect(JSON.stringify((await client(server.url, secrets).send(get, safe)).body)).not.toContain('secret');
  });
});

describe('a redirect', () => {
  it('is followed five times, not more', async () => {
    const server = await serve((_seen, response, index) =>
      response.writeHead(302, { location: `/${index}` }).end(),
    );
    expect(await rejection(client(server.url).send(get, safe))).toBeInstanceOf(InvalidResponseError);
    expect(server.seen).toHaveLength(6);
  });

  it.each([307, 308])('of a submit is followed at the same origin (%i), with its body', async (status) => {
    const server = await serve((seen, response) =>
      seen.url === '/new'
        ? json(response, 200, 'made')
        : response.writeHead(status, { location: '/new' }).end(),
    );
    expect((await client(server.url).send(post, { repeat: 'submit' })).body).toBe('made');
    expect(server.seen[1]).toMatchObject({ method: 'POST', body: '{"a":1}' });
  });

  it('of a submit that was accepted (303) leads to its answer', async () => {
    const server = await serve((seen, response) =>
      seen.url === '/job'
        ? json(response, 200, { method: seen.method, body: seen.body })
        : response.writeHead(303, { location: '/job' }).end(),
    );
    expect((await client(server.url).send(post, { repeat: 'submit' })).body).toEqual({
      method: 'GET',
      body: '',
    });
  });

  it.each([301, 302, 307, 308])(
    'of a submit is not followed to another origin (%i): the error says where it leads',
    async (status) => {
      const other = await serve((_seen, response) => json(response, 200, {}));
      const server = await serve((_seen, response) =>
        response.writeHead(status, { location: `${other.url}/api?token=s3cret` }).end(),
      );
      const error = await rejection(client(server.url).send(post, { repeat: 'submit' }));
      expect(error).toMatchObject({
        name: 'ApiError',
        status,
        hint: expect.stringContaining(`${other.url}/api`),
      });
      expect(inspect(error)).not.toContain('s3cret');
      expect(other.seen).toHaveLength(0);
    },
  );

  it.each(['file:///etc/passwd', 'data:text/plain,x', 'http://user:s3cret@host.test/', 'http://'])(
    'to %s is not followed',
    async (location) => {
      const server = await serve((_seen, response) => response.writeHead(302, { location }).end());
      expect(await rejection(client(server.url).send(get, safe))).toMatchObject({ status: 302 });
    },
  );
});

describe('a redirect that a browser hides', () => {
  const opaque = () => Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' });

  it('is followed by the browser, with the one header it drops by itself where it must', async () => {
    const fetch = vi.fn(async (_url: unknown, init?: RequestInit) =>
      init?.redirect === 'manual' ? opaque() : Response.json([...new Headers(init?.headers)]),
    );
    const http = createHttpClient(settings('http://host.test', secrets), systemRuntime({ fetch }));
    expect((await http.send(get, safe)).body).toEqual([
      ['accept', 'application/json'],
      ['authorization', 'Bearer tok-secret-1'],
    ]);
  });

  it('is not followed for a submit, which may have made a job: a 303 looks the same', async () => {
    const fetch = vi.fn(async () => opaque());
    const http = createHttpClient(settings('http://host.test', secrets), systemRuntime({ fetch }));
    expect(await rejection(http.send(post, { repeat: 'submit' }))).toMatchObject({
      name: 'SubmitOutcomeUnknownError',
      hint: expect.stringContaining('Set baseUrl to where the API is.'),
      cause: { name: 'ConfigurationError', option: 'baseUrl' },
    });
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('is not followed for a call that deletes, to a place nobody has seen', async () => {
    const fetch = vi.fn(async () => opaque());
    const http = createHttpClient(settings('http://host.test', secrets), systemRuntime({ fetch }));
    expect(await rejection(http.send({ ...post, method: 'DELETE' }, safe))).toMatchObject({
      name: 'ConfigurationError',
    });
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});

it.each(['Authorization', 'authorization', 'AUTHORIZATION'])(
  'auth wins over %s in headers, and the two are not joined',
  async (name) => {
    const server = await serve((_seen, response) => json(response, 200, {}));
    const http = client(server.url, {
      auth: { type: 'bearer', token: 'mine' },
      headers: { [name]: 'Key other' },
    });
    await http.send({ method: 'GET', url: '/x' }, { repeat: 'safe' });
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer mine']);
  },
);
