import { connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { connect } from '../../../examples/proxy/page.js';
import { createProxy, type ProxyOptions } from '../../../examples/proxy/server.js';
import type { DefaultBackend } from '../../../src/client/client-types.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import {
  type MockServer,
  type MockServerOptions,
  mockMedia,
  patternBytes,
} from '../../../src/mock-server/index.js';
import type { WebSocketClass } from '../../../src/runtime/runtime.js';
import { listen } from '../../support/listen.js';
import { errorOf } from '../../support/rejection.js';
import { input, startServer } from '../client/support.js';
import { startExample } from './support.js';

const SUBMIT = '/videos/api/generate?renderVersion=v3';
const KEY = 'key-of-the-video-server-0123456789';
const video = Buffer.from(mockMedia('video'));

interface Site {
  readonly url: string;
  readonly upstream: MockServer;
  /** Every byte that was sent to browsers. */
  sent(): string;
  /** A call as a browser of this user makes it. */
  call(path: string, init?: RequestInit, user?: string): Promise<Response>;
  page(
    user: string | undefined,
    options?: Partial<VideoClientOptions<DefaultBackend>>,
  ): ReturnType<typeof connect>;
}

/** The proxy between pages and a server that wants a key, and on the pages' side something that sees every byte. */
async function startSite(mock: MockServerOptions = {}, options: Partial<ProxyOptions> = {}): Promise<Site> {
  const upstream = await startServer({
    manual: false,
    durationMs: 300,
    auth: { type: 'bearer', token: KEY },
    ...mock,
  });
  const proxy = createProxy({
    upstream: { url: upstream.url, key: KEY },
    userOf: (headers) => /^session=(\w+)$/.exec(headers.get('cookie') ?? '')?.[1],
    ...options,
  });
  const { port } = await listen(proxy);
  let sent = '';
  const tap = createTcpServer((browser) => {
    const server = connectTcp(port, '127.0.0.1');
    server.on('data', (chunk) => {
      sent += chunk.toString('latin1');
    });
    browser.pipe(server).pipe(browser);
    browser.on('error', () => server.destroy()).on('close', () => server.destroy());
    server.on('error', () => browser.destroy()).on('close', () => browser.destroy());
  });
  const { url } = await listen(tap);
  return {
    url,
    upstream,
    sent: () => sent,
    call: (path, init = {}, user = 'ada') =>
      fetch(url + path, { ...init, headers: { cookie: `session=${user}`, ...init.headers } }),
    page(user, options = {}) {
      const headers: Record<string, string> = user === undefined ? {} : { cookie: `session=${user}` };
      const client = connect({
        baseUrl: `${url}/videos`,
        webSocketUrl: `${url}/videos/`,
        headers,
        WebSocket: class extends WebSocket {
          // As a browser's, which sends the cookie by itself.
          constructor(url: string) {
            super(url, { headers });
          }
        } as unknown as WebSocketClass,
        polling: { intervalMs: 20 },
        retry: { attempts: 1, minDelayMs: 5, maxDelayMs: 50 },
        ...options,
      });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

const generate = (headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(input),
});

describe('a page without the key', () => {
  it.each(['websocket', 'sse', 'polling'] as const)(
    'generates, follows over %s, and downloads',
    async (transport) => {
      const site = await startSite();
      const job = await site.page('ada', { transports: [transport] }).generate(input);
      const serving: (string | undefined)[] = [];
      const progress: number[] = [];
      job.on('transport', (change) => serving.push(change.transport));
      job.on('progress', (snapshot) => progress.push(snapshot.progress));
      await job.completed();
      expect(serving[0]).toBe(transport);
      expect(progress.length).toBeGreaterThan(2);
      expect(Buffer.from(await (await job.download()).bytes())).toEqual(video);
      expect(site.sent()).toContain(job.id);
      expect(site.sent()).not.toContain(KEY);
      for (const { headers, route } of site.upstream.requests) {
        expect(headers, route).toMatchObject({ authorization: `Bearer ${KEY}` });
        expect(headers, route).not.toHaveProperty('cookie');
      }
    },
  );

  it('resumes a download that broke on the way', async () => {
    const site = await startSite({
      videoBytes: 2_000_000,
      faults: [{ route: 'download', type: 'drop', atByte: 1_000_000, times: 1 }],
    });
    const job = await site.page('ada', { retry: { attempts: 3, minDelayMs: 5 } }).generate(input);
    const bytes = await (await job.download()).bytes();
    expect(Buffer.compare(bytes, patternBytes(0, 2_000_000))).toBe(0);
    const ranges = site.upstream.requests
      .filter(({ route }) => route === 'download')
      .map((r) => r.headers.range);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)]);
  });

  it('takes another transport where the upstream refuses WebSockets', async () => {
    const site = await startSite({ faults: [{ route: 'websocket', type: 'refuse' }] });
    const job = await site.page('ada').generate(input);
    const transports: (string | undefined)[] = [];
    job.on('transport', ({ transport }) => transports.push(transport));
    await job.completed();
    expect(transports).toContain('sse');
    expect(transports).not.toContain('websocket');
  });

  it('leaves no stream open upstream when it goes', async () => {
    const site = await startSite({ manual: true });
    for (const transport of ['websocket', 'sse'] as const) {
      const page = site.page('ada', { transports: [transport] });
      const job = await page.generate(input);
      job.completed().catch(() => {});
      const open = () => site.upstream.connections.webSockets + site.upstream.connections.eventStreams;
      await expect.poll(open).toBe(1);
      page.close();
      await expect.poll(open).toBe(0);
    }
  });
});

it('it runs by itself, configured by its environment', async () => {
  const upstream = await startServer({ auth: { type: 'bearer', token: KEY } });
  const env = { UPSTREAM_URL: upstream.url, UPSTREAM_KEY: KEY, SESSION: 'secret', PORT: '0' };
  const { child } = startExample('proxy/server.ts', [], env);
  const said = await new Promise<string>((resolve) =>
    child.stdout?.once('data', (data) => resolve(`${data}`)),
  );
  const port = /port: (\d+)/.exec(said)?.[1];
  const statusAs = async (session: string) => {
    const init = generate({ cookie: `theme=dark; session=${session}` });
    return (await fetch(`http://localhost:${port}${SUBMIT}`, init)).status;
  };
  expect([await statusAs('guessed'), await statusAs('secret')]).toEqual([401, 200]);
});

describe('who may call', () => {
  it('nobody who is not signed in, over any route', async () => {
    const site = await startSite();
    const page = site.page(undefined);
    expect(await errorOf(page.generate(input))).toMatchObject({ code: 'unauthorized', status: 401 });
    expect(await errorOf(page.status('job-1'))).toMatchObject({ status: 401 });
    expect(await errorOf(page.download('job-1'))).toMatchObject({ status: 401 });
    expect((await fetch(`${site.url}/videos/api/jobs/events?jobIds=job-1`)).status).toBe(401);
    expect(await upgrade(`${site.url}/videos/`)).toBe(401);
    expect(site.upstream.requests).toEqual([]);
  });

  it('no page of another site, though the cookie comes along', async () => {
    const site = await startSite();
    const foreign = { origin: 'https://evil.example', cookie: 'session=ada' };
    expect((await site.call(SUBMIT, generate(foreign))).status).toBe(403);
    expect(await upgrade(`${site.url}/videos/`, foreign)).toBe(403);
    expect((await site.call(SUBMIT, generate({ 'content-type': 'text/plain' }))).status).toBe(415);
    expect(site.upstream.requests).toEqual([]);
    expect((await site.call(SUBMIT, generate({ origin: site.url }))).status).toBe(200);
  });

  it('nobody about a job of somebody else', async () => {
    const site = await startSite({ manual: true });
    const { id } = await site.page('ada').generate(input);
    const eve = site.page('eve');
    expect(await errorOf(eve.status(id))).toMatchObject({ code: 'not-found' });
    expect(await errorOf(eve.download(id))).toMatchObject({ code: 'not-found' });
    expect((await site.call(`/videos/api/jobs/events?jobIds=${id}`, {}, 'eve')).status).toBe(404);
    const socket = new WebSocket(`${site.url}/videos/`, { headers: { cookie: 'session=eve' } });
    onTestFinished(() => socket.terminate());
    const said = new Promise((resolve) =>
      socket.once('message', (data) => resolve(JSON.parse(String(data)))),
    );
    socket.once('open', () => socket.send(JSON.stringify({ action: 'subscribe', jobId: id })));
    expect(await said).toEqual({ error: 'Unknown action or missing jobId' });
    expect(
      site.upstream.requests.filter(({ route }) => route !== 'generate' && route !== 'websocket'),
    ).toEqual([]);
  });

  it('no one too often', async () => {
    const site = await startSite({ manual: true }, { submitsPerMinute: 2, requestsPerMinute: 4 });
    const submit = async (user: string) => (await site.call(SUBMIT, generate(), user)).status;
    expect([await submit('ada'), await submit('ada'), await submit('bob')]).toEqual([200, 200, 200]);
    const refused = await site.call(SUBMIT, generate());
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await site.call('/videos/api/videos/status/x')).status).toBe(404);
    expect((await site.call('/videos/api/videos/status/x')).status).toBe(429);
    expect(await upgrade(`${site.url}/videos/`, { cookie: 'session=ada' })).toBe(429);
    expect(site.upstream.requests).toHaveLength(3);
  });
});

describe('what may be called, and what comes back', () => {
  it.each([
    '/videos/v1/videos',
    '/videos/api/webhook/video-events',
    '/videos/../v1/videos',
    '/',
    '/api/generate',
  ])('%s is not there', async (path) => {
    const site = await startSite();
    expect((await site.call(path)).status).toBe(404);
    expect((await site.call(path, { method: 'POST' })).status).toBe(404);
    expect(site.upstream.requests).toEqual([]);
  });

  it('a WebSocket elsewhere is not there either', async () => {
    const site = await startSite();
    expect(await upgrade(`${site.url}/`, { cookie: 'session=ada' })).toBe(404);
  });

  it('no header of the upstream comes back but those that a client needs', async () => {
    const headers = { 'set-cookie': 'upstream=1', 'x-internal': KEY, server: 'upstream/1.0' };
    const site = await startSite({
      faults: [{ route: 'generate', type: 'status', status: 402, body: { error: 'no credits' }, headers }],
    });
    const answer = await site.call(SUBMIT, generate());
    expect([answer.status, await answer.json()]).toEqual([402, { error: 'no credits' }]);
    expect(site.sent()).not.toMatch(/set-cookie|x-internal|upstream/i);
  });

  it.each([
    [401, 502],
    [403, 502],
    [500, 502],
    [503, 503],
  ])('what the upstream says with a %i stays here, as a %i', async (status, told) => {
    const site = await startSite({
      faults: [
        { route: 'generate', type: 'status', status, retryAfter: 7, body: { error: `wrong key ${KEY}` } },
      ],
    });
    const answer = await site.call(SUBMIT, generate());
    expect(answer.status).toBe(told);
    expect(answer.headers.get('retry-after')).toBe(told === 503 ? '7' : null);
    expect(site.sent()).not.toContain(KEY);
  });

  it('an upstream that is away is a 502, on a WebSocket too', async () => {
    const site = await startSite();
    await site.upstream.pause();
    expect((await site.call(SUBMIT, generate())).status).toBe(502);
    expect(await upgrade(`${site.url}/videos/`, { cookie: 'session=ada' })).toBe(502);
  });

  it('a redirect to another host is followed without the key', async () => {
    const site = await startSite({ faults: [{ route: 'download', type: 'redirect' }] });
    const job = await site.page('ada').generate(input);
    expect(Buffer.from(await (await job.download()).bytes())).toEqual(video);
    const elsewhere = site.upstream.requests.filter(({ origin }) => origin === 'files');
    expect(elsewhere).toHaveLength(1);
    expect(elsewhere[0]?.headers).not.toHaveProperty('authorization');
  });

  it('a body that is too large goes no further', async () => {
    const site = await startSite();
    const body = JSON.stringify({ script: 'x'.repeat(11 * 1_048_576) });
    expect((await site.call(SUBMIT, { ...generate(), body })).status).toBe(413);
    expect(site.upstream.requests).toEqual([]);
  });
});

/** The status that a WebSocket is refused with. */
function upgrade(url: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers });
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    socket.on('open', () => reject(new Error('it was let in')));
    socket.on('error', () => {});
  });
}
