import { describe, expect, it } from 'vitest';
import { createMockServer, mockMedia } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';
import { get, golden, post } from './support.js';

const GENERATE = '/api/generate?renderVersion=v3';
const INPUT = { walletAddress: '0x1', script: 'Explain blockchain' };
const ID = 'job-1a2b3c';

describe('the gateway of the mock server', () => {
  it('makes a job that runs by itself to a real video', async () => {
    await using server = await createMockServer({ durationMs: 300 });
    const seen: string[] = [];
    server.jobs.watch(({ status }) => seen.at(-1) === status || seen.push(status));
    const { body } = await post(server, GENERATE, INPUT);
    expect(body).toEqual({ jobId: expect.any(String) });
    const path = `/api/videos/status/${body.jobId}`;
    await until(async () => (await get(server, path)).body.status === 'completed');
    expect(seen).toEqual(['processing', 'completed']);
    const response = await fetch(`${server.url}/api/download?jobId=${body.jobId}&renderVersion=v3`);
    expect(response.headers.get('content-type')).toBe('video/mp4');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(mockMedia());
  });

  it('answers generate with an id, and as running servers do with more', async () => {
    const answer = async (style: 'documented' | 'field') => {
      await using server = await createMockServer({
        ...{ style, manual: true, credits: 100, onSubmit: () => ({ id: ID }) },
      });
      return (await post(server, GENERATE, INPUT)).body;
    };
    expect(await answer('documented')).toEqual(golden('sora-gateway/generate'));
    expect(await answer('field')).toEqual(golden('sora-gateway/generate-field'));
  });

  it('takes the render version in the query or the body, and a question with audio', async () => {
    await using server = await createMockServer({ manual: true });
    const audioBuffer = btoa('audio');
    const statuses = [
      await post(server, '/api/generate', { ...INPUT, renderVersion: 'v3' }),
      await post(server, GENERATE, { scriptOrQuestion: 'Why?', audioBuffer }),
      await post(server, '/api/generate', INPUT),
      await post(server, GENERATE, { walletAddress: '0x1', script: '' }),
      await post(server, GENERATE, { script: 'Hi' }),
      await post(server, GENERATE, { scriptOrQuestion: 'Why?', audioBuffer: { 0: 1 } }),
    ].map(({ status, body }) => [status, body.error]);
    expect(statuses).toEqual([
      [200, undefined],
      [200, undefined],
      [400, 'renderVersion=v3 required'],
      [400, 'script is required'],
      [400, 'walletAddress is required'],
      [400, 'audioBuffer must be a base64 string'],
    ]);
    expect(server.jobs.size).toBe(2);
  });

  it('answers the status in its path form', async () => {
    await using server = await createMockServer({ manual: true });
    const job = server.jobs.create({ id: ID });
    const status = async () => (await get(server, `/api/videos/status/${ID}`)).body;
    job.advance({ status: 'processing', progress: 35 });
    expect(await status()).toEqual(golden('sora-gateway/status-path-processing'));
    job.advance({ word: 'paused' });
    expect(await status()).toEqual(golden('sora-gateway/status-unknown-word'));
    job.complete();
    expect(await status()).toMatchObject(golden('sora-gateway/status-path-completed'));
    const failing = server.jobs.create({ id: 'failing' }).fail('Sora API error message');
    expect((await get(server, `/api/videos/status/${failing.id}`)).body).toMatchObject({
      ...golden('sora-gateway/status-path-failed'),
      jobId: 'failing',
    });
  });

  it('answers as running servers do: a constant progress, completed before the video is there', async () => {
    await using server = await createMockServer({
      ...{ manual: true, style: 'field', coarseProgress: 50, notReadyMs: 60_000 },
    });
    const job = server.jobs.create({ id: ID }).advance({ status: 'processing', progress: 7 });
    const times = { createdAt: expect.any(String), updatedAt: expect.any(String) };
    const status = async (id = ID) => (await get(server, `/api/videos/status/${id}`)).body;
    expect(await status()).toMatchObject({
      ...golden('sora-gateway/status-path-field-processing'),
      ...times,
    });
    job.complete();
    expect(await status()).toEqual({
      ...golden('sora-gateway/status-path-field-completed'),
      ...{ ...times, videoId: job.upstreamId },
    });
    const download = (id: string) => fetch(`${server.url}/api/download?jobId=${id}&renderVersion=v3`);
    expect((await download(ID)).status).toBe(404);
    server.jobs.create({ id: 'soon', notReadyMs: 20 }).complete();
    await until(async () => (await status('soon')).ready === true);
    expect((await download('soon')).status).toBe(200);
  });

  it('answers the status in its query form, which needs the render version', async () => {
    await using server = await createMockServer({ manual: true });
    const job = server.jobs.create({ id: ID });
    const path = `/api/status?jobId=${ID}`;
    job.advance({ status: 'processing', progress: 35, message: 'Rendering' });
    expect((await get(server, `${path}&renderVersion=v3`)).body).toEqual(
      golden('sora-gateway/status-query-processing'),
    );
    expect(await get(server, path)).toMatchObject({ status: 400, body: golden('sora-gateway/error-400') });
    const field = server.jobs.create({ id: 'job-2', style: 'field' }).complete('Ready for download');
    expect((await get(server, `/api/status?jobId=${field.id}&renderVersion=v3`)).body).toEqual({
      ...golden('sora-gateway/status-query-field-id-completed'),
      ...{ id: 'job-2', url: '/api/download?jobId=job-2&renderVersion=v3' },
    });
  });

  it.each(['a/b', 'a?b', 'a#b', 'a,b', 'a%b', '😀', '..'])('knows a job whose id is %j', async (id) => {
    await using server = await createMockServer({ manual: true });
    server.jobs.create({ id }).complete();
    // A path of two dots would be normalised away: such an id fits the query form only.
    const path =
      id === '..' ? '/api/status?renderVersion=v3&jobId=..' : `/api/videos/status/${encodeURIComponent(id)}`;
    expect((await get(server, path)).body).toMatchObject({ jobId: id, status: 'completed' });
  });

  it('takes words and an outcome for each job', async () => {
    await using server = await createMockServer({
      durationMs: 50,
      onSubmit: ({ input }) =>
        input.script === 'bad' ? { failWith: 'Blocked' } : { words: { completed: 'done' } },
    });
    const [good, bad] = [
      await post(server, GENERATE, INPUT),
      await post(server, GENERATE, { ...INPUT, script: 'bad' }),
    ].map(({ body }) => `/api/videos/status/${body.jobId}`);
    await until(async () => (await get(server, String(good))).body.status === 'done');
    await until(async () => (await get(server, String(bad))).body.status === 'failed');
    expect((await get(server, String(bad))).body).toMatchObject({ error: 'Blocked', progress: 40 });
  });

  it('refuses an onSubmit that answers later: it would be left out', async () => {
    await using server = await createMockServer({ onSubmit: (async () => ({ id: 'job-1' })) as never });
    const { status, body } = await post(server, GENERATE, INPUT);
    expect(status).toBe(500);
    expect(body.error).toBe('ConfigurationError: onSubmit gave a promise, and must answer at once');
    expect([...server.jobs]).toEqual([]);
  });

  it('runs out of credits', async () => {
    await using server = await createMockServer({ credits: 15 });
    expect((await post(server, GENERATE, INPUT)).status).toBe(200);
    const { status, body } = await post(server, GENERATE, INPUT);
    expect(status).toBe(402);
    expect(Object.keys(body).sort()).toEqual(Object.keys(golden('sora-gateway/error-402')).sort());
  });

  it('answers 404 for jobs, files and routes that are not there, 405 for a wrong method', async () => {
    await using server = await createMockServer({ manual: true });
    const notFound = golden('sora-gateway/error-404');
    expect(await get(server, '/api/videos/status/none')).toMatchObject({ status: 404, body: notFound });
    expect((await get(server, '/api/download?jobId=none&renderVersion=v3')).body).toEqual(notFound);
    const job = server.jobs.create();
    expect((await get(server, `/api/download?jobId=${job.id}&renderVersion=v3`)).status).toBe(404);
    expect((await get(server, '/nowhere')).status).toBe(404);
    expect((await get(server, '/api/generate')).status).toBe(405);
  });

  it('makes one job of one idempotency key', async () => {
    await using server = await createMockServer({ credits: 10, manual: true });
    const headers = { 'idempotency-key': 'k1' };
    const first = await post(server, GENERATE, INPUT, headers);
    server.jobs.get(String(first.body.jobId))?.advance({ status: 'processing' });
    expect(server.jobs.size).toBe(1);
    const other = await createMockServer({ manual: true });
    const ids = [headers, headers, { 'idempotency-key': 'k2' }, {}, {}].map(
      async (each) => (await post(other, GENERATE, INPUT, each)).body.jobId,
    );
    expect(new Set(await Promise.all(ids)).size).toBe(4);
    await other.close();
  });

  it('repeats the answer to a known key though the credits are used up', async () => {
    await using server = await createMockServer({ credits: 10, manual: true });
    const headers = { 'idempotency-key': 'k1' };
    const first = await post(server, GENERATE, INPUT, headers);
    const again = await post(server, GENERATE, INPUT, headers);
    expect(again).toMatchObject({ status: 200, body: { jobId: first.body.jobId } });
  });

  it('lets nobody in without the right credentials', async () => {
    await using server = await createMockServer({
      auth: [
        { type: 'bearer', token: 't' },
        { type: 'basic', username: 'ü', password: 'p:w' },
      ],
    });
    const status = async (authorization?: string) =>
      (await get(server, '/api/videos/status/x', authorization ? { authorization } : {})).status;
    const basic = `Basic ${Buffer.from('ü:p:w').toString('base64')}`;
    expect(await Promise.all([status(), status('Bearer x'), status('Bearer t'), status(basic)])).toEqual([
      401, 401, 404, 404,
    ]);
    expect(Object.keys((await get(server, '/api/videos/status/x')).body)).toEqual(['error', 'message']);
  });

  it('writes down what it got, parsed, with the job that came of it', async () => {
    await using server = await createMockServer({ manual: true });
    const { body } = await post(server, GENERATE, INPUT, { 'x-test': '1' });
    await get(server, `/api/videos/status/${body.jobId}`);
    expect(server.requests).toMatchObject([
      { route: 'generate', method: 'POST', body: INPUT, jobId: body.jobId, headers: { 'x-test': '1' } },
      { route: 'status', dialect: 'soraGateway', jobId: body.jobId, status: 200, body: undefined },
    ]);
    server.clearRequests();
    expect(server.requests).toEqual([]);
  });

  it('lets pages in with credentials and all the headers they need', async () => {
    await using server = await createMockServer();
    const preflight = await fetch(server.url + GENERATE, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:5173',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, idempotency-key',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization, idempotency-key');
    const { headers } = await get(server, '/api/videos/status/x');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-expose-headers')).toMatch(/Content-Disposition.*Retry-After/);
    await using closed = await createMockServer({ cors: false });
    expect((await get(closed, '/api/videos/status/x')).headers.has('access-control-allow-origin')).toBe(
      false,
    );
  });
});
