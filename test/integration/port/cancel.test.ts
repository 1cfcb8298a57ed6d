import { describe, expect, it } from 'vitest';
import type { JobSnapshot } from '../../../src/core/model.js';
import { errorOf } from '../client/support.js';
import { json } from '../http/support.js';
import { callsOf, connect, plain, routes } from './support.js';

const queued = { id: 'a', status: 'queued' };
const backend = plain({
  cancel: (id: string) =>
    [
      { method: 'POST', url: `/new/${id}/cancel` },
      { method: 'DELETE', url: `/jobs/${id}` },
    ] as const,
});
const refuse = (status: number) => (response: Parameters<typeof json>[0]) =>
  json(response, status, { error: 'no' });

describe('a backend that knows several ways to cancel', () => {
  it.each([404, 405, 501])('tries the next where the first is answered %i', async (status) => {
    const server = await routes({
      'GET /jobs/a': [queued, { id: 'a', status: 'failed', error: 'cancelled' }],
      'POST /new/a/cancel': refuse(status),
      'DELETE /jobs/a': {},
    });
    expect((await connect(server.url, backend).cancel('a')).status).toBe('failed');
    expect(callsOf(server)).toEqual(['GET /jobs/a', 'POST /new/a/cancel', 'DELETE /jobs/a', 'GET /jobs/a']);
  });

  it('makes one call where that is taken', async () => {
    const server = await routes({ 'GET /jobs/a': queued, 'POST /new/a/cancel': {} });
    // A wish: the job goes on.
    expect((await connect(server.url, backend).cancel('a')).status).toBe('queued');
    expect(callsOf(server)).not.toContain('DELETE /jobs/a');
  });

  it.each([405, 501])('says that the server cannot cancel where the last is answered %i', async (status) => {
    const server = await routes({
      'GET /jobs/a': queued,
      'POST /new/a/cancel': refuse(404),
      'DELETE /jobs/a': refuse(status),
    });
    const error = await errorOf(connect(server.url, backend).cancel('a'));
    expect(error).toMatchObject({
      name: 'ApiError',
      status,
      jobId: 'a',
      hint: expect.stringContaining('close()'),
    });
    expect(error.message).toContain('this server cannot cancel a job');
  });

  it('takes "no such job" for nothing of the kind where the server refused, and the job went on', async () => {
    let isThere = true;
    const server = await routes({
      'GET /jobs/a': (response) => (isThere ? json(response, 200, queued) : refuse(404)(response)),
      'POST /new/a/cancel': refuse(404),
      'DELETE /jobs/a': refuse(404),
    });
    const client = connect(server.url, backend);
    expect((await client.cancel('a')).status).toBe('queued');
    isThere = false;
    expect(await errorOf(client.status('a'))).toMatchObject({ code: 'not-found' });
  });

  it('takes "no such job" for cancelled only after a cancel of its own', async () => {
    let isThere = true;
    const server = await routes({
      'GET /jobs/a': (response) => (isThere ? json(response, 200, queued) : refuse(404)(response)),
      'POST /new/a/cancel': (response) => {
        isThere = false;
        json(response, 200, {});
      },
    });
    const [mine, other] = [connect(server.url, backend), connect(server.url, backend)];
    expect(await mine.cancel('a')).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
    expect(await mine.status('a')).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
    expect(await errorOf(other.status('a'))).toMatchObject({ code: 'not-found' });
  });
});

describe('"no such job" after a cancel', () => {
  it.each([
    ['failed, and was told to have', 500],
    ['was taken for a wish', 200],
  ])('of a job that was seen to go on is no end, where the cancel %s', async (_, taken) => {
    let answers = [queued, queued];
    const server = await routes({
      'GET /jobs/a': (response) => {
        const next = answers.shift();
        return next === undefined ? refuse(404)(response) : json(response, 200, next);
      },
      'POST /new/a/cancel': (response) => json(response, taken, {}),
    });
    const client = connect(server.url, backend, { retry: { attempts: 1 } });
    await client.cancel('a').catch(() => {});
    answers = [queued];
    await client.status('a');
    expect(await errorOf(client.status('a'))).toMatchObject({ code: 'not-found' });
  });

  it('is its end, whatever was said of the job while the cancel was under way', async () => {
    let asked = 0;
    let answerCancel = () => {};
    let answerLate = () => {};
    let stale: Promise<JobSnapshot> | undefined;
    const server = await routes({
      'GET /jobs/a'(response) {
        asked += 1;
        if (asked === 1) return json(response, 200, queued);
        if (asked === 2) {
          answerLate = () => json(response, 200, queued);
          return answerCancel();
        }
        if (asked === 3) answerLate();
        return refuse(404)(response);
      },
      'POST /new/a/cancel'(response) {
        answerCancel = () => json(response, 200, {});
        stale = client.status('a');
      },
    });
    const client = connect(server.url, backend);
    await client.cancel('a');
    await stale;
    expect(await client.status('a')).toMatchObject({ status: 'failed', errorCode: 'cancelled' });
  });
});

it('a backend is told what the status says of the job that it is to cancel', async () => {
  const asked: unknown[] = [];
  const telling = plain({
    cancel(id: string, known?: JobSnapshot) {
      asked.push(known);
      return { method: 'DELETE', url: `/jobs/${id}` } as const;
    },
  });
  const server = await routes({
    'GET /jobs/a': [
      { id: 'a', status: 'processing', progress: 40 },
      { id: 'a', status: 'failed', error: 'cancelled' },
    ],
    'DELETE /jobs/a': {},
  });
  await connect(server.url, telling).cancel('a');
  expect(asked).toMatchObject([{ id: 'a', status: 'processing', progress: 40 }]);
});
