import { describe, expect, it } from 'vitest';
import type { ErrorBody } from '../../../src/core/error-body.js';
import type { ApiError } from '../../../src/errors.js';
import { errorOf } from '../client/support.js';
import { json, serve } from '../http/support.js';
import { connect, plain } from './support.js';

const words = (told: ErrorBody) => plain({ parseError: () => ({ message: 'no', ...told }) });
const refusing = (status: number, headers = {}) =>
  serve((_seen, response) => json(response, status, {}, headers));

describe('what a backend reads of an error body', () => {
  it('has its request id and its wait', async () => {
    const server = await refusing(400);
    const backend = words({ requestId: 'req-1', retryAfterMs: 1_500 });
    expect(await errorOf(connect(server.url, backend).generate({}))).toMatchObject({
      ...{ requestId: 'req-1', retryAfterMs: 1_500 },
    });
    const other = await refusing(400, {
      'x-request-id': 'header',
      'retry-after-ms': '250',
      'retry-after': '9',
    });
    expect(await errorOf(connect(other.url, backend).generate({}))).toMatchObject({
      ...{ requestId: 'header', retryAfterMs: 250 },
    });
  });

  it.each([
    [Number.POSITIVE_INFINITY, 86_400_000],
    [1e15, 86_400_000],
    [-5, 0],
    [Number.NaN, undefined],
  ])('has a wait of %s taken for one of %s ms, a day at most', async (given, taken) => {
    const server = await refusing(400);
    const error = await errorOf(connect(server.url, words({ retryAfterMs: given })).generate({}));
    expect((error as ApiError).retryAfterMs).toBe(taken);
  });

  it('is a refusal of the credentials where it says so, whatever the status is', async () => {
    const server = await refusing(400);
    const client = connect(server.url, words({ unauthorized: true }));
    const wanted = { name: 'ApiError', code: 'unauthorized', status: 400, hint: 'Check the auth option.' };
    expect(await errorOf(client.generate({}))).toMatchObject(wanted);
    expect(await errorOf(client.status('a'))).toMatchObject(wanted);
    expect(server.seen).toHaveLength(2);
    expect(await errorOf(client.poll('a', { timeoutMs: 5_000 }))).toMatchObject({
      ...{ ...wanted, jobId: 'a', hint: expect.stringMatching(/^Check the auth option\./) },
    });
    expect((await client.diagnose()).transports.polling).toMatchObject({
      ...{ state: 'fails', message: 'The server refused the credentials (HTTP 400).' },
    });
  });

  it('stops repeats where it is not retryable: of calls, of submits and of many', async () => {
    const server = await refusing(429);
    const client = connect(server.url, words({ retryable: false, code: '1102' }));
    const wanted = { code: 'rate-limited', serverCode: '1102', retryable: false };
    expect(await errorOf(client.status('a'))).toMatchObject(wanted);
    expect(await errorOf(client.generate({}))).toMatchObject(wanted);
    for await (const { error } of client.generateMany([{}])) expect(error).toMatchObject(wanted);
    expect(server.seen).toHaveLength(3);
    expect(await errorOf(client.poll('a', { timeoutMs: 5_000 }))).toMatchObject(wanted);
  });

  it('has calls made again where it is retryable, and no submit', async () => {
    const server = await refusing(400);
    const client = connect(server.url, words({ retryable: true }));
    await errorOf(client.generate({}));
    expect(server.seen).toHaveLength(1);
    await errorOf(client.status('a'));
    expect(server.seen).toHaveLength(4);
  });
});
