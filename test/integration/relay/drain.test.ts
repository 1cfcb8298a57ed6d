import { describe, expect, it } from 'vitest';
import { refusedWith, script, startSite, submitting } from './support.js';

describe('a relay that drains', () => {
  it('closes its sockets with 1012 one after the other, ends its streams, and takes no new ones', async () => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    const sockets = await Promise.all(Array.from({ length: 10 }, () => site.socket()));
    const streams = await Promise.all(
      Array.from({ length: 2 }, () => site.call(`/api/jobs/events?jobIds=${id}`)),
    );
    const ends = [
      ...sockets.map(({ closed }) => closed),
      ...streams.map((stream) => stream.text().then(() => 'ended')),
    ];
    const left = new Set<number>();
    const look = setInterval(() => left.add(site.relay.stats.sockets), 10);
    const drained = site.relay.drain({ forMs: 2_000 });
    expect(site.relay.stats.isDraining).toBe(true);
    expect(await refusedWith(site.socket())).toBe(503);
    expect((await site.call(`/api/jobs/events?jobIds=${id}`)).status).toBe(503);
    await drained;
    clearInterval(look);
    expect(await Promise.all(ends)).toEqual([...Array(10).fill(1012), 'ended', 'ended']);
    // Not all at once.
    expect(left.size).toBeGreaterThanOrEqual(5);
    expect(site.relay.stats).toMatchObject({ sockets: 0, streams: 0, jobs: 0 });
  });

  it('answers calls on, and finishes what is under way', async () => {
    const site = await startSite({ faults: [{ route: 'generate', type: 'slow', delayMs: 300 }] });
    const submit = site.call('/api/generate', submitting(script));
    await expect.poll(() => site.upstream.requests.length).toBe(1);
    await site.relay.drain({ forMs: 0 });
    const { jobId } = (await (await submit).json()) as { jobId: string };
    expect((await site.call(`/api/videos/status/${jobId}`)).status).toBe(200);
  });

  it('has its pages go to whoever serves next, and lose nothing', async () => {
    const site = await startSite();
    const next = await startSite();
    const job = await site.page('ada', { transports: ['websocket', 'polling'] }).generate(script as never);
    const ended = job.completed();
    await expect.poll(() => site.relay.stats.sockets).toBe(1);
    await site.relay.drain({ forMs: 10 });
    for (const one of site.upstream.jobs) one.complete();
    expect(await ended).toMatchObject({ status: 'completed' });
    expect(next.relay.stats.isDraining).toBe(false);
  });
});

describe('a relay that is closed', () => {
  it('closes all at once, and answers 503', async () => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    const socket = await site.socket();
    socket.say('subscribe', id);
    await socket.until({ status: 'queued' });
    const stream = await site.call(`/api/jobs/events?jobIds=${id}`);
    site.relay.close();
    site.relay.close();
    expect(await socket.closed).toBe(1001);
    await stream.text();
    expect((await site.call('/api/jobs')).status).toBe(503);
    expect(await refusedWith(site.socket())).toBe(503);
    await expect.poll(() => site.upstream.streams.open).toEqual([]);
    // The client is the application's.
    expect((await site.client.status([...site.upstream.jobs][0]?.id ?? '')).status).toBe('queued');
  });
});
