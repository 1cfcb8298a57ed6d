import { connect as connectTcp } from 'node:net';
import { describe, expect, it } from 'vitest';
import { PageSocket, refusedWith, type Site, script, startSite, submitting } from './support.js';

async function ids(site: Site, count: number): Promise<string[]> {
  const page = site.page();
  return Promise.all(Array.from({ length: count }, async () => (await page.generate(script as never)).id));
}

describe('limits.socketsPerUser', () => {
  it('answers one socket or stream too many with 429, until another is closed, and no other user', async () => {
    const site = await startSite({}, { limits: { socketsPerUser: 2 } });
    const [id] = await ids(site, 1);
    const first = await site.socket();
    const stream = await site.call(`/api/jobs/events?jobIds=${id}`);
    expect(stream.status).toBe(200);
    expect(await refusedWith(site.socket())).toBe(429);
    const refused = await site.call(`/api/jobs/events?jobIds=${id}`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
    await site.socket('bob');
    first.socket.terminate();
    await expect.poll(() => site.relay.stats.sockets).toBe(1);
    await site.socket();
    await stream.body?.cancel();
    await expect.poll(() => site.relay.stats.streams).toBe(0);
    await site.socket();
  });

  it('holds where many come at once', async () => {
    const site = await startSite(
      {},
      {
        limits: { socketsPerUser: 5 },
        authenticate: async () => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          return { id: 'ada' };
        },
      },
    );
    const opened = await Promise.allSettled(Array.from({ length: 20 }, () => site.socket()));
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(site.relay.stats.sockets).toBe(5);
  });
});

it('limits.sockets answers one too many with 503, before anybody is asked who it is', async () => {
  let asked = 0;
  const site = await startSite(
    {},
    {
      limits: { sockets: 2 },
      authenticate: () => {
        asked += 1;
        return { id: `user-${asked}` };
      },
    },
  );
  await site.socket();
  await site.socket();
  expect(await refusedWith(site.socket())).toBe(503);
  expect(asked).toBe(2);
});

it('limits.jobsPerSocket closes a socket that wants to know of one more: 1008', async () => {
  const site = await startSite({}, { limits: { jobsPerSocket: 2 } });
  const [one, two, three] = await ids(site, 3);
  const socket = await site.socket();
  for (const id of [one, two]) socket.say('subscribe', id);
  for (const id of [one, two]) await socket.until({ jobId: id, status: 'queued' });
  // Again is not one more, and neither is another in place of one.
  socket.say('subscribe', one);
  socket.say('unsubscribe', two);
  socket.say('subscribe', three);
  await socket.until({ jobId: three, status: 'queued' });
  socket.say('subscribe', two);
  expect(await socket.closed).toBe(1008);
  await expect.poll(() => site.relay.stats).toMatchObject({ sockets: 0, jobs: 0 });
});

it('limits.jobsPerStream answers a stream of one more with 400', async () => {
  const site = await startSite({}, { limits: { jobsPerStream: 2 } });
  const [one, two, three] = await ids(site, 3);
  const stream = await site.call(`/api/jobs/events?jobIds=${one},${two},${one}`);
  expect(stream.status).toBe(200);
  await stream.body?.cancel();
  expect((await site.call(`/api/jobs/events?jobIds=${one},${two},${three}`)).status).toBe(400);
  expect((await site.call('/api/jobs/events?jobIds=')).status).toBe(400);
  expect((await site.call('/api/jobs/events')).status).toBe(400);
});

describe('limits.bodyBytes', () => {
  it('answers a larger body with 413, whether its length is told or not', async () => {
    const site = await startSite({}, { limits: { bodyBytes: 1_000 } });
    const large = JSON.stringify({ script: 'x'.repeat(2_000_000) });
    expect((await site.call('/api/generate', { method: 'POST', body: large })).status).toBe(413);
    const stream = new Blob([large]).stream();
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
    expect((await site.call('/api/generate', init)).status).toBe(413);
    expect(site.upstream.requests).toEqual([]);
    expect((await site.call('/api/generate', submitting({ script: 'x'.repeat(900) }))).status).toBe(200);
  });

  it('answers a body that breaks off with nothing, and makes nothing of it', async () => {
    const site = await startSite();
    const { port } = new URL(site.url);
    const socket = connectTcp(Number(port), '127.0.0.1');
    socket.write(
      'POST /videos/api/generate HTTP/1.1\r\nHost: x\r\nCookie: session=ada\r\nContent-Length: 100\r\n\r\n{"script":',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    expect((await site.call('/api/jobs')).status).toBe(200);
    expect(site.upstream.requests).toEqual([]);
  });
});

it('limits.frameBytes closes a socket that sends a larger frame: 1009', async () => {
  const site = await startSite({}, { limits: { frameBytes: 1_000 } });
  const socket = await site.socket();
  socket.socket.send(JSON.stringify({ action: 'x', jobId: 'x'.repeat(900) }));
  await socket.until({ error: 'Unknown action or missing jobId' });
  socket.socket.send(JSON.stringify({ action: 'x', jobId: 'x'.repeat(1_000) }));
  expect(await socket.closed).toBe(1009);
});

it('more messages than twice limits.jobsPerSocket at once close the socket: 1008', async () => {
  const site = await startSite({}, { limits: { jobsPerSocket: 10 } });
  const socket = await site.socket();
  for (let sent = 0; sent < 20; sent++) socket.say('unsubscribe', 'x');
  await expect.poll(() => socket.frames.length).toBe(21);
  for (let sent = 0; sent < 100; sent++) socket.say('unsubscribe', 'x');
  expect(await socket.closed).toBe(1008);
});

describe('a page that reads too slowly', () => {
  const UPDATES = 20_000;

  /** Reads nothing that comes, until it is told to; its job has filled what the system holds for it. */
  async function startDeaf(limits: { bufferedBytes?: number }) {
    const site = await startSite({ style: 'field' }, { limits });
    const all = await ids(site, 40);
    const [deaf, quick] = [
      await PageSocket.open(`${site.direct}/videos/`, { cookie: 'session=ada' }),
      await site.socket(),
    ];
    for (const socket of [deaf, quick]) {
      for (const id of all) socket.say('subscribe', id);
      for (const id of all) await socket.until({ jobId: id, status: 'queued' });
    }
    await expect.poll(() => site.upstream.streams.open[0]?.jobIds.size).toBe(all.length);
    deaf.socket.pause();
    const [job] = Array.from(site.upstream.jobs);
    for (let update = 1; update <= UPDATES; update++) {
      job?.advance({ status: 'processing', progress: (99 * update) / UPDATES, message: 'x '.repeat(240) });
      if (update % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await quick.until({ progress: 99 });
    return { site, all, deaf, quick, id: all[0] ?? '' };
  }

  it('is told the newest alone when it reads again, and each end', async () => {
    const { site, all, deaf } = await startDeaf({});
    const updates = () => deaf.frames.filter(({ status }) => status === 'processing');
    const before = updates().length;
    for (const job of [...site.upstream.jobs].slice(1)) job.complete();
    deaf.socket.resume();
    await deaf.until({ progress: 99 });
    for (const id of all.slice(1)) await deaf.until({ jobId: id, status: 'completed' });
    expect(updates().length - before).toBeLessThan(UPDATES);
    expect(site.relay.stats.sockets).toBe(2);
  }, 60_000);

  it('is cut off beyond limits.bufferedBytes, and the others are told all the same', async () => {
    const { site, all, deaf, quick } = await startDeaf({ bufferedBytes: 2_000 });
    for (const job of site.upstream.jobs) job.complete();
    for (const id of all) await quick.until({ jobId: id, status: 'completed' });
    await expect.poll(() => site.relay.stats.sockets).toBe(1);
    deaf.socket.resume();
    expect(await deaf.closed).toBe(1006);
  }, 60_000);
});
