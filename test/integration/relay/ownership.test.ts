import { describe, expect, it } from 'vitest';
import type { relayBackend } from '../../../src/backends/relay.js';
import type { BoundOperations } from '../../../src/client/client-types.js';
import { refusedWith, type Site, script, startSite, submitting } from './support.js';

const ROUTES: Readonly<Record<string, (id: string) => [string, RequestInit?]>> = {
  'status by path': (id) => [`/api/videos/status/${encodeURIComponent(id)}`],
  'status by query': (id) => [`/api/status?jobId=${encodeURIComponent(id)}`],
  download: (id) => [`/api/download?jobId=${encodeURIComponent(id)}`],
  'part of a download': (id) => [
    `/api/download?jobId=${encodeURIComponent(id)}`,
    { headers: { range: 'bytes=0-9' } },
  ],
  'event stream': (id) => [`/api/jobs/events?jobIds=${encodeURIComponent(id)}`],
  forget: (id) => [`/api/jobs/${encodeURIComponent(id)}`, { method: 'DELETE' }],
};

const MINE: Readonly<Record<string, number>> = { 'part of a download': 206, forget: 204 };

/** Ada's job, completed, which the relay has heard of or not. */
async function startWithJob(isKnown: boolean): Promise<{ site: Site; id: string }> {
  const site = await startSite();
  const { id } = await site.page('ada').generate(script as never);
  for (const job of site.upstream.jobs) job.complete();
  if (isKnown) expect((await site.call(`/api/videos/status/${id}`)).status).toBe(200);
  return { site, id };
}

const expired = `ada.${Date.now() - 1_000}`;

describe.each([
  ['that the relay has heard of', true],
  ['that the relay has yet to hear of', false],
])('a job %s', (_, isKnown) => {
  describe.each(Object.entries(ROUTES))('over %s', (name, route) => {
    it('is there for its user', async () => {
      const { site, id } = await startWithJob(isKnown);
      const answer = await site.call(...route(id));
      expect(answer.status).toBe(MINE[name] ?? 200);
      await answer.body?.cancel();
    });

    it.each([
      ['another user', (id: string) => id, 'eve'],
      ['its user by another id', () => 'unknown', 'ada'],
      ['its user by the server’s id', (_id: string, upstream: string) => upstream, 'ada'],
      ['its user by an id that is none', () => 'a b', 'ada'],
      ['its user by a path', () => '../jobs', 'ada'],
    ])('is not there for %s', async (_who, idOf, user) => {
      const { site, id } = await startWithJob(isKnown);
      const [made] = Array.from(site.upstream.jobs);
      const before = site.upstream.requests.length;
      const [path, init] = route(idOf(id, made?.id ?? ''));
      const answer = await site.call(path, init, user);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toEqual({ error: expect.stringMatching(/^(No such job|Not found)$/) });
      expect(site.upstream.requests).toHaveLength(before);
    });

    it.each([
      ['nobody', ''],
      ['a session that has expired', expired],
    ])('is not to be asked for by %s', async (_who, session) => {
      const { site, id } = await startWithJob(isKnown);
      const [path, init] = route(id);
      for (const asked of [path, route('unknown')[0]])
        expect((await site.call(asked, init, session)).status).toBe(401);
    });
  });
});

describe('in frames', () => {
  it('a job is told to its user, and is not there for all others', async () => {
    const { site, id } = await startWithJob(false);
    const [made] = Array.from(site.upstream.jobs);
    const [ada, eve] = [await site.socket('ada'), await site.socket('eve')];
    ada.say('subscribe', id);
    await ada.until({ jobId: id, status: 'completed' });
    expect(ada.frames.slice(0, 2)).toEqual([{ type: 'connected' }, { type: 'subscribed', jobId: id }]);

    const absent = [id, 'unknown', made?.id ?? ''];
    for (const asked of absent) eve.say('subscribe', asked);
    await expect.poll(() => eve.frames).toHaveLength(4);
    expect(eve.frames.slice(1)).toEqual(absent.map((jobId) => ({ error: 'No such job', jobId })));
    for (const asked of absent) eve.say('unsubscribe', asked);
    await expect.poll(() => eve.frames).toHaveLength(7);
  });

  it('what comes later of a job is told to its user alone', async () => {
    const site = await startSite();
    const { id } = await site.page('ada').generate(script as never);
    const [ada, eve] = [await site.socket('ada'), await site.socket('eve')];
    ada.say('subscribe', id);
    eve.say('subscribe', id);
    await ada.until({ jobId: id, status: 'queued' });
    for (const job of site.upstream.jobs) job.complete();
    await ada.until({ jobId: id, status: 'completed' });
    expect(eve.frames).toEqual([{ type: 'connected' }, { error: 'No such job', jobId: id }]);
  });

  it('nothing is told once the session has expired: 4401', async () => {
    const site = await startSite();
    const { id } = await site.page('ada').generate(script as never);
    const socket = await site.socket(`ada.${Date.now() + 1_000}`);
    socket.say('subscribe', id);
    await socket.until({ jobId: id, status: 'queued' });
    expect(await socket.closed).toBe(4401);
    expect(await refusedWith(site.socket(expired))).toBe(401);
    expect(await refusedWith(site.socket(''))).toBe(401);
    expect(site.relay.stats).toMatchObject({ sockets: 0, jobs: 0 });
  });
});

describe('an event stream', () => {
  it('tells the jobs of its user, and of the others that they are not there', async () => {
    const { site, id } = await startWithJob(false);
    const mine = await site.call(`/api/jobs/events?jobIds=${id},unknown`);
    expect(mine.status).toBe(200);
    let text = '';
    for await (const chunk of mine.body ?? []) {
      text += new TextDecoder().decode(chunk as Uint8Array);
      if (text.includes('completed') && text.includes('unknown')) break;
    }
    const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data));
    expect(events).toContainEqual({ error: 'No such job', jobId: 'unknown' });
    expect(events).toContainEqual(expect.objectContaining({ jobId: id, status: 'completed' }));
  });

  it('ends with the session', async () => {
    const site = await startSite();
    const { id } = await site.page('ada').generate(script as never);
    const stream = await site.call(`/api/jobs/events?jobIds=${id}`, {}, `ada.${Date.now() + 1_000}`);
    expect(await stream.text()).toContain('queued');
    expect(site.relay.stats).toMatchObject({ streams: 0, jobs: 0 });
  });
});

it('a list is of one user’s jobs, newest first, and a job that is forgotten is on it no more', async () => {
  const site = await startSite();
  const page = site.page('ada');
  const ids: string[] = [];
  for (let made = 0; made < 3; made++) {
    ids.unshift((await page.generate(script as never)).id);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await site.page('eve').generate(script as never);
  const list = async () => {
    const answer = (await (await site.call('/api/jobs')).json()) as { jobs: { jobId: string }[] };
    return answer.jobs.map(({ jobId }) => jobId);
  };
  expect(await list()).toEqual(ids);
  const forgotten = ids[1] ?? '';
  expect((await site.call(`/api/jobs/${forgotten}`, { method: 'DELETE' })).status).toBe(204);
  expect(await list()).toEqual([ids[0], ids[2]]);
  expect((await site.call(`/api/videos/status/${forgotten}`)).status).toBe(404);
  expect((await site.call('/api/jobs', {}, '')).status).toBe(401);
});

it('a page lists and forgets by its backend', async () => {
  const site = await startSite();
  const page = site.page('ada');
  const job = await page.generate(script as never);
  const { list, forget } = page.backend as unknown as BoundOperations<ReturnType<typeof relayBackend>>;
  expect(await list()).toEqual({
    jobs: [{ jobId: job.id, status: 'queued', progress: 0, createdAt: expect.any(String) }],
  });
  await forget(job.id);
  expect(await list({})).toEqual({ jobs: [] });
});

describe('a job that its user takes off the list', () => {
  it('is told to be no such job to those who watch it, and is followed no longer', async () => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    const socket = await site.socket();
    socket.say('subscribe', id);
    await socket.until({ jobId: id, status: 'queued' });
    const stream = await site.call(`/api/jobs/events?jobIds=${id}`);
    expect(site.relay.stats.jobs).toBe(1);
    expect((await site.call(`/api/jobs/${id}`, { method: 'DELETE' })).status).toBe(204);
    await socket.until({ jobId: id, error: 'No such job' });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('No such job')) text += (await reader?.read())?.value ?? '';
    await reader?.cancel();
    expect(site.relay.stats.jobs).toBe(0);
  });

  /** A relay that finds out whether a user may watch the second job of an input only once `allow` is called. */
  async function startSlow() {
    let allow: () => void = () => {};
    let asked: () => void = () => {};
    const isAllowed = new Promise<void>((resolve) => {
      allow = resolve;
    });
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    let slow = '';
    const site = await startSite(
      {},
      {
        authorize: async (_, { type, jobId }) => {
          if (type !== 'subscribe' || jobId !== slow) return;
          asked();
          await isAllowed;
        },
      },
    );
    const quickId = (await site.page().generate(script as never)).id;
    const slowId = (await site.page().generate(script as never)).id;
    slow = slowId;
    return { site, quickId, slowId, isAsked, allow };
  }

  it('is not followed for a page whose leave to watch it was still being looked for', async () => {
    const { site, slowId, isAsked, allow } = await startSlow();
    const socket = await site.socket();
    socket.say('subscribe', slowId);
    await isAsked;
    expect((await site.call(`/api/jobs/${slowId}`, { method: 'DELETE' })).status).toBe(204);
    allow();
    await socket.until({ jobId: slowId, error: 'No such job' });
    expect(site.relay.stats.jobs).toBe(0);
  });

  it('is not followed for a stream that was still waiting for another of its jobs', async () => {
    const { site, quickId, slowId, isAsked, allow } = await startSlow();
    const opening = site.call(`/api/jobs/events?jobIds=${quickId},${slowId}`);
    await isAsked;
    expect((await site.call(`/api/jobs/${quickId}`, { method: 'DELETE' })).status).toBe(204);
    allow();
    const reader = (await opening).body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes(quickId) || !text.includes(slowId)) text += (await reader?.read())?.value ?? '';
    expect(text).toContain(`{"error":"No such job","jobId":"${quickId}"}`);
    expect(site.relay.stats.jobs).toBe(1);
    await reader?.cancel();
  });
});

describe('whether a user may', () => {
  it('is asked for each action by name, once the job is known to be the user’s', async () => {
    const asked: string[] = [];
    const site = await startSite(
      {},
      { authorize: ({ id }, action) => void asked.push(`${id} ${action.type} ${action.jobId}`) },
    );
    const { jobId } = (await (await site.call('/api/generate', submitting(script))).json()) as {
      jobId: string;
    };
    for (const job of site.upstream.jobs) job.complete();
    await site.call(`/api/videos/status/${jobId}`);
    await (await site.call(`/api/download?jobId=${jobId}`)).arrayBuffer();
    await (await site.call(`/api/jobs/events?jobIds=${jobId}`)).body?.cancel();
    const socket = await site.socket();
    socket.say('subscribe', jobId);
    await socket.until({ status: 'completed' });
    await site.call('/api/jobs');
    await site.call(`/api/videos/status/${jobId}`, {}, 'eve');
    await site.call(`/api/jobs/${jobId}`, { method: 'DELETE' });
    expect(asked).toEqual([
      'ada generate undefined',
      ...['status', 'download', 'subscribe', 'subscribe'].map((type) => `ada ${type} ${jobId}`),
      'ada list undefined',
      `ada forget ${jobId}`,
    ]);
  });

  it('is told in a frame without an end of the job', async () => {
    const site = await startSite({}, { authorize: (_, { type }) => type !== 'subscribe' });
    const { id } = await site.page('ada').generate(script as never);
    const socket = await site.socket();
    socket.say('subscribe', id);
    expect(await socket.until({ jobId: id })).toEqual({ error: 'Not allowed', jobId: id });
    expect((await site.call(`/api/jobs/events?jobIds=${id}`)).status).toBe(403);
  });
});
