import { describe, expect, it } from 'vitest';
import type { HttpRefusal, HttpResponse } from '../../../src/backends/backend.js';
import { errorOf } from '../client/support.js';
import { json } from '../http/support.js';
import { type Answer, callsOf, connect, plain, routes, updateOf } from './support.js';

const queued = { id: 'a', status: 'queued' };
const ended = { id: 'a', status: 'completed' };

/** COMPLETED may still be a failure: only the result says. */
const backend = plain({
  parseStatus: ({ body }: HttpResponse) => {
    if ((body as Answer).status !== 'completed') return updateOf(body);
    return {
      next: { method: 'GET' as const, url: '/jobs/a/result' },
      parse: ({ body: result }: HttpResponse) => updateOf(result),
    };
  },
  parseRefusal({ status, call }: HttpRefusal, jobId: string) {
    if (call !== 'followUp' || status === 403) return undefined;
    if (status === 400) return { jobId, raw: undefined };
    return { jobId, status: 'failed' as const, error: `refused by ${status}`, raw: undefined };
  },
});

const refuse = (status: number) => (response: Parameters<typeof json>[0]) =>
  json(response, status, { error: 'no' });

describe('a status that takes a second call', () => {
  it('is that of the second call', async () => {
    const server = await routes({
      'GET /jobs/a': ended,
      'GET /jobs/a/result': { ...ended, videoUrl: '/v.mp4' },
    });
    const snapshot = await connect(server.url, backend).status('a');
    expect(snapshot).toMatchObject({ status: 'completed', videoUrl: `${server.url}/v.mp4` });
    expect(callsOf(server)).toEqual(['GET /jobs/a', 'GET /jobs/a/result']);
  });

  it('may turn out to be a failure', async () => {
    const server = await routes({ 'GET /jobs/a': [queued, ended], 'GET /jobs/a/result': refuse(422) });
    const error = await errorOf(connect(server.url, backend).poll('a', { timeoutMs: 5_000 }));
    expect(error).toMatchObject({ name: 'JobFailedError', reason: 'refused by 422' });
  });

  it('is asked for again where the answer is: not yet', async () => {
    let asked = 0;
    const server = await routes({
      'GET /jobs/a': ended,
      'GET /jobs/a/result': (response) => (++asked < 3 ? refuse(400)(response) : json(response, 200, ended)),
    });
    const client = connect(server.url, backend);
    expect((await client.status('a')).status).toBe('queued');
    expect((await client.poll('a', { timeoutMs: 5_000 })).status).toBe('completed');
  });

  it('is an error where the second call is refused and the backend has no word for it', async () => {
    const server = await routes({ 'GET /jobs/a': ended, 'GET /jobs/a/result': refuse(403) });
    expect(await errorOf(connect(server.url, backend).status('a'))).toMatchObject({
      ...{ code: 'forbidden', jobId: 'a' },
    });
  });

  it.each([
    ['at once', 403, {}, 0, 300],
    ['after the pause that it wants', 429, { 'retry-after': '1' }, 900, 5_000],
  ])('whose second call is refused is asked for again %s', async (_, status, headers, least, most) => {
    const times: number[] = [];
    const server = await routes({
      'GET /jobs/a': ended,
      'GET /jobs/a/result': (response) => {
        times.push(performance.now());
        if (times.length > 1) return json(response, 200, ended);
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        return json(response, status, { error: 'no' });
      },
    });
    // Of two servers that take turns, one of them broken, it would be the turn of that one at each second call.
    const options = { polling: { intervalMs: 60_000 }, retry: { minDelayMs: 400, maxDelayMs: 2_000 } };
    const client = connect(server.url, backend, options);
    expect((await client.subscribe('a').completed()).status).toBe('completed');
    const [first = 0, second = 0] = times;
    expect(second - first).toBeGreaterThanOrEqual(least);
    expect(second - first).toBeLessThan(most);
  });

  it('may take a third, and no fourth', async () => {
    const further =
      (url: string): ReturnType<typeof plain>['parseStatus'] =>
      () => ({
        next: { method: 'GET', url },
        parse: (response) => (url.length > 2 ? updateOf(response.body) : further(`${url}x`)(response, 'a')),
      });
    const server = await routes({ 'GET /jobs/a': {}, 'GET /x': {}, 'GET /xx': ended, 'GET /': {} });
    expect((await connect(server.url, plain({ parseStatus: further('/x') })).status('a')).status).toBe(
      'completed',
    );
    const error = await errorOf(connect(server.url, plain({ parseStatus: further('/') })).status('a'));
    expect(error).toMatchObject({ name: 'InvalidResponseError', jobId: 'a' });
    expect(callsOf(server)).toHaveLength(6);
  });
});

it('a refusal that the backend stumbles over is told in the words of the server, and asked for once', async () => {
  const server = await routes({
    'GET /jobs/a': (response) => json(response, 422, { error: 'no such model' }),
  });
  const backend = plain({
    parseRefusal: () => {
      throw new TypeError('of the backend');
    },
  });
  const client = connect(server.url, backend);
  expect(await errorOf(client.status('a'))).toMatchObject({ status: 422, serverMessage: 'no such model' });
  expect(callsOf(server)).toEqual(['GET /jobs/a']);
  expect(await errorOf(client.poll('a', { timeoutMs: 20_000 }))).toMatchObject({ status: 422, jobId: 'a' });
});
