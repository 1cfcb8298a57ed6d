import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { VideoClient } from '../../../src/client/client.js';
import { errorOf } from '../client/support.js';
import { json, serve } from '../http/support.js';
import { callsOf, connect, type Plain, plain, routes } from './support.js';

const queued = { id: 'a', status: 'queued' };

describe('a backend that knows where its service is', () => {
  it('needs no baseUrl; one that is given wins', async () => {
    const [own, given] = [await routes({ 'POST /api/jobs': queued }), await routes({ 'POST /jobs': queued })];
    const backend = plain({ baseUrl: `${own.url}/api` });
    for (const client of [
      new VideoClient({ backend }),
      new VideoClient({ backend, baseUrl: undefined }),
      new VideoClient({ backend, baseUrl: given.url }),
    ]) {
      onTestFinished(() => client.close());
      expectTypeOf(client).toEqualTypeOf<VideoClient<Plain & { baseUrl: string }>>();
      expect((await client.generate({})).id).toBe('a');
    }
    expect([callsOf(own), callsOf(given)]).toEqual([['POST /api/jobs', 'POST /api/jobs'], ['POST /jobs']]);
  });

  it('is the only one that may be without', () => {
    // @ts-expect-error the address of the server
    expect(() => new VideoClient({ backend: plain() })).toThrow('baseUrl is missing');
    // @ts-expect-error the same
    expect(() => new VideoClient({})).toThrow('baseUrl is missing');
  });

  it('refuses a query that its routes would lose', () => {
    const make = () => new VideoClient({ baseUrl: 'https://host.test/openai?api-version=preview' });
    expect(make).toThrow(expect.objectContaining({ option: 'baseUrl', message: 'baseUrl has a query' }));
  });

  it('is asked as often as its provider advises, where the caller says nothing else', async () => {
    const server = await routes({
      'POST /jobs': queued,
      'GET /jobs/a': [queued, queued, { id: 'a', status: 'completed' }],
    });
    const backend = plain({ polling: { intervalMs: 10 } });
    const client = connect(server.url, backend, { polling: undefined });
    await (await client.generate({})).completed({ timeoutMs: 3_000 });
    const slow = connect(server.url, plain({ polling: { intervalMs: 1_000_000 } }));
    await slow.poll('a', { timeoutMs: 3_000 });
    await connect(server.url, backend, { polling: { intervalMs: undefined } }).poll('a', {
      timeoutMs: 3_000,
    });
  });
});

describe('the token of a bearer', () => {
  it.each([
    [{ header: 'Authorization', scheme: 'Key' }, 'authorization', 'Key secret-token'],
    [{ header: 'x-api-key' }, 'x-api-key', 'secret-token'],
    [undefined, 'authorization', 'Bearer secret-token'],
  ])('is sent as %o says, and is kept out of errors', async (credential, header, value) => {
    const server = await serve((_seen, response) => json(response, 400, { error: 'not secret-token' }));
    const backend = plain({ credential });
    const client = connect(server.url, backend, { auth: { type: 'bearer', token: 'secret-token' } });
    const error = await errorOf(client.generate({}));
    expect(server.seen[0]?.headers).toMatchObject({ [header]: value });
    expect(error.message).toContain('not [redacted]');
    expect(
      Object.values(server.seen[0]?.headers ?? {}).filter((it) => /secret/.test(String(it))),
    ).toHaveLength(1);
  });

  it('goes to no other origin in whatever header', async () => {
    const other = await routes({ 'GET /elsewhere': queued });
    const server = await routes({
      'GET /jobs/a': (response) => response.writeHead(302, { location: `${other.url}/elsewhere` }).end(),
    });
    const backend = plain({ credential: { header: 'x-api-key' } });
    const client = connect(server.url, backend, { auth: { type: 'bearer', token: 'secret-token' } });
    expect((await client.status('a')).status).toBe('queued');
    expect([server, other].map(({ seen }) => seen[0]?.headers['x-api-key'])).toEqual([
      'secret-token',
      undefined,
    ]);
  });
});

describe('a call by PUT', () => {
  it('may be answered with nothing', async () => {
    const server = await routes({
      'GET /jobs/a': queued,
      'PUT /jobs/a/cancel': (response) => response.writeHead(202).end(),
    });
    const backend = plain({
      cancel: (id: string) => ({ method: 'PUT', url: `/jobs/${id}/cancel` }) as const,
    });
    expect((await connect(server.url, backend).cancel('a')).status).toBe('queued');
    expect(callsOf(server)).toContain('PUT /jobs/a/cancel');
  });
});
