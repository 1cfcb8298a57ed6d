import { describe, expect, it } from 'vitest';
import { rejection } from '../../support/rejection.js';
import { json, serve } from '../http/support.js';
import { answer, download, strong, video } from './support.js';

const at = (...urls: string[]) => urls.map((url) => ({ method: 'GET', url }) as const);
const length = { ...strong, 'content-length': video.length };
const xml = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No</Message></Error>`;

describe('a file that may be in several places', () => {
  it.each([400, 404, 405, 410])(
    'is had from the next one where one answers %i, without a wait',
    async (status) => {
      const server = await serve((seen, response) =>
        seen.url === '/b'
          ? answer(response, { headers: length })
          : json(response, status, { error: 'not here' }),
      );
      const retry = { attempts: 3, minDelayMs: 60_000, maxDelayMs: 60_000 };
      const file = await download(server.url, { places: () => at('/a', '/b'), retry });
      expect(video.equals(await file.bytes())).toBe(true);
      expect(server.seen.map(({ url }) => url)).toEqual(['/a', '/b']);
    },
  );

  it('is had from our server where a store of another origin forbids it', async () => {
    const store = await serve((_seen, response) => response.writeHead(403).end(xml('AccessDenied')));
    const server = await serve((_seen, response) => answer(response, { headers: length }));
    const file = await download(server.url, { places: () => at(`${store.url}/v`, '/b') });
    expect(video.equals(await file.bytes())).toBe(true);
  });

  it('is asked for by new URLs where one had expired and the last has none', async () => {
    const store = await serve((seen, response) =>
      seen.url === '/new'
        ? answer(response, { headers: length })
        : response.writeHead(403).end(xml('AccessDenied')),
    );
    const server = await serve((_seen, response) => json(response, 404, { error: 'gone' }));
    const asked: boolean[] = [];
    const file = await download(server.url, {
      places: (renew) => {
        asked.push(renew);
        return at(`${store.url}/${renew ? 'new' : 'old'}`, '/content');
      },
    });
    expect(video.equals(await file.bytes())).toBe(true);
    expect(asked).toEqual([false, true]);
  });

  it('is waited for where no place has it, and the words of the last are told', async () => {
    const server = await serve((seen, response) => json(response, 404, { error: `no file at ${seen.url}` }));
    const error = await rejection(download(server.url, { places: () => at('/a', '/b'), notReadyMs: 50 }));
    expect(error).toMatchObject({ code: 'download-not-ready' });
    expect((error as Error).message).toContain('no file at /b');
  });

  it('is not looked for elsewhere where one refuses for good', async () => {
    const server = await serve((_seen, response) => json(response, 401, { error: 'who are you' }));
    expect(await rejection(download(server.url, { places: () => at('/a', '/b') }))).toMatchObject({
      code: 'unauthorized',
    });
    expect(server.seen).toHaveLength(1);
  });

  it('is waited for where the job names none yet', async () => {
    let asks = 0;
    const server = await serve((_seen, response) => answer(response, { headers: length }));
    const places = () => (++asks < 3 ? [] : at('/a'));
    expect(video.equals(await (await download(server.url, { places })).bytes())).toBe(true);
    const error = await rejection(download(server.url, { places: () => [], notReadyMs: 30 }));
    expect(error).toMatchObject({ code: 'download-not-ready', jobId: 'job-1' });
    expect((error as Error).message).toContain('names no file');
  });
});

describe('an answer 400', () => {
  it.each(['ExpiredToken', 'ExpiredRequest'])('of a store that says %s is an expired URL', async (code) => {
    const store = await serve((seen, response) =>
      seen.url === '/new'
        ? answer(response, { headers: length })
        : response.writeHead(400, { 'content-type': 'application/xml' }).end(xml(code)),
    );
    const file = await download('http://api.test', {
      places: (renew) => at(`${store.url}/${renew ? 'new' : 'old'}`),
    });
    expect(video.equals(await file.bytes())).toBe(true);
  });

  it('of a store that says anything else is told at once, in its words', async () => {
    const store = await serve((_seen, response) => response.writeHead(400).end(xml('InvalidArgument')));
    const error = await rejection(download('http://api.test', { places: () => at(`${store.url}/v`) }));
    expect(error).toMatchObject({ name: 'ApiError', status: 400 });
    expect((error as Error).message).toContain('InvalidArgument');
    expect(store.seen).toHaveLength(1);
  });

  it('of our own server is waited out, as 404 is', async () => {
    const server = await serve((_seen, response, index) =>
      index < 2 ? json(response, 400, { error: 'not completed yet' }) : answer(response, { headers: length }),
    );
    const renewed: boolean[] = [];
    const places = (renew: boolean) => {
      renewed.push(renew);
      return at('/a');
    };
    expect(video.equals(await (await download(server.url, { places })).bytes())).toBe(true);
    expect(renewed).toEqual([false, true, true]);
  });
});

describe('the pace of a download', () => {
  it('renews a URL that expires again and again as long as bytes come in between', async () => {
    const step = 50_000;
    const store = await serve((seen, response, index) => {
      if (index % 2 === 1) return response.writeHead(403).end();
      const from = Number(/^bytes=(\d+)-/.exec(seen.headers.range ?? '')?.[1] ?? 0);
      const part = { ...strong, 'content-range': `bytes ${from}-${video.length - 1}/${video.length}` };
      const status = from === 0 ? 200 : 206;
      answer(response, { status, headers: from === 0 ? length : part, from, to: from + step, cut: true });
    });
    const file = await download('http://api.test', { places: () => at(`${store.url}/v`) });
    expect(video.equals(await file.bytes())).toBe(true);
  });

  it('ends where the server asks to wait beyond retry.maxDelayMs', async () => {
    const server = await serve((_seen, response) => json(response, 503, {}, { 'retry-after': '60' }));
    const retry = { attempts: 5, minDelayMs: 1, maxDelayMs: 1_000 };
    expect(await rejection(download(server.url, { retry }))).toMatchObject({ code: 'server-error' });
    expect(server.seen).toHaveLength(1);
  });

  it('ends at the thousandth lost connection, though each brought a byte', async () => {
    const server = await serve((seen, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(seen.headers.range ?? '')?.[1] ?? 0);
      const headers = { ...strong, 'content-range': `bytes ${from}-${video.length - 1}/${video.length}` };
      const head = from === 0 ? { headers: length } : { status: 206, headers };
      response.writeHead(head.status ?? 200, head.headers);
      response.write(video.subarray(from, from + 1), () => setImmediate(() => response.destroy()));
    });
    const retry = { attempts: 3, minDelayMs: 0, maxDelayMs: 0 };
    const error = await rejection((async () => (await download(server.url, { retry })).bytes())());
    expect(error).toMatchObject({ code: 'download-incomplete' });
    expect(server.seen.length).toBeGreaterThan(900);
    expect(server.seen.length).toBeLessThan(2_100);
  }, 60_000);
});
