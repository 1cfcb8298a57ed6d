import { soraGateway } from 'reelwire';
import { describe, expect, it } from 'vitest';
import { connect } from './support/client.js';
import { startMock } from './support/remote-mock.js';
import { startStore } from './support/remote-store.js';
import { fileOf, type StoreOptions } from './support/store-file.js';

/** A job that is done, whose video is in a store of another origin. */
async function storedVideo(options: StoreOptions) {
  const [server, store] = await Promise.all([startMock(), startStore(options)]);
  const id = await server.do('createJob', {});
  await server.do('advance', id, { status: 'completed', progress: 100 });
  const backend = { ...soraGateway(), download: () => ({ method: 'GET', url: store.url }) as const };
  return { id, store, client: connect(server, { backend }) };
}

function sameBytes(bytes: Uint8Array, expected: Uint8Array): boolean {
  return bytes.length === expected.length && bytes.every((byte, index) => byte === expected[index]);
}

describe('an answer that may be kept', () => {
  it('of a status call is asked for anew each time, however long it is fresh', async () => {
    const server = await startMock();
    const id = await server.do('createJob', {});
    const headers = { 'cache-control': 'public, max-age=120' };
    const body = { jobId: id, status: 'processing', progress: 40 };
    await server.do('fault', { route: 'status', type: 'status', status: 200, body, headers, times: 1 });
    const job = connect(server, { transports: ['polling'] }).subscribe(id);
    const end = job.completed();
    await expect.poll(() => job.snapshot.progress, { timeout: 8_000 }).toBe(40);
    await server.do('advance', id, { status: 'completed', progress: 100 });
    await expect(end).resolves.toMatchObject({ status: 'completed' });
  });

  it('of a file that the page showed before is not taken for the file, for it may have no CORS headers', async () => {
    const file = { file: 'noise', bytes: 50_000 } as const;
    const { client, id, store } = await storedVideo({
      ...file,
      headers: { 'cache-control': 'public, max-age=3600' },
      // And no Vary.
      whenAsked: { 'access-control-allow-origin': '*' },
    });
    // As an image or a video element asks.
    await (await fetch(store.url, { mode: 'no-cors' })).blob();
    const video = await client.download(id);
    expect(sameBytes(await video.bytes(), fileOf(file))).toBe(true);
  });
});

describe('a download of another origin that breaks off', () => {
  const file = { file: 'noise', bytes: 800_000 } as const;
  const open = { 'access-control-allow-origin': '*' };
  const exposed = { ...open, 'access-control-expose-headers': 'ETag, Content-Range, Content-Length' };

  it.each([
    ['which allows If-Range', { ...exposed, etag: '"1"' }, 'range, if-range'],
    ['whose preflights allow Range alone', { ...exposed, etag: '"1"' }, 'range'],
    ['whose preflights allow nothing', { ...exposed, etag: '"1"' }, ''],
    ['which shows no header of its own', { ...open, etag: '"1"' }, 'range, if-range'],
    ['whose files have no validator', exposed, 'range, if-range'],
  ])('becomes whole: of one %s', async (_, headers, allowedHeaders) => {
    const { client, id, store } = await storedVideo({ ...file, headers, allowedHeaders, stopAt: 400_000 });
    let isCut = false;
    const video = await client.download(id, {
      onProgress: ({ receivedBytes }) => {
        if (isCut || receivedBytes <= 100_000) return;
        isCut = true;
        void store.cut();
      },
    });
    expect(sameBytes(await video.bytes(), fileOf(file))).toBe(true);
    const requests = await store.requests();
    expect(requests.filter(({ method }) => method === 'GET').length).toBeGreaterThan(1);
  });
});

describe('a download of another origin that is compressed on the way, which is hidden from the page', () => {
  it.each(['noise', 'zeros'] as const)(
    'is whole at the first try, and never more than all of it: %s',
    async (kind) => {
      const file = { file: kind, bytes: 300_000 } as const;
      const headers = {
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'Content-Length',
      };
      const { client, id, store } = await storedVideo({ ...file, headers, gzip: true });
      const beyond: unknown[] = [];
      const video = await client.download(id, {
        onProgress: (progress) => {
          if (progress.receivedBytes > (progress.totalBytes ?? Number.POSITIVE_INFINITY))
            beyond.push(progress);
        },
      });
      expect(sameBytes(await video.bytes(), fileOf(file))).toBe(true);
      expect(beyond).toEqual([]);
      expect((await store.requests()).filter(({ method }) => method === 'GET')).toHaveLength(1);
    },
  );

  it('has no size where the encoding is told', async () => {
    const file = { file: 'zeros', bytes: 300_000 } as const;
    const headers = {
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'Content-Length, Content-Encoding',
    };
    const { client, id } = await storedVideo({ ...file, headers, gzip: true });
    expect((await client.download(id)).size).toBeUndefined();
  });
});
