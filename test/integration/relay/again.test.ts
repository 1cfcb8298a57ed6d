import { describe, expect, it } from 'vitest';
import { type Site, script, startSite, submitting } from './support.js';

/** What a page does again and again costs the server behind once. */
const CALM = { polling: { intervalMs: 600_000 }, timeouts: { silenceMs: 600_000, headStartMs: 60_000 } };

function calls(site: Site, route: string): number {
  return site.upstream.requests.filter((request) => request.route === route).length;
}

describe('a page that comes and goes', () => {
  it('by subscribing and unsubscribing has its job followed once', async () => {
    const site = await startSite({ style: 'field' }, {}, { ...CALM, transports: ['websocket'] });
    const { id } = await site.page().generate(script as never);
    const socket = await site.socket();
    socket.say('subscribe', id);
    // Greeted and acknowledged: from here on it is followed by the socket.
    await expect.poll(() => site.upstream.streams.all.some(({ sent }) => sent > 1)).toBe(true);
    const before = calls(site, 'status');
    for (let times = 0; times < 20; times++) {
      socket.say('unsubscribe', id);
      socket.say('subscribe', id);
    }
    await expect.poll(() => socket.frames.filter(({ type }) => type === 'subscribed')).toHaveLength(21);
    expect(calls(site, 'websocket')).toBe(1);
    expect(calls(site, 'status') - before).toBeLessThanOrEqual(1);
    for (const job of site.upstream.jobs) job.complete();
    await socket.until({ jobId: id, status: 'completed' });
  });

  it('by opening and leaving event streams has its job followed once, and then by nobody', async () => {
    const site = await startSite({}, {}, { ...CALM, transports: ['websocket'] });
    const { id } = await site.page().generate(script as never);
    for (let times = 0; times < 20; times++) {
      const stream = await site.call(`/api/jobs/events?jobIds=${id}`);
      await stream.body?.cancel();
    }
    await expect.poll(() => site.relay.stats).toMatchObject({ streams: 0, jobs: 0 });
    expect(calls(site, 'websocket')).toBe(1);
    await expect.poll(() => site.upstream.connections.webSockets).toBe(0);
  });
});

it('a server that fails is asked once a second at most, however many pages ask, and each is told', async () => {
  const site = await startSite({ faults: [{ route: 'status', type: 'status', status: 404 }] });
  const { id } = await site.page().generate(script as never);
  // By another process, which was told nothing by the submit.
  const other = await startSite({}, {}, { baseUrl: site.upstream.url, jobs: site.client.jobs });
  const startedAt = performance.now();
  for (let times = 0; times < 30; times++)
    expect((await other.call(`/api/videos/status/${id}`)).status).toBe(502);
  expect(calls(site, 'status')).toBeLessThanOrEqual(1 + (performance.now() - startedAt) / 1_000);
});

describe('a submit that is under way', () => {
  it('is not forgotten: its job would be nobody’s', async () => {
    const site = await startSite({ faults: [{ route: 'generate', type: 'slow', delayMs: 400 }] });
    const submit = site.call('/api/generate', submitting(script, 'a'));
    const list = async () =>
      ((await (await site.call('/api/jobs')).json()) as { jobs: { jobId: string }[] }).jobs;
    await expect.poll(list).toHaveLength(1);
    const id = (await list())[0]?.jobId;
    const forgotten = await site.call(`/api/jobs/${id}`, { method: 'DELETE' });
    expect(forgotten.status).toBe(409);
    expect(await forgotten.json()).toEqual({ error: 'A submit with this key is under way', jobId: id });
    expect(await (await submit).json()).toMatchObject({ jobId: id });
    expect((await site.call(`/api/videos/status/${id}`)).status).toBe(200);
    expect((await site.call(`/api/jobs/${id}`, { method: 'DELETE' })).status).toBe(204);
  });
});
