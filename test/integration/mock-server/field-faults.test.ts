import { get as getByHttp } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createMockServer, type MockFault, type MockServerOptions } from '../../../src/mock-server/index.js';
import { listen } from '../../support/listen.js';
import { later, until } from '../../support/until.js';
import { get, Listener, readEvents, someCalls } from './support.js';

// What servers and proxies in the field were seen to do.

const GENERATE = '/api/generate?renderVersion=v3';
const INPUT = { walletAddress: '0x1', script: 'Hi' };

async function withJob(fault: MockFault, options: MockServerOptions = {}) {
  const server = await createMockServer({ manual: true, faults: [fault], ...options });
  return Object.assign(server, { job: server.jobs.create({ id: 'a', videoBytes: 10_000 }) });
}

async function statusesOf(server: Awaited<ReturnType<typeof createMockServer>>, count: number) {
  const all: number[] = [];
  for (let i = 0; i < count; i++) all.push((await get(server, '/api/videos/status/a')).status);
  return all;
}

describe('faults of calls, as in the field', () => {
  it('let every other status call miss a job that goes on, as of two workers', async () => {
    await using server = await withJob({ route: 'status', type: 'status', status: 404, after: 1, every: 2 });
    expect(await statusesOf(server, 5)).toEqual([200, 404, 200, 404, 200]);
  });

  it('last for a time, and are over then', async () => {
    await using server = await withJob({ route: 'status', type: 'status', status: 404, lastsMs: 100 });
    expect(await statusesOf(server, 1)).toEqual([404]);
    await later(120);
    expect(await statusesOf(server, 2)).toEqual([200, 200]);
    expect(server.faults.size).toBe(0);
  });

  it('answer 503 to a submit that made a job', async () => {
    await using server = await createMockServer({ manual: true });
    const body = 'upstream connect error or disconnect/reset before headers';
    server.faults.add({ route: 'generate', type: 'status', status: 503, body, carriedOut: true });
    const response = await fetch(server.url + GENERATE, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(INPUT),
    });
    expect([response.status, await response.text()]).toEqual([503, body]);
    expect(server.jobs.size).toBe(1);
  });

  it('tell one job to wait, and no other', async () => {
    await using server = await withJob({ type: 'status', status: 429, retryAfter: 60, jobId: 'a' });
    server.jobs.create({ id: 'b' });
    const limited = await get(server, '/api/videos/status/a');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await get(server, '/api/videos/status/b')).status).toBe(200);
  });
});

describe('answers as in the field', () => {
  it('say pending for ever, and only videoAvailable tells the end', async () => {
    await using server = await createMockServer({ manual: true, staysPending: true });
    const job = server.jobs.create({ id: 'a' });
    const before = { jobId: 'a', status: 'pending', progress: 50, ready: false, videoAvailable: false };
    expect((await get(server, '/api/videos/status/a')).body).toEqual(before);
    job.complete();
    const after = { ...before, videoAvailable: true, videoId: job.upstreamId };
    expect((await get(server, '/api/videos/status/a')).body).toEqual(after);
  });

  it('name jobs by numbers beyond 2^53, with all of their digits, wherever they are named', async () => {
    const told: string[] = [];
    const { url } = await listen(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      told.push(body);
      response.end();
    });
    await using server = await createMockServer({
      manual: true,
      numericIds: true,
      webhooks: { gateway: { url } },
    });
    const job = server.jobs.create();
    expect(job.id).toMatch(/^\d{19}$/);
    const field = `"jobId":${job.id}`;
    const events = await readEvents(server, job.id);
    await using socket = await new Listener(server).opened();
    socket.send({ action: 'subscribe', jobId: job.id });
    await until(() => server.streams.open.every((stream) => stream.jobIds.has(job.id)));
    job.complete();
    await until(() => events.text() !== '' && socket.raw.length > 0 && told.length > 0);
    const status = await fetch(`${server.url}/api/videos/status/${job.id}`);
    for (const text of [await status.text(), events.text(), String(socket.raw[0]), told[0]])
      expect(text).toContain(field);
    const made = await fetch(server.url + GENERATE, { method: 'POST', body: JSON.stringify(INPUT) });
    expect(await made.text()).toBe(`{"jobId":${server.jobs.last?.id}}`);
    const video = await fetch(`${server.url}/v1/videos`, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'p' }),
    });
    expect(await video.text()).toContain(`{"id":${server.jobs.last?.id},`);
    events.abort();
  });
});

describe('streams as in the field', () => {
  it('carry JSON in binary frames', async () => {
    await using server = await withJob({ type: 'binary-frames' });
    await using socket = await new Listener(server).opened();
    await socket.subscribe(server, 'a');
    server.job.complete();
    await until(() => socket.raw.length === 1);
    expect(socket.raw[0]).toBeInstanceOf(Buffer);
    expect(socket.frames).toMatchObject([{ jobId: 'a', status: 'completed' }]);
  });

  it('send the head of an event stream with the first event only, and let go of who hangs up', async () => {
    await using server = await withJob({ type: 'held-head' });
    let opened = false;
    const opening = readEvents(server, 'a').then((events) => {
      opened = true;
      return events;
    });
    await until(() => server.streams.open.length === 1);
    await someCalls(server);
    expect(opened).toBe(false);
    server.job.complete();
    const events = await opening;
    await until(() => events.text().includes('"completed"'));
    events.abort();

    const gone = new AbortController();
    const call = fetch(`${server.url}/api/jobs/events?jobIds=a`, { signal: gone.signal });
    await until(() => server.streams.open.length === 1);
    gone.abort();
    await expect(call).rejects.toThrow();
    await until(() => server.streams.open.length === 0);
  });

  it('hold each event until the next, where the caller takes what is compressed', async () => {
    await using server = await withJob({ type: 'held-events' });
    const events = await readEvents(server, 'a');
    await until(() => server.streams.open.length === 1);
    server.job.advance({ status: 'processing', progress: 10 });
    await someCalls(server);
    expect(events.text()).toBe('');
    server.job.complete();
    await until(() => events.text() !== '');
    expect([events.text().includes('"processing"'), events.text().includes('"completed"')]).toEqual([
      true,
      false,
    ]);
    server.streams.close();
    await until(() => events.text().includes('"completed"'));
  });

  it.each([
    [false, true],
    [true, false],
  ])('hold events back from who asks for identity only where that is so (%s)', async (always, comes) => {
    await using server = await withJob({ type: 'held-events', always });
    const text = await new Promise<string>((resolve, reject) => {
      const url = `${server.url}/api/jobs/events?jobIds=a`;
      const call = getByHttp(url, { headers: { 'accept-encoding': 'identity' } }, async (response) => {
        let got = '';
        response.on('data', (chunk) => {
          got += chunk;
        });
        server.job.complete();
        if (comes) await until(() => got !== '');
        else await someCalls(server);
        resolve(got);
        call.destroy();
      });
      call.on('error', reject);
    });
    expect(text.includes('"completed"')).toBe(comes);
  });

  it.each([
    [undefined, 'completed'],
    ['update', 'update'],
  ])('give their events a name (%s)', async (name, expected) => {
    await using server = await withJob({ type: 'named-events', ...(name !== undefined && { name }) });
    const events = await readEvents(server, 'a');
    server.job.complete();
    await until(() => events.text() !== '');
    expect(events.text()).toMatch(
      new RegExp(`^event: ${expected}\ndata: \\{"jobId":"a","status":"completed"`),
    );
    events.abort();
  });
});

describe('files as in the field', () => {
  const file = async (fault: MockFault, headers: Record<string, string> = {}, more: MockFault[] = []) => {
    await using server = await withJob(fault);
    for (const one of more) server.faults.add(one);
    server.job.complete();
    const response = await fetch(`${server.url}/api/download?jobId=a&renderVersion=v3`, { headers });
    const of = (name: string) => response.headers.get(name);
    return { status: response.status, of, length: (await response.arrayBuffer()).byteLength };
  };
  const range = 'bytes=100-';

  it('come in parts that are shorter than what was asked for', async () => {
    const part = await file({ type: 'capped', bytes: 50 }, { range });
    expect([part.status, part.of('content-range'), part.length]).toEqual([206, 'bytes 100-149/10000', 50]);
    expect((await file({ type: 'capped', bytes: 50 })).status).toBe(200);
    const unasked = await file({ type: 'capped', bytes: 50, unasked: true }, {}, [
      { type: 'total', total: '*' },
    ]);
    expect([unasked.status, unasked.of('content-range'), unasked.length]).toEqual([206, 'bytes 0-49/*', 50]);
  });

  it('tell a total that is not theirs', async () => {
    const part = await file({ type: 'total', total: 12_345 }, { range });
    expect([part.of('content-range'), part.length]).toEqual(['bytes 100-9999/12345', 9_900]);
  });

  it('come without a length', async () => {
    const whole = await file({ type: 'no-length' });
    expect([whole.of('content-length'), whole.of('transfer-encoding'), whole.length]).toEqual([
      null,
      'chunked',
      10_000,
    ]);
  });

  it('are another one with other validators, whatever If-Range says', async () => {
    const first = await file({ type: 'no-length' });
    const changed = await file({ type: 'changed' }, { range, 'if-range': first.of('etag') ?? '' }, [
      { type: 'ignore-if-range' },
    ]);
    expect(changed.status).toBe(206);
    expect(changed.of('etag')).not.toBe(first.of('etag'));
    expect(changed.of('last-modified')).not.toBe(first.of('last-modified'));
  });

  it('have a weak validator, or a date alone', async () => {
    expect((await file({ type: 'weak-etag' })).of('etag')).toMatch(/^W\/"/);
    const dated = await file({ type: 'no-etag' });
    expect([dated.of('etag'), typeof dated.of('last-modified')]).toEqual([null, 'string']);
  });

  it('are an error in plain text', async () => {
    const text = await file({ type: 'status', status: 200, body: 'Link has expired' });
    expect([text.status, text.of('content-type'), text.length]).toEqual([
      200,
      'text/plain; charset=utf-8',
      16,
    ]);
  });
});
