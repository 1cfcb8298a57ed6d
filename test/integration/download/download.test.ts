import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../../src/backends/backend.js';
import type { DownloadProgress } from '../../../src/core/video-download.js';
import { ApiError, type DownloadError } from '../../../src/errors.js';
import { rejection } from '../../support/rejection.js';
import { eventually } from '../../support/until.js';
import { countedSignal, json, type Seen, serve } from '../http/support.js';
import { download, strong, video } from './support.js';

/** Answers with the file, from where it was asked; `upTo` drops the connection before that byte. */
function send(
  seen: Seen,
  response: ServerResponse,
  options: { upTo?: number; headers?: object; ranges?: boolean } = {},
): void {
  const { upTo, headers = strong, ranges = true } = options;
  const etag = (headers as { etag?: string }).etag;
  const from =
    ranges && seen.headers['if-range'] === etag
      ? Number(/^bytes=(\d+)-$/.exec(seen.headers.range ?? '')?.[1] ?? 0)
      : 0;
  response.writeHead(from > 0 ? 206 : 200, {
    ...headers,
    'content-length': video.length - from,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${video.length - 1}/${video.length}` } : {}),
  });
  if (upTo === undefined) response.end(video.subarray(from));
  else response.write(video.subarray(from, upTo), () => setTimeout(() => response.destroy(), 20));
}

describe('a download', () => {
  it('gives size, type, name and bytes, by each of its methods, again and again', async () => {
    const server = await serve((seen, response) =>
      send(seen, response, {
        headers: { ...strong, 'content-disposition': 'attachment; filename="../a b.mp4"' },
      }),
    );
    const file = await download(server.url);
    expect(file).toMatchObject({ size: video.length, contentType: 'video/mp4', filename: 'a b.mp4' });
    expect(video.equals(await file.bytes())).toBe(true);
    expect(server.seen).toHaveLength(1);
    const blob = await file.blob();
    expect(blob.type).toBe('video/mp4');
    expect(video.equals(Buffer.from(await blob.arrayBuffer()))).toBe(true);
    expect(video.equals(Buffer.from(await new Response(file.stream()).arrayBuffer()))).toBe(true);
    expect(server.seen).toHaveLength(3);
    expect(server.seen[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('tells its progress, with the total', async () => {
    const server = await serve((seen, response) => send(seen, response));
    const told: DownloadProgress[] = [];
    await (await download(server.url, { onProgress: (progress) => told.push(progress) })).bytes();
    expect(told.at(-1)).toEqual({ receivedBytes: video.length, totalBytes: video.length });
    expect(told.map(({ receivedBytes }) => receivedBytes)).toEqual(
      told.map(({ receivedBytes }) => receivedBytes).sort((a, b) => a - b),
    );
  });

  it('without a length is whole when the server ends it', async () => {
    const server = await serve((_seen, response) => response.writeHead(200).end(video));
    const file = await download(server.url);
    expect('size' in file).toBe(false);
    expect(file).toMatchObject({ contentType: 'application/octet-stream', filename: 'job-1' });
    expect(await file.bytes()).toHaveLength(video.length);
  });

  it('is not read ahead of its reader, and nobody waits for one who does not read at all', async () => {
    let written = 0;
    let closed = 0;
    const server = await serve((_seen, response) => {
      response.on('close', () => closed++);
      response.writeHead(200, { 'content-length': 1_000_000_000 });
      const piece = Buffer.alloc(1_000_000, 1);
      const more = (): void => {
        while (!response.destroyed) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', more);
        }
      };
      more();
    });
    const file = await download(server.url);
    const reader = file.stream().getReader();
    await reader.read();
    await delay(200);
    expect(written).toBeLessThan(30_000_000);
    await reader.cancel();
    await eventually(() => expect(closed).toBe(1));
    // This one is opened and left alone.
    await download(server.url);
    await eventually(() => expect(closed).toBe(2));
  });

  it('can still be had after it was left alone', async () => {
    const server = await serve((seen, response) => send(seen, response));
    const file = await download(server.url);
    await delay(1_200);
    expect(video.equals(await file.bytes())).toBe(true);
  });

  it('shows no URL when it is inspected', async () => {
    const server = await serve((seen, response) => send(seen, response));
    const file = await download(server.url, {
      request: () => ({ method: 'GET', url: '/v?signature=s3cret' }),
    });
    expect(inspect(file, { depth: 10, showHidden: true })).not.toContain('s3cret');
    await file.bytes();
  });
});

describe('a connection that is lost', () => {
  it('is resumed from the byte where it broke off', async () => {
    const server = await serve((seen, response, index) =>
      send(seen, response, index < 2 ? { upTo: (index + 1) * 100_000 } : {}),
    );
    const file = await download(server.url);
    expect(video.equals(Buffer.from(await new Response(file.stream()).arrayBuffer()))).toBe(true);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([
      undefined,
      'bytes=100000-',
      'bytes=200000-',
    ]);
    expect(server.seen[1]?.headers['if-range']).toBe('"v1"');
  });

  it('is resumed by a date that is old enough to be sure, and not by a younger one', async () => {
    for (const [ageMs, range] of [
      [60_000, 'bytes=100000-'],
      [0, undefined],
    ] as const) {
      const date = new Date();
      const headers = {
        date: date.toUTCString(),
        'last-modified': new Date(date.getTime() - ageMs).toUTCString(),
      };
      const server = await serve((seen, response, index) => {
        if (index === 0) return send(seen, response, { upTo: 100_000, headers });
        return seen.headers.range === undefined
          ? send(seen, response, { headers })
          : part(response, 100_000, headers);
      });
      expect(video.equals(await (await download(server.url)).bytes())).toBe(true);
      expect(server.seen[1]?.headers.range).toBe(range);
    }
  });

  it('is resumed as often as each connection brings something, beyond the number of attempts', async () => {
    const server = await serve((seen, response, index) =>
      send(seen, response, index < 10 ? { upTo: (index + 1) * 25_000 } : {}),
    );
    expect(video.equals(await (await download(server.url)).bytes())).toBe(true);
    expect(server.seen).toHaveLength(11);
  });

  it('is given up when the attempts bring nothing more', async () => {
    const server = await serve((seen, response) => send(seen, response, { upTo: 100_000 }));
    const error = await rejection((await download(server.url)).bytes());
    expect(error).toMatchObject({ name: 'DownloadError', code: 'download-incomplete', jobId: 'job-1' });
    expect((error as Error).message).toContain('100000 of 300000 bytes');
    expect(server.seen).toHaveLength(3);
  });

  it('is given up too where each attempt begins again and breaks off at the same byte', async () => {
    const server = await serve((seen, response) =>
      send(seen, response, { upTo: 100_000, ranges: false, headers: {} }),
    );
    expect(await rejection((await download(server.url)).bytes())).toMatchObject({
      code: 'download-incomplete',
    });
    expect(server.seen).toHaveLength(3);
  });

  it('counts as lost when no bytes come for too long, but not while its reader takes its time', async () => {
    const server = await serve((seen, response, index) => {
      if (index > 0) return send(seen, response);
      response.writeHead(200, { ...strong, 'content-length': video.length }).write(video.subarray(0, 50_000));
    });
    const file = await download(server.url, { requestMs: 200 });
    const reader = file.stream().getReader();
    await reader.read();
    await delay(500);
    const parts = [];
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) parts.push(piece.value);
    expect(server.seen).toHaveLength(2);
    expect(server.seen[1]?.headers.range).toBe('bytes=50000-');
  });

  it('is an error for a stream whose bytes cannot be taken back, where the server cannot resume', async () => {
    const server = await serve((seen, response, index) =>
      send(seen, response, index === 0 ? { upTo: 100_000, headers: {} } : { headers: {} }),
    );
    const error = await rejection(new Response((await download(server.url)).stream()).arrayBuffer());
    expect(error).toMatchObject({ code: 'download-incomplete' });
    expect((error as DownloadError).hint).toContain('save()');
  });

  it('goes on for a stream where the server cannot resume but proves that it is the same file', async () => {
    const server = await serve((seen, response, index) =>
      send(seen, response, { ranges: false, ...(index === 0 ? { upTo: 100_000 } : {}) }),
    );
    expect(
      video.equals(Buffer.from(await new Response((await download(server.url)).stream()).arrayBuffer())),
    ).toBe(true);
    expect(server.seen).toHaveLength(2);
  });

  it('begins again where the file has changed', async () => {
    const server = await serve((seen, response, index) =>
      index === 0
        ? send(seen, response, { upTo: 100_000, headers: { etag: '"old"' } })
        : send(seen, response),
    );
    expect(video.equals(await (await download(server.url)).bytes())).toBe(true);
    expect(
      await rejection(new Response((await download((await changing()).url)).stream()).arrayBuffer()),
    ).toMatchObject({
      code: 'download-incomplete',
    });
    function changing() {
      return serve((seen, response, index) =>
        send(seen, response, { ...(index === 0 ? { upTo: 100_000 } : {}), headers: { etag: `"${index}"` } }),
      );
    }
  });

  it.each([
    ['another part than asked for', { 'content-range': `bytes 0-${video.length - 1}/${video.length}` }],
    ['a part of a file of another length', { 'content-range': `bytes 100000-${video.length - 1}/999999` }],
    [
      'a part of another file',
      { etag: '"other"', 'content-range': `bytes 100000-${video.length - 1}/${video.length}` },
    ],
    ['a part without saying which', {}],
  ])('begins again where the server sends %s', async (_what, headers) => {
    const server = await serve((seen, response, index) => {
      if (index === 0) return send(seen, response, { upTo: 100_000 });
      if (seen.headers.range === undefined) return send(seen, response);
      return response.writeHead(206, { ...strong, ...headers }).end(video.subarray(100_000));
    });
    expect(video.equals(await (await download(server.url)).bytes())).toBe(true);
    expect(server.seen.map(({ headers: { range } }) => range)).toEqual([
      undefined,
      'bytes=100000-',
      undefined,
    ]);
  });

  it('begins again where the server cannot satisfy the range', async () => {
    const server = await serve((seen, response, index) => {
      if (index === 0) return send(seen, response, { upTo: 100_000 });
      return seen.headers.range === undefined ? send(seen, response) : response.writeHead(416).end();
    });
    expect(video.equals(await (await download(server.url)).bytes())).toBe(true);
  });

  it('just after the last byte of a file of unknown length is no loss', async () => {
    const server = await serve((_seen, response, index) => {
      if (index > 0) return response.writeHead(416, { 'content-range': `bytes */${video.length}` }).end();
      response.writeHead(200, strong).write(video, () => setTimeout(() => response.destroy(), 20));
    });
    expect(video.equals(await (await download(server.url)).bytes())).toBe(true);
  });
});

function part(response: ServerResponse, from: number, headers: object): void {
  response
    .writeHead(206, { ...headers, 'content-range': `bytes ${from}-${video.length - 1}/${video.length}` })
    .end(video.subarray(from));
}

describe('what is no video', () => {
  it.each([
    ['JSON', { 'content-type': 'application/json' }, '{"error":"still processing"}', /still processing/],
    [
      'JSON said to be a video',
      { 'content-type': 'video/mp4' },
      '{"error":"still processing"}',
      /still processing/,
    ],
    ['a web page', { 'content-type': 'text/html; charset=utf-8' }, '<h1>Log in</h1>', /Log in/],
    ['words', { 'content-type': 'text/plain' }, 'Link has expired', /Link has expired/],
    ['a problem', { 'content-type': 'application/problem+xml' }, 'Gone for good', /Gone for good/],
    ['a page of no type', {}, '<!doctype html>Log in', /Log in/],
    ['nothing', { 'content-type': 'video/mp4' }, '', /empty/],
  ])('is told when it is %s', async (_what, headers, body, words) => {
    const server = await serve((_seen, response) => response.writeHead(200, headers).end(body));
    const error = await rejection(download(server.url));
    expect(error).toMatchObject({ name: 'DownloadError', code: 'download-not-video', jobId: 'job-1' });
    expect((error as Error).message).toMatch(words);
    expect(server.underWay()).toBe(0);
  });

  it('does not quote the signature of a URL', async () => {
    const server = await serve((_seen, response) =>
      response
        .writeHead(200, { 'content-type': 'video/mp4' })
        .end('{"url":"https://cdn.test/v.mp4?signature=s3cret"}'),
    );
    expect(inspect(await rejection(download(server.url)), { depth: 10 })).not.toContain('s3cret');
  });
});

describe('a file that is not there yet', () => {
  it.each([404, 409, 425, 202])(
    'is waited for while the answer is %i, and the status is asked anew',
    async (status) => {
      const reasons: string[] = [];
      const server = await serve((seen, response, index) =>
        index < 3 ? json(response, status, { error: 'not yet' }) : send(seen, response),
      );
      const request = (reason: 'first' | 'renewed') => {
        reasons.push(reason);
        return { method: 'GET', url: '/video' } as const;
      };
      expect(await (await download(server.url, { request })).bytes()).toHaveLength(video.length);
      expect(reasons).toEqual(['first', 'renewed', 'renewed', 'renewed']);
    },
  );

  it('is waited for no longer than allowed', async () => {
    const server = await serve((_seen, response) => json(response, 404, { error: 'still rendering' }));
    const started = Date.now();
    const error = await rejection(download(server.url, { notReadyMs: 150 }));
    expect(error).toMatchObject({ code: 'download-not-ready', status: 404, jobId: 'job-1' });
    expect((error as Error).message).toContain('still rendering');
    expect(Date.now() - started).toBeLessThan(1_500);
  });

  it('is not waited for where the server says that it takes longer', async () => {
    const server = await serve((_seen, response) => json(response, 404, {}, { 'retry-after': '3600' }));
    expect(await rejection(download(server.url))).toMatchObject({ code: 'download-not-ready' });
    expect(server.seen).toHaveLength(1);
  });

  it('is not waited for where the job turns out to have failed', async () => {
    const server = await serve((_seen, response) => json(response, 404, {}));
    const failed = new Error('job failed');
    const request = (reason: 'first' | 'renewed'): HttpRequest => {
      if (reason === 'renewed') throw failed;
      return { method: 'GET', url: '/video' };
    };
    expect(await rejection(download(server.url, { request }))).toBe(failed);
  });
});

describe('a URL that has expired', () => {
  it.each([401, 403, 404, 410])(
    'is fetched anew in the middle of the file, at %i from a foreign origin',
    async (status) => {
      const cdn = await serve((seen, response, index) => {
        if (index === 0) return send(seen, response, { upTo: 100_000 });
        return seen.url === '/v?sig=new' ? send(seen, response) : response.writeHead(status).end();
      });
      const request = (reason: 'first' | 'renewed') =>
        ({ method: 'GET', url: `${cdn.url}/v?sig=${reason === 'first' ? 'old' : 'new'}` }) as const;
      expect(video.equals(await (await download('http://api.test', { request })).bytes())).toBe(true);
      expect(cdn.seen.map(({ url, headers }) => [url, headers.range])).toEqual([
        ['/v?sig=old', undefined],
        ['/v?sig=old', 'bytes=100000-'],
        ['/v?sig=new', 'bytes=100000-'],
      ]);
    },
  );

  it('is fetched anew a few times only, and no signature is shown', async () => {
    const cdn = await serve((_seen, response) =>
      response
        .writeHead(403, { 'content-type': 'application/xml' })
        .end('<Error><Message>Request has expired</Message></Error>'),
    );
    const request = () => ({ method: 'GET', url: `${cdn.url}/v?X-Amz-Signature=s3cret` }) as const;
    const error = await rejection(download('http://api.test', { request }));
    expect(error).toMatchObject({ code: 'download-expired', status: 403, jobId: 'job-1' });
    expect((error as Error).message).toContain('Request has expired');
    expect(inspect(error, { depth: 10 })).not.toContain('s3cret');
    expect(cdn.seen).toHaveLength(4);
  });

  it('is not what a refusal of our own server is', async () => {
    const server = await serve((_seen, response) => json(response, 403, { error: 'not yours' }));
    expect(await rejection(download(server.url))).toBeInstanceOf(ApiError);
    expect(server.seen).toHaveLength(1);
  });

  it('is fetched anew where our server redirected to it', async () => {
    const cdn = await serve((seen, response, index) =>
      index === 0 ? response.writeHead(403).end() : send(seen, response),
    );
    const server = await serve((_seen, response) =>
      response.writeHead(302, { location: `${cdn.url}/v?sig=1` }).end(),
    );
    expect(await (await download(server.url)).bytes()).toHaveLength(video.length);
    expect(server.seen).toHaveLength(2);
  });
});

describe('a server in trouble', () => {
  it('is asked again, as it wishes, and then told', async () => {
    const server = await serve((seen, response, index) =>
      index === 0 ? json(response, 503, {}, { 'retry-after': '0' }) : send(seen, response),
    );
    expect(await (await download(server.url)).bytes()).toHaveLength(video.length);
    const broken = await serve((_seen, response) => json(response, 500, { error: 'oops' }));
    expect(await rejection(download(broken.url))).toMatchObject({ name: 'ApiError', code: 'server-error' });
    expect(broken.seen).toHaveLength(3);
  });
});

describe('the hash the server gives', () => {
  const sha256 = createHash('sha256').update(video).digest('base64');
  it.each([
    ['Repr-Digest', { 'repr-digest': `sha-256=:${sha256}:` }],
    ['Digest', { digest: `SHA-256=${sha256}` }],
    ['that of S3', { 'x-amz-checksum-sha256': sha256 }],
  ])('is checked when all is there (%s)', async (_name, headers) => {
    const good = await serve((seen, response) =>
      send(seen, response, { headers: { ...strong, ...headers } }),
    );
    expect(await (await download(good.url)).bytes()).toHaveLength(video.length);
    const bad = await serve((_seen, response) =>
      response.writeHead(200, { ...headers }).end(Buffer.alloc(300_000, 1)),
    );
    expect(await rejection((await download(bad.url)).bytes())).toMatchObject({ code: 'download-incomplete' });
  });
});

describe('an abort of a download', () => {
  it.each(['while it opens', 'while it waits for the file', 'in the middle', 'between two attempts'])(
    'rejects with the very reason of the signal %s, and leaves nothing',
    async (when) => {
      const server = await serve((seen, response) => {
        if (when === 'while it opens') return;
        if (when === 'while it waits for the file') return json(response, 404, {}, { 'retry-after': '2' });
        if (when === 'between two attempts') return send(seen, response, { upTo: 100_000 });
        response.writeHead(200, { 'content-length': video.length }).write(video.subarray(0, 10_000));
      });
      const { controller, listeners } = countedSignal();
      const reason = { my: 'reason' };
      let abortedAt = 0;
      setTimeout(() => {
        abortedAt = performance.now();
        controller.abort(reason);
      }, 150);
      const retry = { attempts: 3, minDelayMs: 3_000, maxDelayMs: 3_000 };
      const call = download(server.url, { signal: controller.signal, retry }).then((file) => file.bytes());
      expect(await rejection(call)).toBe(reason);
      expect(performance.now() - abortedAt).toBeLessThan(1_000); // The rest never comes.
      expect(listeners()).toBe(0);
      await eventually(() => expect(server.underWay()).toBe(0));
    },
  );

  it('that comes before all else sends nothing', async () => {
    const server = await serve((seen, response) => send(seen, response));
    const reason = new Error('no');
    expect(await rejection(download(server.url, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(server.seen).toHaveLength(0);
  });

  it('leaves no listener after a download that went well', async () => {
    const server = await serve((seen, response) => send(seen, response));
    const { controller, listeners } = countedSignal();
    await (await download(server.url, { signal: controller.signal })).bytes();
    expect(listeners()).toBe(0);
  });

  it('is known to its client only while it lasts, however it ends', async () => {
    const server = await serve((seen, response) =>
      seen.url === '/video' ? send(seen, response) : response.writeHead(403).end(),
    );
    const open = new Set<unknown>();
    const whileOpen = (abort: unknown) => {
      open.add(abort);
      return () => void open.delete(abort);
    };
    await (await download(server.url, { whileOpen })).bytes();
    await rejection(download(server.url, { whileOpen, request: () => ({ method: 'GET', url: '/none' }) }));
    expect(open.size).toBe(0);
  });
});
