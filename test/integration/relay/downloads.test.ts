import { describe, expect, it } from 'vitest';
import { patternBytes } from '../../../src/mock-server/index.js';
import { nameOf, rangeOf } from '../../../src/relay/download.js';
import { errorOf } from '../../support/rejection.js';
import { type Site, script, startSite } from './support.js';

const SIZE = 3_000_000;

async function startWithVideo(
  options: Parameters<typeof startSite>[0] = {},
): Promise<{ site: Site; id: string }> {
  const site = await startSite({ videoBytes: SIZE, ...options });
  const { id } = await site.page().generate(script as never);
  for (const job of site.upstream.jobs) job.complete();
  return { site, id };
}

function get(
  { site, id }: { site: Site; id: string },
  headers: Record<string, string> = {},
): Promise<Response> {
  return site.call(`/api/download?jobId=${id}`, { headers });
}

const ranges = ({ upstream }: Site) =>
  upstream.requests.filter(({ route }) => route === 'download').map(({ headers }) => headers.range);

describe('a video through the relay', () => {
  it('is whole, and is nobody else’s to keep', async () => {
    const all = await startWithVideo();
    const answer = await get(all);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
      'content-length': String(SIZE),
      'content-type': 'video/mp4',
      'x-content-type-options': 'nosniff',
    });
    expect(Buffer.compare(new Uint8Array(await answer.arrayBuffer()), patternBytes(0, SIZE))).toBe(0);
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=1000000-1000099', 1_000_000, 100],
    ['bytes=2999990-', 2_999_990, 10],
    ['bytes=2999990-9999999', 2_999_990, 10],
  ])('is there in parts: %s', async (range, start, length) => {
    const all = await startWithVideo();
    const answer = await get(all, { range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${start + length - 1}/${SIZE}`);
    expect(answer.headers.get('content-length')).toBe(String(length));
    expect(Buffer.compare(new Uint8Array(await answer.arrayBuffer()), patternBytes(start, length))).toBe(0);
    expect(ranges(all.site)).toEqual([range]);
  });

  it('has no part behind its end', async () => {
    const all = await startWithVideo();
    const answer = await get(all, { range: `bytes=${SIZE}-` });
    expect(answer.status).toBe(416);
    expect(await answer.json()).toEqual({ error: 'No such range' });
  });

  it.each(['bytes=-5', 'bytes=0-1,3-4', 'bytes=5-1', 'items=0-1', 'bytes=a-b'])(
    'is whole where the range (%s) is one that nobody need know',
    async (range) => {
      const all = await startWithVideo();
      const answer = await get(all, { range });
      expect(answer.status).toBe(200);
      expect((await answer.arrayBuffer()).byteLength).toBe(SIZE);
    },
  );

  it('is whole where the part is of another file than the page has the beginning of', async () => {
    const all = await startWithVideo();
    const eTag = (await get(all, { range: 'bytes=0-0' })).headers.get('etag') ?? '';
    const part = await get(all, { range: 'bytes=10-', 'if-range': eTag });
    expect(part.status).toBe(206);
    await part.body?.cancel();
    const whole = await get(all, { range: 'bytes=10-', 'if-range': '"another"' });
    expect(whole.status).toBe(200);
    expect((await whole.arrayBuffer()).byteLength).toBe(SIZE);
  });

  it('is whole behind the end of a file that is shorter than the one the page has the beginning of', async () => {
    const all = await startWithVideo();
    const eTag = (await get(all, { range: 'bytes=0-0' })).headers.get('etag') ?? '';
    const range = `bytes=${SIZE}-`;
    const whole = await get(all, { range, 'if-range': '"another"' });
    expect([whole.status, (await whole.arrayBuffer()).byteLength]).toEqual([200, SIZE]);
    expect((await get(all, { range, 'if-range': eTag })).status).toBe(416);
  });

  it.each([
    ['clip.mp4', '.mp4'],
    ['CLIP.WebM', '.WebM'],
    ['clip.exe', ''],
    ['clip.html', ''],
    ['clip.mp4.lnk', ''],
    ['clip', ''],
  ])('is called nothing that a system would run: %s', (filename, extension) => {
    expect(nameOf('job/1', 1, { filename })).toBe(`video-job_1-2${extension}`);
  });

  it('is no failure where the page leaves before it comes', async () => {
    const lines: unknown[] = [];
    const write = (line: unknown) => void lines.push(line);
    const site = await startSite(
      { faults: [{ route: 'download', type: 'stall' }] },
      { logger: { debug: write, info: write, warn: write, error: write } },
    );
    const { id } = await site.page().generate(script as never);
    for (const job of site.upstream.jobs) job.complete();
    const page = new AbortController();
    const answer = site.relay.fetch(
      new Request(`${site.url}/videos/api/download?jobId=${id}`, {
        ...{ headers: { cookie: 'session=ada' }, signal: page.signal },
      }),
    );
    await expect.poll(() => ranges(site)).toHaveLength(1);
    page.abort();
    await answer;
    expect(lines).toEqual([]);
  });

  it('is resumed upstream where it breaks there, and the page notices nothing', async () => {
    const all = await startWithVideo({
      faults: [{ route: 'download', type: 'drop', atByte: 1_000_000, times: 1 }],
    });
    const bytes = new Uint8Array(await (await get(all)).arrayBuffer());
    expect(Buffer.compare(bytes, patternBytes(0, SIZE))).toBe(0);
    expect(ranges(all.site)).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)]);
  });

  it('breaks off where it breaks off upstream for good, and is not taken for whole', async () => {
    const all = await startWithVideo({ faults: [{ route: 'download', type: 'drop', atByte: 1_000_000 }] });
    await expect(get(all).then((answer) => answer.arrayBuffer())).rejects.toThrow();
    // A page resumes, as often as its client does, and then says so.
    const page = all.site.page('ada', { retry: { attempts: 2, minDelayMs: 5, maxDelayMs: 10 } });
    const error = await errorOf(page.download(all.id).then((video) => video.bytes()));
    expect(error).toMatchObject({ name: 'DownloadError', jobId: all.id });
  });

  it('is resumed by a page whose own connection breaks', async () => {
    const { site, id } = await startWithVideo();
    let cuts = 0;
    const page = site.page('ada', {
      retry: { attempts: 5, minDelayMs: 5, maxDelayMs: 10 },
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (!String(url).includes('/api/download') || cuts++ > 0) return answer;
        return new Response(cut(answer.body as ReadableStream<Uint8Array>), answer);
      },
    });
    const bytes = await (await page.download(id)).bytes();
    expect(Buffer.compare(bytes, patternBytes(0, SIZE))).toBe(0);
    expect(ranges(site)[1]).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it('ends upstream where the page hangs up', async () => {
    const all = await startWithVideo({ videoBytes: 200_000_000 });
    const page = new AbortController();
    const answer = await all.site.call(`/api/download?jobId=${all.id}`, { signal: page.signal });
    await answer.body?.getReader().read();
    const { tcp } = all.site.upstream.connections;
    page.abort();
    await expect.poll(() => all.site.upstream.connections.tcp).toBeLessThan(tcp);
  });

  it('comes from another host without a redirect, and without a word of it', async () => {
    const all = await startWithVideo({ faults: [{ route: 'download', type: 'redirect' }] });
    const answer = await fetch(`${all.site.url}/videos/api/download?jobId=${all.id}`, {
      headers: { cookie: 'session=ada' },
      redirect: 'error',
    });
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(SIZE);
    const elsewhere = all.site.upstream.requests.filter(({ origin }) => origin === 'files');
    expect(elsewhere).toHaveLength(1);
    expect(all.site.sent()).not.toMatch(/location:/i);
  });
});

describe('a video that is not there', () => {
  it.each([
    ['is still made', () => {}, 'Video not available yet'],
    [
      'has failed',
      (site: Site) => {
        for (const job of site.upstream.jobs) job.fail('moderated');
      },
      'Video not available yet',
    ],
  ])('since it %s, is a 404 at once', async (_, change, error) => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    change(site);
    const answer = await site.call(`/api/download?jobId=${id}`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ error });
    expect(ranges(site)).toEqual([]);
  });

  it('has no other file, and no file without a number', async () => {
    const { site, id } = await startWithVideo();
    expect((await site.call(`/api/download?jobId=${id}&output=1`)).status).toBe(400);
    expect((await site.call(`/api/download?jobId=${id}&output=x`)).status).toBe(400);
    expect((await site.call('/api/download')).status).toBe(400);
  });
});

it.each([
  ['bytes=0-', { start: 0 }],
  [' bytes=5-9 ', { start: 5, end: 10 }],
  [null, undefined],
  ['', undefined],
  ['bytes=-5', undefined],
  ['bytes=9-5', undefined],
  ['bytes=0-1,2-3', undefined],
  ['bytes=99999999999999999-', undefined],
])('a Range of %j is %j', (header, range) => {
  expect(rangeOf(header)).toEqual(range);
});

/** Breaks off behind the first million bytes. */
function cut(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let seen = 0;
  return body.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        seen += chunk.length;
        if (seen > 1_000_000) controller.error(new TypeError('terminated'));
        else controller.enqueue(chunk);
      },
    }),
  );
}
