import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import crossws from 'crossws/adapters/node';
import express from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { attachRelay, toNodeListener } from '../../../src/relay/node.js';
import { listen } from '../../support/listen.js';
import { PageSocket, refusedWith, script, startSite, submitting } from './support.js';

const cookie = { cookie: 'session=ada' };

describe('a fetch handler as a listener of node:http', () => {
  it('is given the method, the path, the headers, the body and the address, and answers with all it has', async () => {
    const { url } = await listen(
      toNodeListener(async (asked, { remoteAddress }) => {
        const { pathname, search } = new URL(asked.url);
        const body = await asked.text();
        const answer = Response.json(
          {
            method: asked.method,
            path: pathname + search,
            body,
            own: asked.headers.get('x-own'),
            remoteAddress,
          },
          { status: 201 },
        );
        answer.headers.append('set-cookie', 'a=1');
        answer.headers.append('set-cookie', 'b=2');
        return answer;
      }),
    );
    const answer = await fetch(`${url}//a/b?c=d`, {
      method: 'PUT',
      body: 'text',
      headers: { 'x-own': 'yes' },
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({
      ...{ method: 'PUT', path: '/a/b?c=d', body: 'text', own: 'yes' },
      remoteAddress: expect.stringMatching(/127\.0\.0\.1$/),
    });
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it.each(['TRACE', 'OPTIONS', 'HEAD', 'PATCH', 'CONNECTED'])(
    'takes %s as well as anything',
    async (method) => {
      const { port } = await listen(toNodeListener(() => new Response(null, { status: 204 })));
      const status = await new Promise((resolve, reject) => {
        request({ port, host: '127.0.0.1', method }, (answer) => resolve(answer.resume().statusCode))
          .on('error', reject)
          .end();
      });
      expect([204, 400]).toContain(status);
    },
  );

  it('takes the path alone of a URL that names another host', async () => {
    const { port } = await listen(toNodeListener(({ url }) => new Response(url)));
    const socket = connectTcp(port, '127.0.0.1');
    socket.write(
      'GET http://evil.example/videos/x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toContain('http://localhost/videos/x');
  });

  it('breaks off where the answer does, and never ends it in good order', async () => {
    const { url } = await listen(
      toNodeListener(() => {
        let pulls = 0;
        return new Response(
          new ReadableStream({
            pull(controller) {
              if (pulls++ < 3) controller.enqueue(new Uint8Array(1_000));
              else controller.error(new Error('upstream broke'));
            },
          }),
        );
      }),
    );
    await expect(fetch(url).then((answer) => answer.arrayBuffer())).rejects.toThrow();
  });

  it('breaks off where the handler rejects', async () => {
    const { url } = await listen(toNodeListener(() => Promise.reject(new Error('no'))));
    await expect(fetch(url)).rejects.toThrow();
  });

  it('reads no more than the page does, and cancels what the page leaves', async () => {
    let pulled = 0;
    let isAborted = false;
    let cancel = () => {};
    const cancelled = new Promise<void>((resolve) => {
      cancel = resolve;
    });
    const { port } = await listen(
      toNodeListener(({ signal }) => {
        signal.addEventListener('abort', () => {
          isAborted = true;
        });
        return new Response(
          new ReadableStream({
            pull(controller) {
              pulled += 1;
              controller.enqueue(new Uint8Array(1_048_576));
            },
            cancel,
          }),
        );
      }),
    );
    const socket = connectTcp(port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => pulled).toBeGreaterThan(0);
    // Until whatever the system holds is full.
    let before = -1;
    while (before !== pulled) {
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(pulled).toBeLessThan(64);
    socket.destroy();
    await cancelled;
    expect(isAborted).toBe(true);
  });

  it('answers before the body is read, and the connection is of no more use', async () => {
    const { port } = await listen(toNodeListener(() => new Response('no', { status: 413 })));
    const socket = connectTcp(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n');
    socket.write(Buffer.alloc(1_000_000));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    await new Promise((resolve) => socket.on('close', resolve));
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('takes a backslash for no slash, as whoever looked at the path before', async () => {
    const { port } = await listen(toNodeListener(({ url }) => new Response(new URL(url).pathname)));
    const asked = async (target: string) => {
      const socket = connectTcp(port, '127.0.0.1');
      socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      let text = '';
      for await (const chunk of socket) text += chunk;
      return /^HTTP\/1\.1 200[\s\S]*\r\n(\/.*)\r\n/.exec(text)?.[1];
    };
    expect(await asked('/\\evil.example/videos/x')).toBe('/%5Cevil.example/videos/x');
    expect(await asked('/videos\\webhook')).toBe('/videos%5Cwebhook');
    expect(await asked('/\\[/x')).toBe('/%5C[/x');
  });

  it('takes submits of pages over HTTP/2, which names no Host, and of no other site’s', async () => {
    const site = await startSite();
    const server = createHttp2Server(toNodeListener(site.relay.fetch) as never);
    const { port, url } = await listen(server as unknown as Server);
    const session = connectHttp2(url);
    onTestFinished(() => session.destroy());
    const submit = async (origin: string) => {
      const stream = session.request({
        ...{ ':method': 'POST', ':path': '/videos/api/generate', 'content-type': 'application/json' },
        ...{ cookie: ['a=b', 'session=ada'] as unknown as string, origin },
      });
      stream.end(JSON.stringify(script));
      stream.resume();
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      return headers[':status'];
    };
    expect(await submit(`https://127.0.0.1:${port}`)).toBe(200);
    expect(await submit('https://evil.example')).toBe(403);
  });

  it('is a route of Express', async () => {
    const site = await startSite();
    const app = express();
    app.get('/other', (_request, response) => void response.send('other'));
    app.use(toNodeListener(site.relay.fetch));
    const { url } = await listen(createServer(app));
    expect(await (await fetch(`${url}/other`)).text()).toBe('other');
    const answer = await fetch(`${url}/videos/api/generate`, submitting(script, 'a', cookie));
    expect(answer.status).toBe(200);
  });
});

describe('a relay on a server of node:http', () => {
  it('leaves upgrades at other paths to others', async () => {
    const site = await startSite();
    const server = createServer(toNodeListener(site.relay.fetch));
    const other = new WebSocketServer({ noServer: true });
    server.on('upgrade', (incoming, socket, head) => {
      if (incoming.url === '/other')
        other.handleUpgrade(incoming, socket, head, (webSocket) => webSocket.send('{"hello":1}'));
    });
    attachRelay(server, site.relay);
    const { url } = await listen(server);
    const socket = await PageSocket.open(`${url}/other`, cookie);
    await socket.until({ hello: 1 });
    await (await PageSocket.open(`${url}/videos`, cookie)).until({ type: 'connected' });
    expect(await refusedWith(PageSocket.open(`${url}/videos`, {}))).toBe(401);
  });

  it('survives an upgrade that every listener leaves to the others, and keeps it for a minute at most', async () => {
    const [site, other] = [await startSite(), await startSite({}, { basePath: '/other' })];
    const server = createServer(toNodeListener(site.relay.fetch));
    attachRelay(server, site.relay);
    attachRelay(server, other.relay);
    const { port, url } = await listen(server);
    const left = async () => {
      const upgraded = new Promise<Duplex>((resolve) => {
        server.once('upgrade', (_, socket) => resolve(socket));
      });
      const page = connectTcp(port, '127.0.0.1');
      onTestFinished(() => void page.destroy());
      page.on('error', () => {});
      page.write(
        'GET /nowhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      const socket = await upgraded;
      // Both relays have looked at it.
      await new Promise((resolve) => setImmediate(resolve));
      return { page, socket };
    };
    const broken = await left();
    const failed = new Promise<void>((resolve) => broken.socket.once('close', resolve));
    broken.socket.destroy(new Error('read ECONNRESET'));
    await failed;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { page } = await left();
    const cut = new Promise<void>((resolve) => page.once('close', () => resolve()));
    await vi.advanceTimersByTimeAsync(60_000);
    await cut;
    vi.useRealTimers();
    await (await PageSocket.open(`${url}/other`, cookie)).until({ type: 'connected' });
  });

  it('survives sockets that break at every moment of an upgrade', async () => {
    const site = await startSite(
      {},
      {
        authenticate: async () => {
          await new Promise((resolve) => setTimeout(resolve, 30));
          return { id: 'ada' };
        },
      },
    );
    const { port } = new URL(site.direct);
    const head =
      'GET /videos HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    for (const afterMs of [0, 10, 29, 31, 60]) {
      const socket = connectTcp(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      socket.write(head);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      socket.resetAndDestroy();
    }
    const bad = connectTcp(Number(port), '127.0.0.1');
    bad.on('error', () => {});
    bad.resume();
    bad.write(head.replace('Version: 13', 'Version: 99'));
    await new Promise((resolve) => bad.on('close', resolve));
    await (await site.socket()).until({ type: 'connected' });
    await expect.poll(() => site.relay.stats.sockets).toBe(1);
  });
});

describe('a relay on crossws', () => {
  it('takes its hooks as they are', async () => {
    const site = await startSite();
    const { id } = await site.page().generate(script as never);
    const sockets = crossws({ hooks: site.relay.websocket });
    const server = createServer(toNodeListener(site.relay.fetch));
    server.on('upgrade', sockets.handleUpgrade);
    const { url } = await listen(server);
    onTestFinished(() => sockets.closeAll(1001));
    const socket = await PageSocket.open(`${url}/videos`, cookie);
    socket.say('subscribe', id);
    await socket.until({ jobId: id, status: 'queued' });
    expect(site.relay.stats).toMatchObject({ sockets: 1, jobs: 1 });
    for (const job of site.upstream.jobs) job.complete();
    await socket.until({ jobId: id, status: 'completed' });
    expect(await refusedWith(PageSocket.open(`${url}/videos`, {}))).toBe(401);
    expect(await refusedWith(PageSocket.open(`${url}/other`, cookie))).toBe(404);
    socket.socket.close();
    await expect.poll(() => site.relay.stats).toMatchObject({ sockets: 0, jobs: 0 });
    const large = await PageSocket.open(`${url}/videos`, cookie);
    large.socket.send('x'.repeat(20_000));
    expect(await large.closed).toBe(1009);
  });
});
