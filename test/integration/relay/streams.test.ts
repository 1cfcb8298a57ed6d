import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { KEY, PageSocket, refusedWith, type Site, script, startSite, submitting } from './support.js';

afterEach(() => void vi.useRealTimers());

function calls(site: Site, route = 'status'): number {
  return site.upstream.requests.filter((request) => request.route === route).length;
}

describe('a socket that subscribes', () => {
  it('is acknowledged, told the last that is known, and then each change until the end', async () => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    const [job] = Array.from(site.upstream.jobs);
    job?.advance({ status: 'processing', progress: 20 });
    const socket = await site.socket();
    socket.say('subscribe', id);
    await socket.until({ jobId: id, progress: 20 });
    job?.advance({ progress: 60 });
    await socket.until({ jobId: id, progress: 60 });
    job?.complete();
    await socket.until({ jobId: id, status: 'completed' });
    expect(socket.frames.slice(0, 2)).toEqual([{ type: 'connected' }, { type: 'subscribed', jobId: id }]);
    expect(socket.frames.slice(2).map(({ progress }) => progress)).toEqual([20, 60, 100]);
    await expect.poll(() => site.relay.stats.jobs).toBe(0);
  });

  it('to a job that has ended is told the end', async () => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    for (const job of site.upstream.jobs) job.complete();
    const [first, second] = [await site.socket(), await site.socket()];
    first.say('subscribe', id);
    await first.until({ status: 'completed' });
    const before = site.upstream.requests.length;
    second.say('subscribe', id);
    expect(await second.until({ status: 'completed' })).toMatchObject({
      videoUrl: `/api/download?jobId=${id}`,
    });
    expect(site.upstream.requests).toHaveLength(before);
  });

  it('is told of a submit that is under way, and of what comes of it', async () => {
    const site = await startSite({ faults: [{ route: 'generate', type: 'slow', delayMs: 500 }] });
    const submit = site.call('/api/generate', submitting(script, 'a'));
    await expect.poll(() => calls(site, 'generate')).toBe(1);
    const list = async () =>
      ((await (await site.call('/api/jobs')).json()) as { jobs: { jobId: string }[] }).jobs;
    await expect.poll(list).toHaveLength(1);
    const jobId = (await list())[0]?.jobId;
    const socket = await site.socket();
    socket.say('subscribe', jobId);
    await socket.until({ jobId, status: 'queued' });
    await submit;
    for (const job of site.upstream.jobs) job.complete();
    await expect
      .poll(() => socket.frames, { timeout: 10_000 })
      .toContainEqual(expect.objectContaining({ jobId, status: 'completed' }));
  });

  it('no more is told nothing more', async () => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    const [socket, other] = [await site.socket(), await site.socket()];
    for (const one of [socket, other]) {
      one.say('subscribe', id);
      await one.until({ jobId: id, status: 'queued' });
    }
    socket.say('unsubscribe', id);
    await socket.until({ type: 'unsubscribed', jobId: id });
    for (const job of site.upstream.jobs) job.complete();
    await other.until({ status: 'completed' });
    socket.say('unsubscribe', id);
    await expect.poll(() => socket.frames.at(-1)).toEqual({ type: 'unsubscribed', jobId: id });
    expect(socket.frames.filter(({ status }) => status === 'completed')).toEqual([]);
  });

  it.each(['Invalid message format', 'Unknown action or missing jobId'])(
    'is told %j of nonsense, and stays open',
    async (error) => {
      const site = await startSite();
      const socket = await site.socket();
      socket.socket.send(error.startsWith('Invalid') ? '{' : '{"action":"dance"}');
      await socket.until({ error });
      expect(site.relay.stats.sockets).toBe(1);
    },
  );
});

describe('many who watch one job', () => {
  it('are one who follows it upstream, over sockets and event streams', async () => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    const sockets = await Promise.all(Array.from({ length: 10 }, () => site.socket()));
    const streams = await Promise.all(
      Array.from({ length: 5 }, () => site.call(`/api/jobs/events?jobIds=${id}`)),
    );
    for (const socket of sockets) socket.say('subscribe', id);
    for (const socket of sockets) await socket.until({ jobId: id, status: 'queued' });
    expect(site.relay.stats).toMatchObject({ sockets: 10, streams: 5, jobs: 1 });
    await expect.poll(() => site.upstream.connections.webSockets).toBe(1);
    const [upstream] = site.upstream.streams.open;
    await expect
      .poll(() => upstream?.received.filter((frame) => frame.includes('"subscribe"')))
      .toHaveLength(1);
    for (const job of site.upstream.jobs) job.complete();
    for (const socket of sockets) await socket.until({ status: 'completed' });
    for (const { body } of streams) await body?.cancel();
    for (const socket of sockets) socket.socket.close();
    await expect.poll(() => site.relay.stats).toEqual({ sockets: 0, streams: 0, jobs: 0, isDraining: false });
    await expect.poll(() => site.upstream.streams.open).toEqual([]);
  });

  it('cost one status call a job where they all come back at once', async () => {
    const site = await startSite(
      {},
      { limits: { socketsPerUser: 100 } },
      { transports: ['polling'], polling: { intervalMs: 60_000 } },
    );
    const page = site.page();
    const ids = await Promise.all(
      Array.from({ length: 5 }, async () => (await page.generate(script as never)).id),
    );
    const come = async () => {
      const sockets = await Promise.all(Array.from({ length: 40 }, () => site.socket()));
      for (const [index, socket] of sockets.entries()) socket.say('subscribe', ids[index % ids.length]);
      for (const [index, socket] of sockets.entries())
        await socket.until({ jobId: ids[index % ids.length], status: 'queued' });
      return sockets;
    };
    const sockets = await come();
    const before = calls(site);
    expect(before).toBeLessThanOrEqual(ids.length);
    for (const { socket } of sockets) socket.terminate();
    await expect.poll(() => site.relay.stats.jobs).toBe(0);
    await come();
    expect(calls(site) - before).toBeLessThanOrEqual(ids.length);
  });

  it('who poll cost one status call in five seconds', async () => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    const ask = async () =>
      (await (await site.call(`/api/videos/status/${id}`)).json()) as { status: string };
    const answers = await Promise.all(Array.from({ length: 50 }, ask));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['queued']));
    await ask();
    expect(calls(site)).toBe(1);
    // What is followed for somebody is known without a call.
    const socket = await site.socket();
    socket.say('subscribe', id);
    await expect.poll(() => site.upstream.connections.webSockets).toBe(1);
    for (const job of site.upstream.jobs) job.complete();
    await socket.until({ status: 'completed' });
    const before = calls(site);
    expect(await ask()).toMatchObject({ status: 'completed' });
    expect(calls(site)).toBe(before);
  });
});

describe('a page that is gone without a word', () => {
  it('is pinged every thirty seconds, and cut off after two pings without an answer', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const site = await startSite();
    const [alive, dead] = [await site.socket(), await site.socket()];
    await expect.poll(() => site.relay.stats.sockets).toBe(2);
    (dead.socket as unknown as { _autoPong: boolean })._autoPong = false;
    let pings = 0;
    alive.socket.on('ping', () => pings++);
    for (let passed = 1; passed <= 3; passed++) {
      vi.advanceTimersByTime(30_000);
      await expect.poll(() => pings).toBe(passed);
      // The answer is on its way.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await dead.closed).toBe(1006);
    await expect.poll(() => site.relay.stats.sockets).toBe(1);
    vi.advanceTimersByTime(30_000);
    await expect.poll(() => pings).toBe(4);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('hears a comment over its event stream at once, and every fifteen seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    const stream = await site.call(`/api/jobs/events?jobIds=${id}`);
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    let text = '';
    void (async () => {
      for await (const chunk of stream.body ?? []) text += new TextDecoder().decode(chunk as Uint8Array);
    })().catch(() => {});
    const comments = () => text.match(/^:$/gm)?.length ?? 0;
    await expect.poll(comments).toBe(1);
    expect(text).toMatch(/^:\n\n/);
    vi.advanceTimersByTime(15_000);
    await expect.poll(comments).toBe(2);
    vi.advanceTimersByTime(30_000);
    await expect.poll(comments).toBe(4);
    site.relay.close();
  });
});

describe('another site’s page', () => {
  const foreign = { origin: 'https://evil.example' };

  it('is refused before anybody is asked who that is, for upgrades and for what changes something', async () => {
    let asked = 0;
    const site = await startSite(
      {},
      {
        authenticate: () => {
          asked += 1;
          return { id: 'ada' };
        },
      },
    );
    expect(await refusedWith(site.socket('ada', foreign))).toBe(403);
    expect((await site.call('/api/generate', submitting(script, 'a', foreign))).status).toBe(403);
    expect((await site.call('/api/jobs/x', { method: 'DELETE', headers: foreign })).status).toBe(403);
    expect(asked).toBe(0);
    expect(site.upstream.requests).toEqual([]);
  });

  it('is let in where it is this site’s own, by its host or by name', async () => {
    const site = await startSite();
    const own = { origin: site.url.replace('http:', 'https:') };
    expect((await site.call('/api/generate', submitting(script, 'a', own))).status).toBe(200);
    await site.socket('ada', own);
    const named = await startSite({}, { allowedOrigins: ['https://app.example.com'] });
    await named.socket('ada', { origin: 'https://app.example.com' });
    expect(await refusedWith(named.socket('ada', { origin: named.url }))).toBe(403);
  });
});

describe('an upgrade', () => {
  it.each(['/', '/videos/api/generate', '/videosx', '/videos/x'])('at %s is answered 404', async (path) => {
    const site = await startSite();
    expect(await refusedWith(PageSocket.open(site.url + path, { cookie: 'session=ada' }))).toBe(404);
  });

  it('may carry a ticket in its URL', async () => {
    const site = await startSite(
      { manual: false, durationMs: 200 },
      {
        authenticate: ({ url, headers }) => {
          const ticket = new URL(url).searchParams.get('ticket') ?? headers.get('authorization');
          return ticket?.endsWith('t-ada') ? { id: 'ada' } : undefined;
        },
      },
    );
    const page = site.page('', {
      headers: { authorization: 'Ticket t-ada' },
      webSocketUrl: () => `${site.url}/videos?ticket=t-ada`,
      transports: ['websocket'],
    });
    const job = await page.generate(script as never);
    const serving: (string | undefined)[] = [];
    job.on('transport', ({ transport }) => serving.push(transport));
    await job.completed();
    expect(serving).toContain('websocket');
    expect(await refusedWith(PageSocket.open(`${site.url}/videos?ticket=t-eve`, {}))).toBe(401);
    expect(site.sent()).not.toContain(KEY);
  });
});
