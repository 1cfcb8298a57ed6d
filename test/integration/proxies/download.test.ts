import { describe, expect, it } from 'vitest';
import { answer, download, startOf, video } from '../download/support.js';
import { serve, type TestServer } from '../http/support.js';
import { startCaddy, startHAProxy, startNginx } from './support.js';

/** Of a file that is no MP4, whose parts cannot tell whether all are there. */
const type = { 'content-type': 'video/webm' };

const upstream = ({ url }: TestServer) => ({ port: Number(new URL(url).port) });

/** Dies in the middle of its first answer. */
function fileServer(validator: Record<string, string>, isLengthTold: boolean): Promise<TestServer> {
  return serve((seen, response, index) => {
    const from = startOf(seen.headers) ?? 0;
    if (from === video.length)
      return answer(response, { status: 416, headers: { 'content-range': `bytes */${from}` } });
    const headers = {
      ...type,
      ...validator,
      ...(isLengthTold && { 'content-length': video.length - from }),
      ...(from > 0 && { 'content-range': `bytes ${from}-${video.length - 1}/${video.length}` }),
    };
    const status = from > 0 ? 206 : 200;
    answer(response, { status, headers, from, ...(index === 0 && { to: 100_000, cut: true }) });
  });
}

describe.each([
  // It speaks HTTP/1.0 with the server: where no length was told, it ends in good order what broke off.
  ['nginx as it comes', startNginx],
  ['haproxy', startHAProxy],
  ['caddy', (server: { port: number }) => startCaddy(server, 'reverse_proxy localhost:3001')],
] as const)('a download whose server dies in the middle, behind %s', (_, start) => {
  it.each([
    ['with a length and a validator', { etag: '"v1"' }, true],
    ['with a length alone', {}, true],
    ['with a validator alone', { etag: '"v1"' }, false],
    ['with neither', {}, false],
  ])('is whole in the end: %s', async (_, validator, isLengthTold) => {
    const server = await fileServer(validator, isLengthTold);
    const { url } = await start(upstream(server));
    expect(video.equals(await (await download(url)).bytes())).toBe(true);
    const [, second] = server.seen;
    if ('etag' in validator) expect(second?.headers.range).toMatch(/^bytes=[1-9]/);
  });
});
