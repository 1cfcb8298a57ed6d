import { describe, expect, it } from 'vitest';
import { SubmitOutcomeUnknownError } from '../../../src/errors.js';
import { errorOf } from '../../support/rejection.js';
import { run } from '../cli/support.js';
import { connect, input, startServer, submits } from '../client/support.js';
import { countedFetch, follow, startNginx, until } from './support.js';

/** The lines that a hint says to add. */
function linesIn(hint = ''): string {
  return hint.match(/proxy_[^;]+;/g)?.join('\n') ?? '';
}

describe('behind nginx as it comes, which passes no upgrade and holds events back', () => {
  it('a job is followed by polling, to its end', async () => {
    const server = await startServer({ style: 'field', manual: false, durationMs: 500 });
    // Nothing but polling brings the end in time.
    const client = connect(await startNginx(server), {
      polling: { intervalMs: 100 },
      timeouts: { silenceMs: 60_000 },
    });
    const job = await client.generate(input);
    const { ends } = follow(job);
    expect(await job.completed()).toMatchObject({ status: 'completed', transport: 'polling' });
    expect(ends).toEqual(['completed']);
    expect(server.streams.all.filter(({ kind }) => kind === 'websocket')).toEqual([]);
  });

  it('diagnose is content, and gives the lines with which each transport works', async () => {
    const server = await startServer({ style: 'field' });
    const timeouts = { connectMs: 1_000 };
    const { ok, transport, transports } = await connect(await startNginx(server), { timeouts }).diagnose();
    const { websocket, sse, polling } = transports;
    expect({ ok, transport }).toEqual({ ok: true, transport: 'polling' });
    expect([websocket.state, sse.state, polling.state]).toEqual(['fails', 'unknown', 'works']);
    expect(websocket.hint).toMatch(/each proxy on the way passes the Upgrade header on/);
    expect(sse.hint).toMatch(/without buffering/);

    const repaired = await startNginx(server, linesIn(websocket.hint) + linesIn(sse.hint));
    const found = await connect(repaired, { timeouts }).diagnose();
    expect(found.transport).toBe('websocket');
    expect(['works', 'opens']).toContain(found.transports.sse.state);
  });

  it('doctor says so, and exits 0', async () => {
    const { url } = await startNginx(await startServer());
    const { code, stdout } = await run(['doctor', '--base-url', url]);
    expect(code).toBe(0);
    expect(stdout).toContain('Jobs are followed over polling.');
    expect(stdout).toContain('proxy_set_header Upgrade $http_upgrade;');
  });

  it('an end that it holds back, after events that came through, is found by the status call', async () => {
    const server = await startServer();
    const small = 'proxy_buffer_size 1k; proxy_buffers 2 1k; proxy_busy_buffers_size 1k;';
    const client = connect(await startNginx(server, small), {
      transports: ['sse', 'polling'],
      polling: { intervalMs: 60_000 },
      timeouts: { silenceMs: 1_000 },
    });
    const job = await client.generate(input);
    follow(job);
    const jobOfServer = server.jobs.get(job.id);
    await until(() => server.streams.count('sse') > 0);
    // Each pushes out the one before, not all of itself.
    for (const progress of [10, 20])
      jobOfServer?.advance({ status: 'processing', progress, message: 'long '.repeat(1_000) });
    // On a slow machine a status call may be quicker, and know of the second.
    await until(() => job.snapshot.progress >= 10);
    jobOfServer?.complete();
    expect(await job.completed()).toMatchObject({ status: 'completed', transport: 'polling' });
  });
});

describe('a submit through nginx', () => {
  it('whose answer takes longer than proxy_read_timeout may have made a job, and is sent once', async () => {
    const server = await startServer({ faults: [{ route: 'generate', type: 'stall' }] });
    const error = await errorOf(connect(await startNginx(server, 'proxy_read_timeout 1s;')).generate(input));
    expect(error).toBeInstanceOf(SubmitOutcomeUnknownError);
    expect(error).toMatchObject({ status: 504, message: expect.stringContaining('504') });
    expect(submits(server)).toBe(1);
  });

  it('to a server that is away may have made a job too, and is sent once', async () => {
    const server = await startServer();
    const proxy = await startNginx(server);
    await server.pause();
    const { fetch, sent } = countedFetch();
    const error = await errorOf(connect(proxy, { fetch }).generate(input));
    expect(error).toBeInstanceOf(SubmitOutcomeUnknownError);
    expect([error.status, sent.length]).toEqual([502, 1]);
  });

  it('with a key that the caller vouches for is repeated until the server is back, and makes one job', async () => {
    const server = await startServer();
    const proxy = await startNginx(server);
    await server.pause();
    const answers: number[] = [];
    const fetch: typeof globalThis.fetch = async (url, init) => {
      const response = await globalThis.fetch(url, init);
      answers.push(response.status);
      if (answers.length === 2) await server.resume();
      return response;
    };
    const job = await connect(proxy, { fetch }).generate(input, { idempotencyKey: 'order-1' });
    expect(answers).toEqual([502, 502, 200]);
    expect([...server.jobs].map(({ id }) => id)).toEqual([job.id]);
  });

  it('that is too large for it is a refusal that says what to do', async () => {
    const proxy = await startNginx(await startServer(), 'client_max_body_size 1k;');
    const error = await errorOf(connect(proxy).generate({ ...input, script: 'long '.repeat(1_000) }));
    expect(error).toMatchObject({ name: 'ApiError', status: 413, hint: expect.stringMatching(/./) });
  });
});
