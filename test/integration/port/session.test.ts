import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { GenerateContext, WebSocketCodec } from '../../../src/backends/backend.js';
import { listen } from '../../support/listen.js';
import { until } from '../../support/until.js';
import { type Answer, connect, type Input, plain, updateOf } from './support.js';

const parse: WebSocketCodec['parse'] = (frame) => {
  const said = JSON.parse(frame) as { id?: string };
  return said.id === undefined ? { type: 'control' } : { type: 'update', update: updateOf(said) };
};

/** A server that knows sockets by their sessions, and the jobs by the session of their submits. */
async function start() {
  const states = new Map<string, Omit<Answer, 'id'>>();
  const sockets: { session: string; socket: WebSocket }[] = [];
  const submitted: string[] = [];
  let asked = 0;
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    const id = request.url?.split('/')[2] ?? `job-${submitted.length}`;
    if (request.method === 'GET') asked += 1;
    response.end(JSON.stringify({ id, status: 'queued', ...states.get(id) }));
  });
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    sockets.push({ session: request.url?.split('=')[1] ?? '', socket });
    socket.send('{}');
  });
  const { url } = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const backend = plain({
    generate(value: Input, context?: GenerateContext) {
      submitted.push(context?.session ?? '');
      return { method: 'POST', url: '/jobs', body: { type: 'json', value } } as const;
    },
    webSocket: { path: (session) => `ws?session=${session}`, parse },
  });
  /** The socket is open, and what was asked because of that is answered: from now on it should tell all. */
  const isCarrying = async (count: number) => {
    await until(() => sockets.length === count, `socket ${count}`);
    // Here it is open by its handshake; the client has to have read that.
    const answered = new Promise((resolve) => sockets[count - 1]?.socket.once('pong', resolve));
    sockets[count - 1]?.socket.ping();
    await answered;
    const before = asked;
    await until(() => asked >= before + 3, 'the status was asked');
  };
  return { url, states, sockets, submitted, backend, isCarrying };
}

const quick = {
  polling: { intervalMs: 50 },
  timeouts: { silenceMs: 50, headStartMs: 2_000 },
  transports: ['websocket', 'polling'],
} as const;

describe('the session of a WebSocket', () => {
  it('is a new one after a reconnect that keeps an update to itself; older jobs are polled', async () => {
    const { url, states, sockets, submitted, backend, isCarrying } = await start();
    const client = connect(url, backend, quick);
    const older = await client.generate({});
    const served: (string | undefined)[] = [];
    older.on('transport', ({ transport }) => served.push(transport));
    await until(() => sockets.length === 1, 'a socket');
    sockets[0]?.socket.close();
    await isCarrying(2);
    // The first is kept over it.
    expect(sockets[1]?.session).toBe(sockets[0]?.session);
    expect(sockets[1]?.session).toBe(submitted[0]);
    states.set(older.id, { status: 'processing' });
    await until(() => sockets.length === 3, 'a third socket');
    expect(sockets[2]?.session).not.toBe(submitted[0]);

    const newer = await client.generate({});
    expect(submitted[1]).toBe(sockets[2]?.session);
    const ended = newer.completed({ timeoutMs: 8_000 });
    await until(() => newer.snapshot.transport === 'polling', 'the first answer');
    sockets[2]?.socket.send(JSON.stringify({ id: newer.id, status: 'completed' }));
    expect((await ended).transport).toBe('websocket');

    await until(() => served.at(-1) === 'polling', 'the older job is polled');
    states.set(older.id, { status: 'completed' });
    expect((await older.completed({ timeoutMs: 8_000 })).transport).toBe('polling');
    // Once it was open for good, it carries what comes, and nothing is opened for what it does not carry.
    expect(sockets).toHaveLength(3);
  });

  it('stays where the first socket already kept something to itself: that is no end of a session', async () => {
    const { url, states, sockets, backend, isCarrying } = await start();
    const job = await connect(url, backend, quick).generate({});
    job.on('update', () => {});
    await isCarrying(1);
    states.set(job.id, { status: 'processing' });
    await until(() => sockets.length === 2, 'a reconnect');
    expect(sockets[1]?.session).toBe(sockets[0]?.session);
  });

  it('is new for the next job, where the last ended without a word of its socket', async () => {
    const { url, states, sockets, submitted, backend, isCarrying } = await start();
    const client = connect(url, backend, quick);
    for (let ended = 0; ended < 2; ended++) {
      const job = await client.generate({});
      const end = job.completed({ timeoutMs: 8_000 });
      await isCarrying(ended + 1);
      sockets[ended]?.socket.send(JSON.stringify({ id: job.id, status: 'processing' }));
      await until(() => job.snapshot.status === 'processing', 'the job runs');
      states.set(job.id, { status: 'completed' });
      await end;
      sockets[ended]?.socket.terminate();
    }
    await client.generate({});
    expect(submitted[1]).toBe(submitted[0]);
    expect(submitted[2]).not.toBe(submitted[0]);
  });

  it('is the one of webSocketUrl where the caller gives that', async () => {
    const { url, states, sockets, backend, isCarrying } = await start();
    const webSocketUrl = `${url}/ws?session=own`;
    const client = connect(url, backend, { ...quick, webSocketUrl });
    const job = await client.generate({});
    job.on('update', () => {});
    for (const count of [1, 2, 3]) {
      await isCarrying(count);
      states.set(job.id, { status: 'processing', progress: count });
    }
    await until(() => sockets.length === 4, 'one more');
    expect(sockets.map(({ session }) => session)).toEqual(['own', 'own', 'own', 'own']);
  });
});
