import { describe, expect, it } from 'vitest';
import { SubmitOutcomeUnknownError } from '../../../src/errors.js';
import { errorOf } from '../../support/rejection.js';
import { connect, input, startServer, submits } from '../client/support.js';
import { asPage, countedFetch, follow, startHAProxy, until } from './support.js';

describe('behind HAProxy that compresses, and so holds each event back until the next', () => {
  const gzip = 'compression algo gzip';
  const options = { transports: ['sse', 'polling'], polling: { intervalMs: 60_000 } } as const;

  it('a program is told each at once, for it asks for no compression', async () => {
    const server = await startServer();
    const timeouts = { silenceMs: 60_000 };
    const job = await connect(await startHAProxy(server, gzip), { ...options, timeouts }).generate(input);
    const { told } = follow(job);
    await until(() => server.streams.count('sse') > 0);
    for (const progress of [10, 20, 30, 40, 50, 60, 70, 80]) {
      server.jobs.get(job.id)?.advance({ status: 'processing', progress });
      await until(() => job.snapshot.progress === progress);
    }
    expect(told.map(({ transport }) => transport)).toContain('sse');
  });

  it('a page, which cannot, finds the end by the status call', async () => {
    const server = await startServer();
    const timeouts = { silenceMs: 500 };
    const proxy = await startHAProxy(server, gzip);
    const job = await connect(proxy, { ...options, timeouts, fetch: asPage }).generate(input);
    const { served } = follow(job);
    await served('sse');
    for (const progress of [10, 20]) server.jobs.get(job.id)?.advance({ status: 'processing', progress });
    await until(() => job.snapshot.progress >= 10);
    server.jobs.get(job.id)?.complete();
    expect((await job.completed()).status).toBe('completed');
  });
});

describe('a submit through HAProxy', () => {
  it('while no server is up is answered 503, may have made a job, and is sent once', async () => {
    const server = await startServer();
    const proxy = await startHAProxy(server, 'retries 0');
    await server.pause();
    const { fetch, sent } = countedFetch();
    const error = await errorOf(connect(proxy, { fetch }).generate(input));
    expect(error).toBeInstanceOf(SubmitOutcomeUnknownError);
    expect([error.status, sent.length]).toEqual([503, 1]);
  });

  it('whose answer takes longer than timeout server may have made a job, and is sent once', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'stall' }] });
    const error = await errorOf(connect(await startHAProxy(server, 'timeout server 500ms')).generate(input));
    expect(error).toBeInstanceOf(SubmitOutcomeUnknownError);
    expect([error.status, submits(server)]).toEqual([504, 1]);
  });
});
