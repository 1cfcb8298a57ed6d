import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import manifest from '../../../package.json' with { type: 'json' };
import { VideoClient } from '../../../src/client/client.js';
import { createMockServer, type MockServer } from '../../../src/mock-server/index.js';

const reelwire = `reelwire/${manifest.version}`;
let mock: MockServer;
let seen: { url: string; agent: string | undefined }[];
let baseUrl: string;
let stop: () => Promise<void>;

/** Counts who calls, passes calls on to the mock server by a redirect, and upgrades by refusing them. */
beforeEach(async () => {
  mock = await createMockServer({ durationMs: 50 });
  seen = [];
  const note = ({ url = '', headers }: IncomingMessage) => seen.push({ url, agent: headers['user-agent'] });
  const server = createServer((request, response) => {
    note(request);
    response.writeHead(307, { location: `${mock.url}${request.url}` }).end();
  });
  server.on('upgrade', (request, socket) => {
    note(request);
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await mock.close();
  };
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await stop();
});

/** Follows a job of the mock server to its end by every transport, and downloads it. */
async function use(options: Partial<ConstructorParameters<typeof VideoClient>[0]> = {}) {
  const submitter = new VideoClient({ baseUrl: mock.url });
  const { id } = await submitter.generate({ walletAddress: '0x1', script: 'x' });
  await submitter.close();
  const client = new VideoClient({ baseUrl, WebSocket, polling: { intervalMs: 20 }, ...options });
  await client.subscribe(id).completed();
  await (await client.download(id)).bytes();
  await client.close();
}

describe('the User-Agent', () => {
  it('is the package and its version, in each call, stream, upgrade and download', async () => {
    await use();
    // The WebSocket is at the root.
    for (const route of [/^\/$/, /^\/api\/videos\/status\//, /^\/api\/jobs\/events/, /^\/api\/download/]) {
      expect(seen.map(({ url }) => url)).toContainEqual(expect.stringMatching(route));
    }
    expect(new Set(seen.map(({ agent }) => agent))).toEqual(new Set([reelwire]));
  });

  it('goes to other origins too, since it says nothing of the caller', async () => {
    await use();
    const agents = mock.requests.map(({ headers }) => headers['user-agent']);
    expect(agents.length).toBeGreaterThan(1);
    expect(new Set(agents)).toEqual(new Set([reelwire]));
  });

  it("is the caller's where that is in its headers, in whatever case", async () => {
    await use({ headers: { 'User-Agent': 'films/1' } });
    expect(new Set(seen.map(({ agent }) => agent))).toEqual(new Set(['films/1']));
  });

  it('is left to the browser in a page', async () => {
    vi.stubGlobal('document', {
      visibilityState: 'visible',
      addEventListener() {},
      removeEventListener() {},
    });
    const asked: (string | null)[] = [];
    await use({
      transports: ['polling'],
      fetch: (input, init) => {
        asked.push(new Headers(init?.headers).get('user-agent'));
        return fetch(input, init);
      },
    });
    expect(new Set(asked)).toEqual(new Set([null]));
  });
});
