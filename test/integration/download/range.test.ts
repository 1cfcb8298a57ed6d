import { describe, expect, it } from 'vitest';
import type { DownloadRange, VideoDownload } from '../../../src/core/video-download.js';
import { mockMedia, patternBytes } from '../../../src/mock-server/index.js';
import { errorOf } from '../../support/rejection.js';
import { connect, startServer } from '../client/support.js';
import { serve } from '../http/support.js';
import { answer, download, strong, video } from './support.js';

const RANGES: readonly DownloadRange[] = [
  { start: 0, end: 1 },
  { start: 0, end: 100_000 },
  { start: 1 },
  { start: 1, end: 2 },
  { start: 123_456, end: 250_001 },
  { start: 299_999 },
  { start: 200_000, end: 1_000_000 },
];

const WAYS: Readonly<Record<string, (video: VideoDownload) => Promise<Uint8Array>>> = {
  bytes: (file) => file.bytes(),
  stream: async (file) => new Uint8Array(await new Response(file.stream()).arrayBuffer()),
};

/** The bytes that a `Range` asks for. */
function asked(range: string | undefined): { from: number; to: number } | undefined {
  const [, from, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) return undefined;
  return { from: Number(from), to: Math.min(last ? Number(last) + 1 : video.length, video.length) };
}

describe.each(Object.entries(WAYS))('a part of a file, read by %s', (_, read) => {
  it.each(RANGES)('%o is asked for, and is all that comes', async (range) => {
    const ranges: (string | undefined)[] = [];
    const server = await serve(({ headers }, response) => {
      ranges.push(headers.range);
      const part = asked(headers.range);
      if (part === undefined) return answer(response, { headers: strong });
      const told = `bytes ${part.from}-${part.to - 1}/${video.length}`;
      answer(response, { status: 206, headers: { ...strong, 'content-range': told }, ...part });
    });
    const file = await download(server.url, { range });
    expect(file).toMatchObject({ size: video.length, eTag: '"v1"' });
    const bytes = await read(file);
    expect(Buffer.compare(bytes, video.subarray(range.start, range.end))).toBe(0);
    expect(ranges).toEqual([`bytes=${range.start}-${range.end === undefined ? '' : range.end - 1}`]);
  });

  it.each(RANGES)('%o comes of a server that knows no ranges', async (range) => {
    const server = await serve((_request, response) =>
      answer(response, { headers: { 'content-length': video.length } }),
    );
    const bytes = await read(await download(server.url, { range }));
    expect(Buffer.compare(bytes, video.subarray(range.start, range.end))).toBe(0);
  });

  it.each(RANGES)('%o is resumed where it broke off, up to its end', async (range) => {
    const ranges: (string | undefined)[] = [];
    const server = await serve(({ headers }, response) => {
      ranges.push(headers.range);
      const part = asked(headers.range) ?? { from: 0, to: video.length };
      const told = `bytes ${part.from}-${part.to - 1}/${video.length}`;
      const isCut = ranges.length <= 2 && part.to - part.from > 1_000;
      answer(response, {
        status: 206,
        headers: { ...strong, 'content-range': told, 'content-length': part.to - part.from },
        from: part.from,
        to: isCut ? part.from + 700 : part.to,
        cut: isCut,
      });
    });
    const bytes = await read(await download(server.url, { range }));
    expect(Buffer.compare(bytes, video.subarray(range.start, range.end))).toBe(0);
    const last = range.end === undefined ? '' : range.end - 1;
    for (const sent of ranges) expect(sent).toMatch(new RegExp(`^bytes=\\d+-${last}$`));
  });
});

it.each([{ start: 100_000, end: 200_000 }, { start: 100_000 }])(
  '%o of a server that tells no length is never half of it',
  async (range) => {
    const server = await serve((_request, { socket }) => {
      const head = 'HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\nconnection: close\r\n\r\n';
      socket?.end(
        Buffer.concat([Buffer.from(head), video.subarray(0, requests++ === 0 ? 150_000 : undefined)]),
      );
    });
    for (const [way, read] of Object.entries(WAYS)) {
      requests = 0;
      const bytes = await download(server.url, { range }).then(read).catch(codeOf);
      const whole = video.subarray(range.start, range.end);
      // What a stream has handed on cannot be taken back.
      if (way === 'stream') expect(bytes).toBe('download-incomplete');
      else expect(Buffer.compare(bytes as Uint8Array, whole)).toBe(0);
    }
  },
);

let requests = 0;
const codeOf = (error: { code?: unknown }) => error.code;

describe('a part that is not there', () => {
  it.each([
    ['a server that says 416', 416],
    ['one that knows no ranges', 200],
  ])('is an error of %s', async (_, status) => {
    const server = await serve((_request, response) =>
      answer(response, {
        status,
        headers: { 'content-length': status === 200 ? video.length : 0 },
        ...(status === 416 && { to: 0 }),
      }),
    );
    const error = await errorOf(download(server.url, { range: { start: video.length } }));
    expect(error).toMatchObject({ code: 'invalid-input', field: 'range', status: 416, jobId: 'job-1' });
  });
});

it('a web page in place of a part is no part', async () => {
  const server = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<html>'.repeat(1_000));
  });
  const error = await errorOf(download(server.url, { range: { start: 10 } }));
  expect(error).toMatchObject({ code: 'download-not-video' });
});

describe('client.download with a range', () => {
  it('brings that part of the video', async () => {
    const server = await startServer({ videoBytes: 1_000_000 });
    server.jobs.create({ id: 'job-1', manual: true }).complete();
    const file = await connect(server).download('job-1', { range: { start: 500_000, end: 500_100 } });
    expect(Buffer.compare(await file.bytes(), patternBytes(500_000, 100))).toBe(0);
    expect(file.size).toBe(1_000_000);
  });

  it('brings the first bytes of a video', async () => {
    const server = await startServer();
    server.jobs.create({ id: 'job-1', manual: true }).complete();
    const file = await connect(server).download('job-1', { range: { start: 0, end: 2 } });
    expect(await file.bytes()).toEqual(new Uint8Array(mockMedia('video').subarray(0, 2)));
  });

  it.each([
    [{ start: -1 }, 'range.start'],
    [{ start: 1.5 }, 'range.start'],
    [{ start: 2, end: 2 }, 'range.end'],
    [{ start: 2, end: 1 }, 'range.end'],
    [{ start: 0, until: 5 }, 'range.until'],
    ['bytes=0-1', 'range'],
  ])('refuses %o before anything is sent', async (range, field) => {
    const server = await startServer();
    const error = await errorOf(connect(server).download('job-1', { range: range as DownloadRange }));
    expect(error).toMatchObject({ code: 'invalid-input', field, jobId: 'job-1' });
    expect(server.requests).toEqual([]);
  });
});
