import { createServer, type IncomingMessage, type Server } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { GenerateContext, WebSocketCodec } from '../../../src/backends/backend.js';
import { listen } from '../../support/listen.js';
import { type Answer, connect, type Input, plain, updateOf } from './support.js';

/** A server that pushes by itself, and answers each status call with what `state` says. */
async function start(state: () => Omit<Answer, 'id'>, onSocket: (socket: WebSocket) => void) {
  const upgrades: IncomingMessage[] = [];
  const written: string[] = [];
  const server: Server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id: 'a', ...state() }));
  });
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    upgrades.push(request);
    socket.on('message', (data) => written.push(String(data)));
    onSocket(socket);
  });
  const { url } = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, upgrades, written };
}

const far = { polling: { intervalMs: 60_000 }, transports: ['websocket'] } as const;
const parse: WebSocketCodec['parse'] = (frame) => ({ type: 'update', update: updateOf(JSON.parse(frame)) });

describe('a WebSocket that needs no subscription', () => {
  it('is below the base URL, by the session of the client, and is written nothing', async () => {
    const sessions: (string | undefined)[] = [];
    const backend = plain({
      generate(value: Input, context?: GenerateContext) {
        sessions.push(context?.session);
        return { method: 'POST', url: '/jobs', body: { type: 'json', value } } as const;
      },
      webSocket: { path: (session) => `ws?clientId=${session}`, parse },
    });
    const server = await start(
      () => ({ status: 'queued' }),
      (socket) => socket.send('{"id":"a","status":"completed"}'),
    );
    const job = await connect(`${server.url}/base/`, backend, far).generate({});
    expect((await job.completed({ timeoutMs: 8_000 })).transport).toBe('websocket');
    expect(server.upgrades[0]?.url).toBe(`/base/ws?clientId=${sessions[0]}`);
    expect(server.written).toEqual([]);
  });

  it('may send previews in binary, which are ignored', async () => {
    const backend = plain({ webSocket: { path: '/', binary: 'ignore', parse } });
    const server = await start(
      () => ({ status: 'queued' }),
      (socket) => {
        socket.send(Buffer.from([0, 0, 0, 1, 255, 216]));
        socket.send('{"id":"a","status":"completed"}');
      },
    );
    const job = connect(server.url, backend, far).subscribe('a');
    const warnings: string[] = [];
    job.on('warning', ({ code }) => warnings.push(code));
    await job.completed({ timeoutMs: 8_000 });
    expect(warnings).toEqual([]);
  });

  it('may read a frame by what is known of its job', async () => {
    const backend = plain({
      webSocket: {
        path: '/',
        parse: (frame, known) => {
          const done = Number(known?.('a')?.progress ?? 0) + Number(frame);
          return {
            type: 'update',
            update: {
              jobId: 'a',
              status: done < 100 ? 'processing' : 'completed',
              progress: done,
              raw: frame,
            },
          };
        },
      },
    });
    const server = await start(
      () => ({ status: 'queued' }),
      (socket) => {
        for (const frame of ['40', '40', '20']) socket.send(frame);
      },
    );
    const job = connect(server.url, backend, far).subscribe('a');
    const seen: number[] = [];
    job.on('update', ({ progress }) => seen.push(progress));
    await job.completed({ timeoutMs: 8_000 });
    expect(seen.slice(-3)).toEqual([40, 80, 100]);
  });

  it('may say no more than that there is something to ask for', async () => {
    let status: Answer['status'] = 'queued';
    const backend = plain({ webSocket: { path: '/', parse: () => ({ type: 'ask' }) } });
    const server = await start(
      () => ({ status }),
      (socket) => {
        status = 'completed';
        socket.send('changed');
      },
    );
    const job = connect(server.url, backend, far).subscribe('a');
    expect((await job.completed({ timeoutMs: 8_000 })).status).toBe('completed');
  });

  it('may tell an end of which the status knows more, which is asked then', async () => {
    let state: Omit<Answer, 'id'> = { status: 'processing' };
    const backend = plain({ webSocket: { path: '/', parse } });
    const server = await start(
      () => state,
      (socket) => {
        state = { status: 'completed', outputs: [{ url: 'https://files.example/a.mp4' }] };
        socket.send('{"id":"a","status":"completed","isPartial":true}');
      },
    );
    const end = await connect(server.url, backend, far).subscribe('a').completed({ timeoutMs: 8_000 });
    expect(end).toMatchObject({ outputs: [{ url: 'https://files.example/a.mp4' }], transport: 'polling' });
  });

  it('is believed of such an end, where the status cannot be asked', async () => {
    const backend = plain({
      webSocket: { path: '/', parse },
      parseStatus: () => {
        throw new Error('no status');
      },
    });
    const server = await start(
      () => ({ status: 'processing' }),
      (socket) => socket.send('{"id":"a","status":"completed","isPartial":true}'),
    );
    const end = await connect(server.url, backend, far).subscribe('a').completed({ timeoutMs: 8_000 });
    expect(end).toMatchObject({ status: 'completed', transport: 'websocket' });
    expect(end.outputs).toBeUndefined();
  });
});
