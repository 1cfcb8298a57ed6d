import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { WebSocketCodec } from '../../../src/backends/backend.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { VideoClient } from '../../../src/client/client.js';
import { listen } from '../../support/listen.js';

type Options = Partial<ConstructorParameters<typeof VideoClient>[0]>;
const ends: (() => unknown)[] = [];

afterEach(async () => {
  vi.unstubAllGlobals();
  for (const end of ends.splice(0)) await end();
});

/** A server that ends the job over its WebSocket alone; `gate` says with which status an upgrade is refused. */
async function start(gate: (request: IncomingMessage) => number | undefined = () => undefined) {
  const upgrades: IncomingMessage[] = [];
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"jobId":"j","status":"processing"}');
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    upgrades.push(request);
    const status = gate(request);
    if (status !== undefined) {
      const location = upgrades.length === 1 && status === 302 ? 'Location: /elsewhere\r\n' : '';
      socket.end(`HTTP/1.1 ${status} No\r\n${location}Connection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (open) =>
      open.on('message', () => open.send(Buffer.from('{"jobId":"j","status":"completed"}'))),
    );
  });
  const { url: baseUrl } = await listen(server);
  return { upgrades, baseUrl };
}

function clientOf(options: Options & { baseUrl: string }) {
  const client = new VideoClient({ transports: ['websocket'], timeouts: { jobMs: 8_000 }, ...options });
  ends.push(() => client.close());
  return client;
}

const auth = { type: 'bearer', token: 'token-of-the-caller' } as const;
const headers = { 'x-tenant': 'blue', cookie: 'session=1' };
const carried = { authorization: 'Bearer token-of-the-caller', 'x-tenant': 'blue', cookie: 'session=1' };

describe('the upgrade to a WebSocket, outside of a page,', () => {
  it('carries auth and headers, with the class of ws', async () => {
    const { baseUrl, upgrades } = await start();
    const end = await clientOf({ baseUrl, auth, headers, WebSocket }).subscribe('j').completed();
    expect(end.transport).toBe('websocket');
    expect(upgrades[0]?.headers).toMatchObject(carried);
    expect(upgrades[0]?.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('carries them where there is no class but that of the package', async () => {
    vi.stubGlobal('WebSocket', undefined);
    const { baseUrl, upgrades } = await start();
    await clientOf({ baseUrl, auth, headers }).subscribe('j').completed();
    expect(upgrades[0]?.headers).toMatchObject(carried);
  });

  it('carries them with a class made of that of ws, as the third parameter', async () => {
    const { baseUrl, upgrades } = await start();
    class Own extends WebSocket {}
    await clientOf({ baseUrl, auth, headers, WebSocket: Own }).subscribe('j').completed();
    expect(upgrades[0]?.headers).toMatchObject(carried);
  });

  it('carries them with a global class that takes them as the second, as those of Node, Bun and Deno', async () => {
    const { baseUrl, upgrades } = await start();
    vi.stubGlobal('WebSocket', likeNodes());
    await clientOf({ baseUrl, auth, headers }).subscribe('j').completed();
    expect(upgrades[0]?.headers).toMatchObject({
      ...carried,
      'user-agent': expect.stringMatching(/^reelwire\//),
    });
  });

  it('goes without them where the global class takes none, as an old one of Deno', async () => {
    const { baseUrl, upgrades } = await start();
    vi.stubGlobal('WebSocket', likeNodes({ takesNone: true }));
    await clientOf({ baseUrl, auth, headers }).subscribe('j').completed();
    expect(upgrades[0]?.headers).not.toHaveProperty('authorization');
  });

  it('carries none in a page, whose class would refuse them', async () => {
    const { baseUrl, upgrades } = await start();
    const Page = likeNodes({ takesNone: true });
    vi.stubGlobal('document', { baseURI: `${baseUrl}/`, addEventListener() {}, removeEventListener() {} });
    vi.stubGlobal('WebSocket', Page);
    await clientOf({ baseUrl, headers }).subscribe('j').completed();
    expect(upgrades[0]?.headers).not.toHaveProperty('x-tenant');
    expect(Page.made).toBe(1);
  });

  describe('in a page, where the backend says how its token is sent,', () => {
    const withCredential = () => ({ ...soraGateway(), credential: { header: 'x-api-key' } });

    function page(baseUrl: string, options: Options = {}) {
      vi.stubGlobal('document', { baseURI: `${baseUrl}/`, addEventListener() {}, removeEventListener() {} });
      vi.stubGlobal('WebSocket', likeNodes({ takesNone: true }));
      return clientOf({ auth, backend: withCredential(), ...options, baseUrl });
    }

    it('has it in its URL, and nowhere else', async () => {
      const { baseUrl, upgrades } = await start();
      const lines: string[] = [];
      const log = (line: string) => void lines.push(line);
      const logger = { debug: log, info: log, warn: log, error: log };
      await page(baseUrl, { logger }).subscribe('j').completed();
      expect(upgrades[0]?.url).toBe('/?token=token-of-the-caller');
      expect(upgrades[0]?.headers).not.toHaveProperty('x-api-key');
      expect(lines.join()).not.toContain('token-of-the-caller');
    });

    it('has it in a webSocketUrl that is a text, of another origin too', async () => {
      const api = await start();
      const streams = await start();
      await page(api.baseUrl, { webSocketUrl: `${streams.baseUrl}/live?a=b` })
        .subscribe('j')
        .completed();
      expect(streams.upgrades[0]?.url).toBe('/live?a=b&token=token-of-the-caller');
    });

    it('has what a function, or the URL itself, says in its place', async () => {
      const { baseUrl, upgrades } = await start();
      await page(baseUrl, { webSocketUrl: () => `${baseUrl}/?ticket=1` })
        .subscribe('j')
        .completed();
      await page(baseUrl, { webSocketUrl: `${baseUrl}/?token=own` })
        .subscribe('j')
        .completed();
      expect(upgrades.map(({ url }) => url)).toEqual(['/?ticket=1', '/?token=own']);
    });

    it('has none where the path of the backend leads to another origin', async () => {
      const api = await start();
      const streams = await start();
      const { webSocket, ...rest } = withCredential();
      const path = `${streams.baseUrl.replace('http', 'ws')}/`;
      const backend = { ...rest, webSocket: { ...(webSocket as WebSocketCodec), path } };
      await page(api.baseUrl, { backend }).subscribe('j').completed();
      expect(streams.upgrades[0]?.url).toBe('/');
    });
  });

  it('in a page, where the backend says nothing of that, has no token in its URL', async () => {
    const { baseUrl, upgrades } = await start();
    vi.stubGlobal('document', { baseURI: `${baseUrl}/`, addEventListener() {}, removeEventListener() {} });
    vi.stubGlobal('WebSocket', likeNodes({ takesNone: true }));
    await clientOf({ baseUrl, auth }).subscribe('j').completed();
    expect(upgrades[0]?.url).toBe('/');
  });

  it('has its token in a header alone where that can be sent', async () => {
    const { baseUrl, upgrades } = await start();
    const backend = { ...soraGateway(), credential: { header: 'x-api-key' } };
    await clientOf({ baseUrl, auth, WebSocket, backend }).subscribe('j').completed();
    expect(upgrades[0]).toMatchObject({ url: '/', headers: { 'x-api-key': 'token-of-the-caller' } });
  });

  it('carries them to webSocketUrl of another origin, whether given or asked for', async () => {
    const api = await start();
    for (const asked of [false, true]) {
      const streams = await start();
      const webSocketUrl = asked ? () => `${streams.baseUrl}/socket` : `${streams.baseUrl}/socket`;
      await clientOf({ baseUrl: api.baseUrl, webSocketUrl, auth, WebSocket }).subscribe('j').completed();
      expect(streams.upgrades[0]?.headers.authorization).toBe(carried.authorization);
    }
    expect(api.upgrades).toEqual([]);
  });

  it('carries none where the path of a backend leads to another origin', async () => {
    const api = await start();
    const streams = await start();
    const gateway = soraGateway();
    const path = `${streams.baseUrl.replace('http', 'ws')}/`;
    const backend = { ...gateway, webSocket: { ...(gateway.webSocket as WebSocketCodec), path } };
    await clientOf({ baseUrl: api.baseUrl, auth, headers, WebSocket, backend }).subscribe('j').completed();
    expect(streams.upgrades[0]?.headers).not.toHaveProperty('authorization');
    expect(streams.upgrades[0]?.headers).not.toHaveProperty('x-tenant');
  });

  it('never carries them on to where it is redirected', async () => {
    const { baseUrl, upgrades } = await start((request) => (request.url === '/' ? 302 : undefined));
    const client = clientOf({ baseUrl, auth, WebSocket, transports: ['websocket', 'polling'] });
    const job = client.subscribe('j');
    const change = new Promise<string>((resolve) => job.on('transport', ({ reason }) => resolve(reason)));
    expect(await change).toContain('HTTP 302');
    expect(upgrades.every(({ url }) => url === '/')).toBe(true);
  });

  it('asks the functions at each connect, and once more when it is told 401', async () => {
    const { baseUrl, upgrades } = await start((request) =>
      request.headers.authorization === 'Bearer fresh-token' ? undefined : 401,
    );
    const token = () => (upgrades.length === 0 ? 'stale-token' : 'fresh-token');
    const client = clientOf({ baseUrl, auth: { type: 'bearer', token }, WebSocket });
    expect((await client.subscribe('j').completed()).transport).toBe('websocket');
    expect(upgrades.map((one) => one.headers.authorization)).toEqual([
      'Bearer stale-token',
      'Bearer fresh-token',
    ]);
  });

  it('is not tried again at once where the functions have nothing else to say', async () => {
    const { baseUrl, upgrades } = await start(() => 401);
    const client = clientOf({ baseUrl, auth, WebSocket });
    const job = client.subscribe('j');
    const warning = await new Promise<string>((resolve) => job.on('warning', ({ code }) => resolve(code)));
    expect(warning).toBe('credentials');
    expect(upgrades).toHaveLength(1);
  });
});

/** The class of ws behind the parameters of a standard one; undici's, Bun's and Deno's take an object as the second. */
function likeNodes({ takesNone = false } = {}) {
  return class Standard {
    static made = 0;
    constructor(url: string, options?: { headers?: Record<string, string> }) {
      if (takesNone && options !== undefined) throw new SyntaxError('the subprotocol is invalid');
      Standard.made += 1;
      const socket = new WebSocket(url, { headers: options?.headers ?? {} });
      const terminate = undefined;
      Object.assign(socket, { terminate });
      // biome-ignore lint/correctness/noConstructorReturn: it is the socket, whose class shows nothing of ws
      return socket as unknown as Standard;
    }
  };
}
