import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { serve } from '../http/support.js';
import { answer, download, startOf, strong, video } from './support.js';

afterEach(() => vi.unstubAllGlobals());

const EXPOSED = new Set(['content-type', 'content-length', 'content-range', 'etag']);

/** What a page is given by a server of another origin: some headers only, and a failure where it may not ask. */
function inPage(forbidden: readonly string[] = []): void {
  const { fetch } = globalThis;
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const asked = new Headers(init.headers);
    if (forbidden.some((name) => asked.has(name))) throw new TypeError('Failed to fetch');
    const response = await fetch(url, init);
    const headers = new Headers([...response.headers].filter(([name]) => EXPOSED.has(name)));
    return Object.defineProperties(response, { type: { value: 'cors' }, headers: { value: headers } });
  });
}

const noise = randomBytes(100_000);
// Whatever else it begins with, it is not what a text begins with.
noise[0] = 1;

describe('a download of another origin, in a page', () => {
  it.each([
    ['longer', noise],
    ['shorter', video],
  ])('is whole where an encoding that is hidden makes it %s on the way', async (_, bytes) => {
    inPage();
    const zipped = gzipSync(bytes);
    expect(zipped.length).not.toBe(bytes.length);
    const headers = {
      'content-type': 'video/mp4',
      'content-encoding': 'gzip',
      'content-length': zipped.length,
    };
    const server = await serve((_seen, response) => response.writeHead(200, headers).end(zipped));
    expect(bytes.equals(await (await download(server.url)).bytes())).toBe(true);
    expect(server.seen).toHaveLength(1);
  });

  it.each([
    ['by Range alone where If-Range is not allowed', ['if-range'], 'bytes=100000-'],
    ['from its beginning where Range is not allowed either', ['if-range', 'range'], undefined],
  ])('that broke off goes on %s', async (_, forbidden, range) => {
    inPage(forbidden);
    const server = await serve((seen, response, index) => {
      const from = startOf(seen.headers);
      const headers = { ...strong, 'content-length': video.length - (from ?? 0) };
      if (index === 0) return answer(response, { headers, to: 100_000, cut: true });
      if (from === undefined) return answer(response, { headers });
      const part = { 'content-range': `bytes ${from}-${video.length - 1}/${video.length}` };
      answer(response, { status: 206, headers: { ...headers, ...part }, from });
    });
    expect(video.equals(await (await download(server.url)).bytes())).toBe(true);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, range]);
  });

  it('that goes on by Range alone begins again where nothing proves that the file is the same', async () => {
    inPage(['if-range']);
    const server = await serve((seen, response, index) => {
      const from = startOf(seen.headers);
      const headers = { 'content-length': video.length - (from ?? 0) };
      if (index === 0)
        return answer(response, { headers: { ...strong, ...headers }, to: 100_000, cut: true });
      if (from === undefined) return answer(response, { headers });
      const part = { 'content-range': `bytes ${from}-${video.length - 1}/${video.length}` };
      answer(response, { status: 206, headers: { ...headers, ...part }, from });
    });
    expect(video.equals(await (await download(server.url)).bytes())).toBe(true);
    expect(server.seen).toHaveLength(3);
  });
});
