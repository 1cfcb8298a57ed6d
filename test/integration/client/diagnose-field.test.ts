import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { VideoClient } from '../../../src/client/client.js';
import { listen } from '../../support/listen.js';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  vi.unstubAllGlobals();
  for (const end of ends.splice(0)) await end();
});

async function serve(listener: RequestListener, upgrade: number | 'open' = 404): Promise<string> {
  const server = createServer(listener);
  if (upgrade === 'open') new WebSocketServer({ server });
  else
    server.on('upgrade', (_request, socket) =>
      socket.end(`HTTP/1.1 ${upgrade} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`),
    );
  return (await listen(server)).url;
}

function json(response: Parameters<RequestListener>[1], status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** As the gateway: 404 for a job it has not, 500 for an id that is no UUID, and the head of a stream with its first event. */
const gateway: RequestListener = (request, response) => {
  const [, jobId] = /^\/api\/videos\/status\/(.+)$/.exec(request.url ?? '') ?? [];
  if (jobId !== undefined && /^[0-9a-f-]{36}$/.test(jobId)) json(response, 404, { error: 'Job not found' });
  else if (jobId !== undefined) json(response, 500, { error: 'invalid input syntax for type uuid' });
  else if (!request.url?.startsWith('/api/jobs/events')) json(response, 404, { error: 'Not found' });
};

function diagnose(baseUrl: string, options: object = {}) {
  const client = new VideoClient({ baseUrl, timeouts: { connectMs: 1_000, requestMs: 3_000 }, ...options });
  ends.push(() => client.close());
  return client.diagnose();
}

describe('diagnose', () => {
  it('finds that a gateway works which answers 500 to an id that is no UUID, and holds the heads of its streams', async () => {
    const { ok, transport, transports } = await diagnose(await serve(gateway, 'open'));
    expect([ok, transport]).toEqual([true, 'websocket']);
    expect(transports.polling.state).toBe('works');
    expect(transports.sse).toMatchObject({ state: 'unknown', message: expect.stringContaining('open late') });
  });

  it.each([400, 404, 426])(
    'names proxies, path and port where an upgrade is answered %i, and is content with polling',
    async (status) => {
      const { ok, transport, transports } = await diagnose(await serve(gateway, status));
      expect([ok, transport]).toEqual([true, 'polling']);
      for (const word of ['Upgrade', 'path', 'port', 'webSocketUrl']) {
        expect(transports.websocket.hint).toContain(word);
      }
    },
  );

  it.each([500, 429])('takes %i to the probe for no proof that jobs cannot be asked for', async (status) => {
    const baseUrl = await serve((_request, response) => json(response, status, { error: 'no' }));
    const { ok, transport, transports } = await diagnose(baseUrl, { transports: ['polling'] });
    expect([ok, transport]).toEqual([true, undefined]);
    expect(transports.polling).toMatchObject({ state: 'unknown', hint: expect.stringContaining('exists') });
  });

  it('does not say that a status route works which is answered as one that does not exist', async () => {
    const backend = soraGateway({ statusRoute: 'query' });
    const { transports } = await diagnose(await serve(gateway), { backend });
    expect(transports.polling).toMatchObject({
      state: 'unknown',
      message: expect.stringContaining('may be missing'),
      hint: expect.stringContaining('backend'),
    });
  });

  it('takes a page that is the same for every path for no API', async () => {
    const baseUrl = await serve((request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' });
      response.end(`<pre>Cannot GET ${request.url}</pre>`);
    });
    const { ok, transports } = await diagnose(baseUrl);
    expect(ok).toBe(false);
    expect(transports.polling.message).toContain('not this API');
  });

  it.each([{}, { auth: { type: 'bearer', token: 'a-right-token' } }])(
    'says where to set baseUrl where the server redirects to another origin, with %j',
    async (options) => {
      const there = await serve((request, response) =>
        request.headers.authorization === undefined ? json(response, 401, {}) : json(response, 404, {}),
      );
      const here = await serve((request, response) => {
        response.writeHead(308, { location: `${there}${request.url}` });
        response.end();
      });
      const { ok, transports } = await diagnose(`${here}/v2`, options);
      expect(ok).toBe(false);
      expect(transports.polling).toMatchObject({ state: 'fails', hint: `Set baseUrl to ${there}/v2.` });
    },
  );

  it.each([
    ['a name that nobody has', 'ENOTFOUND', 'host name'],
    ['a certificate that nobody vouches for', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'NODE_EXTRA_CA_CERTS'],
    ['a server that speaks no TLS', 'ERR_SSL_WRONG_VERSION_NUMBER', 'http: or https:'],
    ['a server that is not started', 'ECONNREFUSED', 'npm run dev'],
  ])('has a hint of its own for %s', async (_, code, words) => {
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })); // biome-ignore format: short
    const { ok, transports } = await diagnose('http://127.0.0.1:1', { fetch });
    expect(ok).toBe(false);
    for (const { hint } of Object.values(transports)) expect(hint).toContain(words);
  });

  it('speaks of browsers in a page only where an upgrade is refused for its credentials', async () => {
    const baseUrl = await serve(gateway, 401);
    expect((await diagnose(baseUrl)).transports.websocket.hint).toMatch(/^Check auth/);
  });
});
