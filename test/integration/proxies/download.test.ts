import { describe, expect, it } from 'vitest';
import { answer, download, startOf, video } from '../download/support.js';
import { serve } from '../http/support.js';
import { startNginx } from './support.js';

/** Of a file that is no MP4, whose parts cannot tell whether all are there. */
const type = { 'content-type': 'video/webm' };

describe('a file without a length, whose server dies in the middle behind nginx, which ends it in good order', () => {
  it.each([
    ['goes on where it broke off', { etag: '"v1"' }],
    ['is fetched twice, and compared, where nothing names it', {}],
  ])('%s', async (_, validator) => {
    const server = await serve((seen, response, index) => {
      const from = startOf(seen.headers) ?? 0;
      const headers = { ...type, ...validator };
      if (index === 0) return answer(response, { headers, to: 100_000, cut: true });
      if (from === 0) return answer(response, { headers });
      if (from < video.length) {
        const part = { 'content-range': `bytes ${from}-${video.length - 1}/${video.length}` };
        return answer(response, { status: 206, headers: { ...headers, ...part }, from });
      }
      answer(response, { status: 416, headers: { 'content-range': `bytes */${video.length}` } });
    });
    const { url } = await startNginx({ port: Number(new URL(server.url).port) });
    expect(video.equals(await (await download(url)).bytes())).toBe(true);
  });
});
