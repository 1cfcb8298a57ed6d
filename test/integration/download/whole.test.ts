import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { rejection } from '../../support/rejection.js';
import { serve } from '../http/support.js';
import { answer, download, startOf, strong, video } from './support.js';

const size = video.length;
const range = (from: number, to: number, total: number | '*' = size) => ({
  'content-range': `bytes ${from}-${to - 1}/${total}`,
});

/** By each way of reading it. */
const reads = [
  ['bytes', async (url: string) => (await download(url)).bytes()],
  ['blob', async (url: string) => (await (await download(url)).blob()).arrayBuffer()],
  ['stream', async (url: string) => new Response((await download(url)).stream()).arrayBuffer()],
] as const;

const got = async (read: Promise<ArrayBuffer | Uint8Array>) => video.equals(new Uint8Array(await read));

describe.each(reads)('by %s', (_name, read) => {
  it('the total that a part tells counts where the first answer told none', async () => {
    const server = await serve((seen, response, index) => {
      if (index === 0) return answer(response, { headers: strong, to: 500, cut: true });
      const from = startOf(seen.headers) ?? 0;
      // No more than a hundred bytes at first, then ever more.
      const to = Math.min(size, from + 100 * 4 ** index);
      answer(response, { status: 206, headers: { ...strong, ...range(from, to) }, from, to });
    });
    expect(await got(read(server.url))).toBe(true);
    expect(server.seen.length).toBeGreaterThan(5);
  });

  it('a part that ends where its range says is asked further at once, without a wait and as often as it takes', async () => {
    const server = await serve((seen, response) => {
      const from = startOf(seen.headers) ?? 0;
      const to = Math.min(size, from + 10_000);
      const length = { 'content-length': to - from };
      answer(response, { status: 206, headers: { ...strong, ...range(from, to), ...length }, from, to });
    });
    const retry = { attempts: 2, minDelayMs: 60_000, maxDelayMs: 60_000 };
    const file = await download(server.url, { retry });
    expect(file.size).toBe(size);
    expect(await got(file.bytes())).toBe(true);
    expect(server.seen).toHaveLength(30);
  });

  it('takes a hash that comes with a part for none of the file', async () => {
    const server = await serve((seen, response) => {
      const from = startOf(seen.headers) ?? 0;
      const to = Math.min(size, from + 100_000);
      const hash = createHash('sha256').update(video.subarray(from, to)).digest('base64');
      const headers = { ...strong, ...range(from, to), 'repr-digest': `sha-256=:${hash}:` };
      answer(response, { status: 206, headers, from, to });
    });
    expect(await got(read(server.url))).toBe(true);
  });

  it('parts of unknown total are asked for until the server says that there are no more', async () => {
    const server = await serve((seen, response, index) => {
      if (index === 0) return answer(response, { headers: strong, to: 1_000, cut: true });
      const from = startOf(seen.headers) ?? 0;
      if (from === size)
        return answer(response, { status: 416, headers: { 'content-range': `bytes */${size}` } });
      const to = Math.min(size, from + 100_000);
      answer(response, { status: 206, headers: { ...strong, ...range(from, to, '*') }, from, to });
    });
    expect(await got(read(server.url))).toBe(true);
  });

  it('a part of an unknown total that nobody asked for is no file', async () => {
    const server = await serve((_seen, response) =>
      answer(response, { status: 206, headers: { ...strong, ...range(0, 600, '*') }, to: 600 }),
    );
    expect(await rejection(read(server.url))).toMatchObject({ code: 'download-incomplete' });
  });

  it('a part that ends before its range does is a lost connection', async () => {
    const server = await serve((seen, response, index) => {
      const from = startOf(seen.headers);
      if (from === undefined) return answer(response, { headers: strong, to: 1_000, cut: true });
      const to = index === 1 ? from + 50 : size;
      answer(response, { status: 206, headers: { ...strong, ...range(from, size) }, from, to });
    });
    expect(await got(read(server.url))).toBe(true);
    expect(server.seen[2]?.headers.range).toBe('bytes=1050-');
  });

  it('a part that never ends where its range does is an error', async () => {
    const server = await serve((seen, response) => {
      const from = startOf(seen.headers);
      if (from === undefined) return answer(response, { headers: strong, to: 1_000, cut: true });
      answer(response, { status: 206, headers: { ...strong, ...range(from, size) }, from, to: from });
    });
    expect(await rejection(read(server.url))).toMatchObject({ code: 'download-incomplete' });
  });
});

describe('a 200 that tells of a part', () => {
  it('is the part it tells of: a proxy made it of a 206', async () => {
    const server = await serve((seen, response, index) => {
      if (index === 0)
        return answer(response, { headers: { ...strong, 'content-length': size }, to: 1_000, cut: true });
      const from = startOf(seen.headers) ?? 0;
      answer(response, { headers: { ...strong, ...range(from, size), 'content-length': size - from }, from });
    });
    expect(await got((await download(server.url)).bytes())).toBe(true);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=1000-']);
  });

  it('is not the file, where it is the first answer, but asked further', async () => {
    const server = await serve((seen, response) => {
      const from = startOf(seen.headers) ?? 0;
      const to = Math.min(from + 100_000, size);
      answer(response, { headers: { ...strong, ...range(from, to), 'content-length': to - from }, from, to });
    });
    expect(await got((await download(server.url)).bytes())).toBe(true);
  });

  it.each(['bytes 1000-', 'bytes */9', 'none', `bytes 0-${size - 1}/${size}`])(
    'or of none, as by %s, is the file',
    async (told) => {
      const server = await serve((_seen, response) =>
        answer(response, { headers: { 'content-range': told, 'content-length': size } }),
      );
      expect(await got((await download(server.url)).bytes())).toBe(true);
    },
  );
});

describe('a server that refuses ranges', () => {
  it.each([400, 403, 405, 412, 417, 501])('by %i is asked for all of it', async (status) => {
    const server = await serve((seen, response, index) => {
      const headers = { ...strong, 'content-length': size };
      if (index === 0) return answer(response, { headers, to: 1_000, cut: true });
      if (startOf(seen.headers) === undefined) return answer(response, { headers });
      response.writeHead(status).end();
    });
    expect(await got((await download(server.url)).bytes())).toBe(true);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=1000-', undefined]);
  });

  it('and then the file too is told of at once', async () => {
    const server = await serve((_seen, response, index) => {
      if (index > 0) return response.writeHead(405).end();
      answer(response, { headers: { ...strong, 'content-length': size }, to: 1_000, cut: true });
    });
    const file = await download(server.url);
    await expect(file.bytes()).rejects.toMatchObject({ code: 'http-error', status: 405 });
    expect(server.seen).toHaveLength(3);
  });

  it('of a URL that expired, as a store says by 400, is asked by a new one, for the rest', async () => {
    const server = await serve((_seen, response, index) => {
      if (index === 0)
        return answer(response, {
          headers: { ...strong, 'content-length': size },
          to: 1_000,
          cut: true,
        });
      if (index === 1) return response.writeHead(400).end('<Error><Code>ExpiredToken</Code></Error>');
      answer(response, { status: 206, headers: { ...strong, ...range(1_000, size) }, from: 1_000 });
    });
    expect(await got((await download(server.url)).bytes())).toBe(true);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([
      undefined,
      'bytes=1000-',
      'bytes=1000-',
    ]);
  });
});

describe('a resume that is answered with another file', () => {
  it.each([
    ['Last-Modified', { 'last-modified': 'Mon, 02 Nov 2026 00:00:00 GMT' }],
    ['ETag, a weak one', { etag: 'W/"v1"' }],
    ['ETag, where the first answer had none', { etag: '"v2"' }],
    ['total', range(1_000, size, size + 1)],
    ['encoding', { 'content-encoding': 'gzip' }],
  ])('begins again where the part has another %s', async (_what, other) => {
    const first = {
      date: 'Tue, 03 Nov 2026 00:00:00 GMT',
      'last-modified': 'Sun, 01 Nov 2026 00:00:00 GMT',
      'content-length': size,
    };
    const server = await serve((seen, response, index) => {
      if (index === 0) return answer(response, { headers: first, to: 1_000, cut: true });
      if (startOf(seen.headers) === undefined) return answer(response, { headers: first });
      const headers = { ...range(1_000, size), 'last-modified': first['last-modified'], ...other };
      answer(response, { status: 206, headers, from: 1_000 });
    });
    expect(await got((await download(server.url)).bytes())).toBe(true);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=1000-', undefined]);
  });

  it('begins again where a 416 tells a smaller size than the one known', async () => {
    const server = await serve((seen, response, index) => {
      if (index === 0)
        return answer(response, { headers: { ...strong, 'content-length': size }, to: 1_000, cut: true });
      if (startOf(seen.headers) === undefined) return answer(response, { headers: strong });
      answer(response, { status: 416, headers: { 'content-range': 'bytes */1000' } });
    });
    expect(await got((await download(server.url)).bytes())).toBe(true);
  });

  it('begins again where a 416 is of a file with another ETag', async () => {
    const server = await serve((seen, response, index) => {
      if (index === 0) return answer(response, { headers: strong, to: 1_000, cut: true });
      if (startOf(seen.headers) === undefined) return answer(response, { headers: { etag: '"v2"' } });
      answer(response, { status: 416, headers: { etag: '"v2"', 'content-range': 'bytes */1000' } });
    });
    expect(await got((await download(server.url)).bytes())).toBe(true);
  });

  it('takes several ranges in one answer for none', async () => {
    const server = await serve((seen, response, index) => {
      if (index === 0) return answer(response, { headers: strong, to: 1_000, cut: true });
      if (startOf(seen.headers) === undefined) return answer(response, { headers: strong });
      response.writeHead(206, { 'content-type': 'multipart/byteranges; boundary=x' }).end('--x\r\n');
    });
    expect(await got((await download(server.url)).bytes())).toBe(true);
  });

  it('takes the same ETag without a length that ends before the bytes already known for a lost connection', async () => {
    const server = await serve((_seen, response, index) =>
      answer(response, {
        headers: strong,
        ...(index === 0 ? { to: 1_000, cut: true } : index === 1 ? { to: 900 } : {}),
      }),
    );
    expect(await got((await download(server.url)).bytes())).toBe(true);
    // The last one confirms the end.
    expect(server.seen).toHaveLength(4);
  });
});

describe('an encoding', () => {
  it.each(['', 'identity', 'aws-chunked', 'UTF-8', 'none'])(
    'that fetch does not decode, "%s", changes nothing: the size is known, and a drop is resumed',
    async (encoding) => {
      const server = await serve((seen, response) => {
        const from = startOf(seen.headers);
        const headers = { ...strong, 'content-encoding': encoding, 'content-length': size - (from ?? 0) };
        if (from === undefined) return answer(response, { headers, to: 100_000, cut: true });
        answer(response, { status: 206, headers: { ...headers, ...range(from, size) }, from });
      });
      const file = await download(server.url);
      expect(file.size).toBe(size);
      expect(await got(file.bytes())).toBe(true);
      expect(server.seen[1]?.headers.range).toBe('bytes=100000-');
    },
  );

  it('that was not asked for is refused at once where nothing tells whether all is there', async () => {
    const half = gzipSync(video).subarray(0, 5_000);
    const server = await serve((_seen, response) =>
      response
        .writeHead(200, {
          'content-type': 'video/mp4',
          'content-encoding': 'gzip',
          'content-length': half.length,
        })
        .end(half),
    );
    const error = await rejection((await download(server.url)).bytes());
    expect(error).toMatchObject({ code: 'download-incomplete', jobId: 'job-1' });
    expect((error as Error).message).toContain('compressed');
    expect(server.seen).toHaveLength(1);
  });

  const box = (type: string, length: number) => {
    const bytes = Buffer.alloc(8 + length, 7);
    bytes.writeUInt32BE(bytes.length);
    bytes.write(type, 4);
    return bytes;
  };
  const film = Buffer.concat([box('ftyp', 16), box('moov', 500), box('mdat', 200_000)]);

  it.each(['whole', 'cut'])('of an MP4 is checked by its boxes: %s', async (which) => {
    const zipped = gzipSync(film);
    const sent = which === 'cut' ? zipped.subarray(0, zipped.length - 40) : zipped;
    // The length is that of what is sent: compressed, and no size of the file.
    const headers = {
      'content-type': 'video/mp4',
      'content-encoding': 'gzip',
      'content-length': sent.length,
    };
    const server = await serve((_seen, response) => response.writeHead(200, headers).end(sent));
    const read = (async () => (await download(server.url)).bytes())();
    if (which === 'whole') expect(film.equals(await read)).toBe(true);
    else expect(await rejection(read)).toMatchObject({ code: 'download-incomplete' });
  });

  it('or not: an MP4 without a length that ends within a box is not taken for whole', async () => {
    const server = await serve((_seen, response) => response.writeHead(200).end(film.subarray(0, 100_000)));
    const read = (async () => (await download(server.url)).bytes())();
    expect(await rejection(read)).toMatchObject({ code: 'download-incomplete' });
    expect(server.seen).toHaveLength(3);
  });
});

describe('an end without a length, on a connection that the server said it would close', () => {
  const closing = { connection: 'close', 'content-type': 'video/mp4' };

  it('is believed where the server has no more behind it', async () => {
    const server = await serve((seen, response) => {
      if (startOf(seen.headers) !== size) return answer(response, { headers: { ...closing, etag: '"v1"' } });
      answer(response, { status: 416, headers: { 'content-range': `bytes */${size}` } });
    });
    expect(await got((await download(server.url)).bytes())).toBe(true);
    expect(server.seen).toHaveLength(2);
  });

  it('is no end where the server has more: a broken connection looks the same in Node', async () => {
    const server = await serve((seen, response, index) => {
      const from = startOf(seen.headers) ?? 0;
      if (from === size)
        return answer(response, { status: 416, headers: { 'content-range': `bytes */${size}` } });
      const part =
        from === 0 ? {} : { status: 206, headers: { ...closing, etag: '"v1"', ...range(from, size) } };
      answer(response, {
        headers: { ...closing, etag: '"v1"' },
        ...part,
        from,
        ...(index === 0 && { to: 1_000, cut: true }),
      });
    });
    expect(await got((await download(server.url)).bytes())).toBe(true);
    expect(server.seen[1]?.headers.range).toBe('bytes=1000-');
  });

  it('is compared with a second one where there is no validator to ask by', async () => {
    const server = await serve((_seen, response, index) =>
      answer(response, { headers: closing, ...(index === 0 && { to: 1_000, cut: true }) }),
    );
    expect(await got((await download(server.url)).bytes())).toBe(true);
    expect(server.seen).toHaveLength(3);
  });
});

describe('a film that the server writes piece by piece', () => {
  const box = (type: string, payload: number) => {
    const whole = Buffer.alloc(8 + payload, 7);
    whole.writeUInt32BE(whole.length);
    whole.write(type, 4, 'latin1');
    return whole;
  };
  const begin = [box('ftyp', 16), box('moov', 500)];
  const fragments = [1_000, 2_000, 3_000].flatMap((payload) => [box('moof', 90), box('mdat', payload)]);

  it.each([
    ['between two fragments', [...begin, ...fragments], 4],
    ['before the film', [...begin, box('mdat', 20_000)], 2],
    ['before its index', [begin[0], box('mdat', 20_000), begin[1]] as Buffer[], 2],
  ])('is not whole where the connection breaks %s', async (_where, boxes, broken) => {
    const film = Buffer.concat(boxes);
    const server = await serve((_seen, response, index) => {
      response.writeHead(200, { connection: 'close', 'content-type': 'video/mp4' });
      if (index > 0) return response.end(film);
      response.write(Buffer.concat(boxes.slice(0, broken)), () => response.destroy());
    });
    expect(film.equals(await (await download(server.url)).bytes())).toBe(true);
  });
});

describe('what the caller gives', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('no such bar');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('no such bar');
      },
    ],
  ])('onProgress that %s does not end the download, and is told', async (_how, onProgress) => {
    const server = await serve((_seen, response) => answer(response, { headers: strong }));
    const told: unknown[] = [];
    const file = await download(server.url, {
      onProgress: onProgress as () => void,
      onError: (error) => told.push(error),
    });
    expect(await got(file.bytes())).toBe(true);
    expect(String(told[0])).toContain('no such bar');
  });
});
