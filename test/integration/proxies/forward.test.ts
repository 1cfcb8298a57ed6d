import { request as ask, createServer } from 'node:http';
import { type AddressInfo, connect as connectTo } from 'node:net';
import { getGlobalDispatcher, ProxyAgent, setGlobalDispatcher } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { mockMedia } from '../../../src/mock-server/media/files.js';
import { connect, input, startServer } from '../client/support.js';

/** A name that only the proxy knows: whatever goes past it fails. */
const HOST = 'videos.test';

/** The way out of a network, for calls that are handed on and for tunnels. */
async function startForwardProxy(port: number): Promise<string> {
  const passed = { host: '127.0.0.1', port };
  const proxy = createServer((incoming, response) => {
    const { method, headers } = incoming;
    const { pathname, search } = new URL(incoming.url ?? '');
    const outgoing = ask({ ...passed, method, headers, path: pathname + search }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(outgoing.on('error', () => response.destroy()));
    response.on('close', () => outgoing.destroy());
  });
  proxy.on('connect', (_request, socket) => {
    const tunnel = connectTo(passed, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      tunnel.pipe(socket).pipe(tunnel);
    });
    for (const [one, other] of [
      [tunnel, socket],
      [socket, tunnel],
    ] as const)
      one.on('error', () => {}).on('close', () => other.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

it('everything goes out through a proxy that fetch was told of, as the guide says', async () => {
  const server = await startServer({ manual: false, durationMs: 200, allowedHosts: [HOST] });
  const before = getGlobalDispatcher();
  const agent = new ProxyAgent(await startForwardProxy(server.port));
  setGlobalDispatcher(agent);
  onTestFinished(async () => {
    setGlobalDispatcher(before);
    await agent.destroy();
  });
  const url = `http://${HOST}:${server.port}`;

  const client = connect({ url }, { transports: ['sse', 'polling'] });
  const job = await client.generate(input);
  await job.completed();
  expect(await (await job.download()).bytes()).toEqual(mockMedia());

  // A call that may take longer than Node's fetch waits by itself, too.
  const blocking = connect({ url }, { backend: vidBuilder({ blocking: true }) });
  const scenes = [{ type: 'hero-title', duration: 4, content: { title: 'Hi' } }];
  expect((await blocking.generate({ scenes })).snapshot.status).toBe('completed');
});
