import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { mockMedia } from '../../../src/mock-server/index.js';
import { KEY, script, startSite, submitting } from './support.js';

const SECRET = `wrong key ${KEY}`;

describe('what the server behind says to a submit', () => {
  it.each([
    [401, 502, null],
    [403, 502, null],
    [500, 502, null],
    [502, 502, null],
    [503, 503, '7'],
    [429, 429, '7'],
    [400, 400, null],
    [402, 402, null],
    [422, 422, null],
    [409, 502, null],
  ])('with a %i comes to the page as a %i, without its key', async (status, told, retryAfter) => {
    const site = await startSite(
      { faults: [{ route: 'generate', type: 'status', status, retryAfter: 7, body: { error: SECRET } }] },
      {},
      { retry: { attempts: 1 } },
    );
    const answer = await site.call('/api/generate', submitting(script));
    expect(answer.status).toBe(told);
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
    expect(await answer.json()).toEqual(expect.objectContaining({ error: expect.any(String) }));
    expect(site.sent()).not.toContain(KEY);
  });

  it('is told where it is about the input, without places and ids', async () => {
    const error =
      'Prompt refused, see https://api.example.com/policy?key=1 (request 5f1c0a9e-1b2c-4d3e-8f90-a1b2c3d4e5f6)';
    const site = await startSite({
      faults: [{ route: 'generate', type: 'status', status: 400, body: { error, raw: KEY } }],
    });
    const answer = await site.call('/api/generate', submitting(script));
    expect(await answer.json()).toEqual({ error: 'Prompt refused, see … (request …)' });
  });
});

describe('what the server behind says to a status call', () => {
  it.each([
    [401, 502],
    [403, 502],
    [500, 502],
    [503, 503],
    [429, 429],
    [404, 502],
  ])('with a %i comes to the page as a %i, without its words', async (status, told) => {
    const site = await startSite(
      { faults: [{ route: 'status', type: 'status', status, retryAfter: 7, body: { error: SECRET } }] },
      {},
      { retry: { attempts: 1 } },
    );
    const { id } = await site.page().generate(script as never);
    const answer = await site.call(`/api/videos/status/${id}`);
    expect(answer.status).toBe(told);
    expect(answer.headers.get('retry-after')).toBe([503, 429].includes(told) ? '7' : null);
    expect(site.sent()).not.toContain(KEY);
  });

  it('of its job comes with the page’s id, over every transport, the server’s nowhere', async () => {
    const site = await startSite({ style: 'field' });
    const { id } = await site.page().generate(script as never);
    const [job] = Array.from(site.upstream.jobs);
    const upstreamId = job?.id ?? '';
    const words = `Rendering ${upstreamId} at https://cdn.example.com/${upstreamId}?Signature=abc with ${KEY}`;
    const socket = await site.socket();
    const stream = await site.call(`/api/jobs/events?jobIds=${id}`);
    socket.say('subscribe', id);
    // What it said before that would be gone.
    await expect
      .poll(() => site.upstream.streams.open.some(({ jobIds }) => jobIds.has(upstreamId)))
      .toBe(true);
    job?.advance({ status: 'processing', progress: 30, message: words });
    const told = `Rendering ${id} at … with …`;
    await socket.until({ jobId: id, message: told });
    job?.fail(`No more of ${upstreamId}: ${words}`);
    // The relay's client has taken its own key out of a reason before.
    const reason = `No more of ${id}: Rendering ${id} at … with [redacted]`;
    await socket.until({ jobId: id, status: 'failed', error: reason });
    const status = await (await site.call(`/api/videos/status/${id}`)).json();
    expect(status).toMatchObject({ jobId: id, error: reason });
    await stream.body?.cancel();
    expect(site.sent()).toContain(id);
    for (const secret of [KEY, upstreamId, job?.upstreamId ?? '', 'cdn.example.com', 'Signature'])
      expect(site.sent()).not.toContain(secret);
  });
});

describe('what a video is called', () => {
  it('has the page’s id in place of the server’s, in its name and its validator', async () => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    const [job] = Array.from(site.upstream.jobs);
    job?.complete();
    const answer = await site.call(`/api/download?jobId=${id}`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(mockMedia('video'))).toBe(true);
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="video-${id}.mp4"`);
    expect(answer.headers.get('etag')).toMatch(/^"[\w-]{43}"$/);
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(site.sent()).not.toContain(job?.id);
  });
});

it('an upstream that is away is a 502', async () => {
  const site = await startSite({}, {}, { retry: { attempts: 1 } });
  const { id } = await site.page().generate(script as never);
  const { url } = site.upstream;
  await site.upstream.pause();
  expect((await site.call(`/api/videos/status/${id}`)).status).toBe(502);
  expect((await site.call('/api/generate', submitting(script))).status).toBe(502);
  expect(site.sent()).not.toContain(url.replace('http://', ''));
});

it('what goes wrong on this side is told to the logger, and to no page', async () => {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const site = await startSite(
    { faults: [{ route: 'status', type: 'status', status: 401, body: { error: 'no' } }] },
    { logger: { debug: write, info: write, warn: write, error: write } },
    { retry: { attempts: 1 } },
  );
  const { id } = await site.page().generate(script as never);
  await site.call(`/api/videos/status/${id}`);
  expect(lines).toEqual([expect.stringMatching(`relay: status of job ${id} answered 502: .*answered 401`)]);
});

it('a delivery that is refused is told to the logger of the relay', async () => {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const site = await startSite(
    {},
    {
      logger: { debug: write, info: write, warn: write, error: write },
      webhooks: { secret: 'shared' },
    },
  );
  const answer = await site.call('/webhook', { method: 'POST', body: '{}' });
  expect(answer.status).toBe(401);
  await expect.poll(() => lines).toEqual([expect.stringContaining('refused')]);
});

it('a logger that throws, and an authenticate that does, end nothing', async () => {
  const fail = () => {
    throw new Error(KEY);
  };
  const site = await startSite(
    {},
    { authenticate: fail, logger: { debug: fail, info: fail, warn: fail, error: fail } },
  );
  const answer = await site.call('/api/jobs');
  expect(answer.status).toBe(500);
  expect(await answer.json()).toEqual({ error: 'Internal error' });
});

it('a logger that rejects ends nothing', async () => {
  const rejects = vi.fn(async () => {
    throw new Error('the log is full');
  });
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  const site = await startSite(
    {},
    {
      authenticate: () => Promise.reject(new Error('no database')),
      logger: { debug: rejects, info: rejects, warn: rejects, error: rejects },
    },
  );
  expect((await site.call('/api/jobs')).status).toBe(500);
  // Told in a turn of its own.
  await new Promise((resolve) => setTimeout(resolve));
  expect([rejects.mock.calls.length, unhandled.mock.calls.length]).toEqual([1, 0]);
});

it.each([['tomorrow'], [1_800_000_000_000], [null]])(
  'a user whose expiresAt is %j, which is no date, is told of in words',
  async (expiresAt) => {
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const site = await startSite(
      {},
      {
        authenticate: () => ({ id: 'ada', expiresAt: expiresAt as never }),
        logger: { debug: write, info: write, warn: write, error: write },
      },
    );
    expect((await site.call('/api/jobs')).status).toBe(500);
    expect(lines).toEqual([
      expect.stringContaining('authenticate must give a user whose expiresAt is a Date, where there is one'),
    ]);
  },
);
