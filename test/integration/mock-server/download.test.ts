import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  createMockServer,
  type MockFault,
  type MockServer,
  type MockServerOptions,
  mockMedia,
  patternBytes,
} from '../../../src/mock-server/index.js';
import { later, until } from '../../support/until.js';

const VIDEO = mockMedia();

async function finished(options: MockServerOptions = {}, fault?: MockFault) {
  const server = await createMockServer({ manual: true, ...options });
  if (fault) server.faults.add(fault);
  const job = server.jobs.create({ id: 'job-12345678' }).complete();
  return Object.assign(server, {
    job,
    file: (headers: Record<string, string> = {}) => fetch(urlOf(server), { headers }),
  });
}

function urlOf(server: MockServer): string {
  return `${server.url}/api/download?jobId=job-12345678&renderVersion=v3`;
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

describe('downloads from the mock server', () => {
  it('come with their length, a name, a validator and ranges', async () => {
    await using server = await finished();
    const { headers, status } = await server.file();
    expect(status).toBe(200);
    expect(headers.get('content-length')).toBe(String(VIDEO.length));
    expect(headers.get('content-disposition')).toBe('attachment; filename="video-job-1234.mp4"');
    expect(headers.get('accept-ranges')).toBe('bytes');
    expect(headers.get('etag')).toMatch(/^"[\w-]+"$/);
    expect(Date.parse(headers.get('last-modified') ?? '')).not.toBeNaN();
    expect(headers.has('repr-digest')).toBe(false);
  });

  it('come with a digest where so asked', async () => {
    await using server = await finished({ digest: true });
    const expected = createHash('sha256').update(VIDEO).digest('base64');
    expect((await server.file()).headers.get('repr-digest')).toBe(`sha-256=:${expected}:`);
  });

  it.each([
    ['bytes=0-99', 0, 100],
    ['bytes=14000-', 14000, VIDEO.length],
    ['bytes=-50', VIDEO.length - 50, VIDEO.length],
    ['bytes=14000-999999', 14000, VIDEO.length],
  ])('give the part %s', async (range, start, end) => {
    await using server = await finished();
    const response = await server.file({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${VIDEO.length}`);
    expect(await bytesOf(response)).toEqual(VIDEO.slice(start, end));
  });

  it.each(['bytes=5-2', 'bytes=-', 'lines=1-2', 'bytes=0-1,4-5'])('give the whole for %s', async (range) => {
    await using server = await finished();
    expect((await server.file({ range })).status).toBe(200);
  });

  it('have nothing behind their end', async () => {
    await using server = await finished();
    const response = await server.file({ range: `bytes=${VIDEO.length}-` });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${VIDEO.length}`);
  });

  it('give the part only of the file that was begun', async () => {
    await using server = await finished();
    const { headers } = await server.file();
    const range = 'bytes=10-';
    for (const validator of ['etag', 'last-modified'])
      expect((await server.file({ range, 'if-range': headers.get(validator) ?? '' })).status).toBe(206);
    expect((await server.file({ range, 'if-range': '"another"' })).status).toBe(200);
  });

  it('answer HEAD without a body', async () => {
    await using server = await finished();
    const response = await fetch(urlOf(server), { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe(String(VIDEO.length));
    expect((await bytesOf(response)).length).toBe(0);
  });

  it('are of any size, and each part of them is known', async () => {
    await using server = await finished({ videoBytes: 3_000_000_000 });
    const range = 'bytes=2999990000-';
    expect(await bytesOf(await server.file({ range }))).toEqual(patternBytes(2_999_990_000, 10_000));
    const small = await finished({ videoBytes: 200_000 });
    expect(await bytesOf(await small.file())).toEqual(patternBytes(0, 200_000));
    await small.close();
  });

  it('wait for a slow reader with little in memory', async () => {
    await using server = await finished({ videoBytes: 1_000_000_000 });
    const before = process.memoryUsage().rss;
    const reader = (await server.file()).body?.getReader();
    await reader?.read();
    await later(200);
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    await reader?.cancel();
  });
});

describe('faults of downloads', () => {
  it('drop at a byte, and let a resumed one pass behind it', async () => {
    await using server = await finished({}, { route: 'download', type: 'drop', atByte: 5_000 });
    const response = await server.file();
    expect(response.headers.get('content-length')).toBe(String(VIDEO.length));
    const got: number[] = [];
    const read = (async () => {
      if (response.body) for await (const chunk of response.body) got.push(...chunk);
    })();
    await expect(read).rejects.toThrow();
    expect(Uint8Array.from(got)).toEqual(VIDEO.slice(0, 5_000));
    await expect(bytesOf(await server.file({ range: 'bytes=4000-' }))).rejects.toThrow();
    expect(await bytesOf(await server.file({ range: 'bytes=5001-' }))).toEqual(VIDEO.slice(5_001));
  });

  it('end too early, with and without a declared length', async () => {
    await using declared = await finished({}, { type: 'short', bytes: 100 });
    await expect(declared.file().then(bytesOf)).rejects.toThrow();
    await using silent = await finished({}, { type: 'short', bytes: 100, declared: false });
    const response = await silent.file();
    expect(response.headers.has('content-length')).toBe(false);
    expect(await bytesOf(response)).toEqual(VIDEO.slice(0, 100));
  });

  it('are empty, JSON, or HTML', async () => {
    await using empty = await finished({}, { type: 'empty' });
    const nothing = await empty.file();
    expect([nothing.status, (await bytesOf(nothing)).length]).toEqual([200, 0]);
    await using json = await finished({}, { type: 'json', body: { error: 'odd' } });
    const text = await json.file();
    expect(text.headers.get('content-type')).toMatch('application/json');
    expect(await text.json()).toEqual({ error: 'odd' });
    await using html = await finished({}, { type: 'html' });
    expect((await html.file()).headers.get('content-type')).toMatch('text/html');
  });

  it('find another file when resumed', async () => {
    await using server = await finished({}, { type: 'changed' });
    const etag = (await server.file()).headers.get('etag') ?? '';
    const resumed = await server.file({ range: 'bytes=10-', 'if-range': etag });
    expect(resumed.status).toBe(200);
    expect(resumed.headers.get('etag')).not.toBe(etag);
    expect(await bytesOf(resumed)).not.toEqual(VIDEO);
  });

  it('know no ranges, or no validators', async () => {
    await using noRanges = await finished({}, { type: 'no-ranges' });
    const whole = await noRanges.file({ range: 'bytes=10-' });
    expect([whole.status, whole.headers.has('accept-ranges')]).toEqual([200, false]);
    await using none = await finished({}, { type: 'no-validators' });
    const { headers } = await none.file();
    expect([headers.has('etag'), headers.has('last-modified')]).toEqual([false, false]);
  });

  it('have one wrong byte', async () => {
    await using server = await finished({}, { type: 'corrupt' });
    const got = await bytesOf(await server.file());
    expect([...got.keys()].filter((index) => got[index] !== VIDEO[index])).toEqual([VIDEO.length >> 1]);
  });

  it('are not there yet for some time after the end', async () => {
    const fault: MockFault = { route: 'download', type: 'not-ready', forMs: 150, status: 425 };
    await using server = await finished({}, fault);
    expect((await server.file()).status).toBe(425);
    await until(async () => (await server.file()).status === 200);
    await using byBehaviour = await finished({ notReadyMs: 60_000, notReadyStatus: 409 });
    expect((await byBehaviour.file()).status).toBe(409);
  });

  it('have expired', async () => {
    await using server = await finished({}, { type: 'expired', times: 1 });
    expect((await server.file()).status).toBe(410);
    expect((await server.file()).status).toBe(200);
  });

  it('are on another origin, which must not see the credentials', async () => {
    await using server = await finished({}, { route: 'download', type: 'redirect' });
    expect(await bytesOf(await server.file())).toEqual(VIDEO);
    const location = (await fetch(urlOf(server), { redirect: 'manual' })).headers.get('location') ?? '';
    expect(new URL(location).origin).toBe(server.filesUrl);
    const leaked = await fetch(location, { headers: { authorization: 'Bearer x' } });
    expect(leaked.status).toBe(400);
    server.faults.clear();
    server.faults.add({ route: 'download', type: 'redirect', status: 307, to: 'https://example.com/v' });
    const elsewhere = await fetch(urlOf(server), { redirect: 'manual' });
    expect([elsewhere.status, elsewhere.headers.get('location')]).toEqual([307, 'https://example.com/v']);
  });

  it('trickle', async () => {
    await using server = await finished({}, { type: 'trickle', bytesPerSecond: 2_000 });
    const started = Date.now();
    await bytesOf(await server.file({ range: 'bytes=0-399' }));
    expect(Date.now() - started).toBeGreaterThanOrEqual(190);
  });
});
