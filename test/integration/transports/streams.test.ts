import { createServer, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { VideoClient } from '../../../src/client/client.js';
import type { JobWarning } from '../../../src/core/model.js';
import { listen } from '../../support/listen.js';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Says `processing` until the test's stream has had its say. */
async function serve(events: (response: ServerResponse, encodings: string) => unknown) {
  let status = 'processing';
  const server = createServer((request, response) => {
    if (request.url?.includes('/events')) {
      response.setHeader('content-type', 'text/event-stream');
      void events(response, request.headers['accept-encoding'] ?? '');
      return;
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jobId: 'j', status }));
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } });
  const { url: baseUrl } = await listen(server);
  return { baseUrl, sockets, end: () => (status = 'completed') };
}

/** Waits for nobody's silence: what a stream does not say is not told in time. */
function follow(baseUrl: string, transports: ('websocket' | 'sse' | 'polling')[]) {
  const timeouts = { silenceMs: 60_000, jobMs: 10_000 };
  const polling = { intervalMs: 60_000 };
  const client = new VideoClient({ baseUrl, transports, timeouts, polling, WebSocket });
  ends.push(() => client.close());
  const job = client.subscribe('j');
  const warnings: JobWarning[] = [];
  job.on('warning', (warning) => warnings.push(warning));
  return { job, warnings };
}

describe('an event stream', () => {
  it.each([
    ['completed', { jobId: 'j' }],
    ['completed', { jobId: 'j', status: 'completed' }],
    ['update', { jobId: 'j', status: 'completed' }],
    ['error', { jobId: 'j', status: 'completed' }],
    ['open', { jobId: 'j', status: 'completed' }],
    ['message', { jobId: 'j', type: 'completed' }],
  ])('is read whatever its events are called: %s %j', async (name, data) => {
    const { baseUrl } = await serve((response) => {
      response.write(`: hi\n\nevent: ping\ndata: now\n\nevent: heartbeat\n\n`);
      response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    });
    const { job, warnings } = follow(baseUrl, ['sse', 'polling']);
    expect((await job.completed()).transport).toBe('sse');
    expect(warnings).toEqual([]);
  });

  it('is not held back by what compresses on the way, since it asks for no encoding', async () => {
    const { baseUrl } = await serve((response, encodings) => {
      // As a compressor does, it lets nothing out before it has enough.
      if (/gzip|br|deflate|^$/.test(encodings)) response.flushHeaders();
      else response.write('data: {"jobId":"j","status":"completed"}\n\n');
    });
    expect((await follow(baseUrl, ['sse', 'polling']).job.completed()).transport).toBe('sse');
  });

  it('whose lines end with CR tells of the end at once', async () => {
    const { baseUrl } = await serve((response) =>
      response.write('data: {"jobId":"j","type":"completed"}\r\r'),
    );
    expect((await follow(baseUrl, ['sse', 'polling']).job.completed()).transport).toBe('sse');
  });

  it('whose server keeps its head back until the first event is waited for', async () => {
    let response: ServerResponse | undefined;
    const { baseUrl } = await serve((held) => (response = held));
    const { job } = follow(baseUrl, ['sse', 'polling']);
    job.on('update', () => response?.write('data: {"jobId":"j","status":"completed"}\n\n'));
    expect((await job.completed()).transport).toBe('sse');
  });
});

describe('a WebSocket', () => {
  it('whose frames are binary is read', async () => {
    const { baseUrl, sockets } = await serve(() => {});
    sockets.on('connection', (socket) =>
      socket.on('message', () => socket.send(Buffer.from('{"jobId":"j","status":"completed"}'))),
    );
    const { job, warnings } = follow(baseUrl, ['websocket']);
    expect((await job.completed()).transport).toBe('websocket');
    expect(warnings).toEqual([]);
  });

  it('whose frames have a type that nobody knows is warned of once, and ends no job', async () => {
    const { baseUrl, sockets } = await serve(() => {});
    sockets.on('connection', (socket) =>
      socket.on('message', () => {
        for (let frames = 0; frames < 3; frames++) socket.send('{"type":"moderated","jobId":"j"}');
        socket.send('{"type":"heartbeat","jobId":"j"}');
        socket.send('{"type":"completed","jobId":"j"}');
      }),
    );
    const { job, warnings } = follow(baseUrl, ['websocket']);
    expect((await job.completed()).transport).toBe('websocket');
    expect(warnings).toMatchObject([
      { code: 'unknown-status', jobId: 'j', message: expect.stringContaining('"moderated"') },
    ]);
  });

  it('inflates nothing, and ends at the head of a frame that is too large', async () => {
    const { baseUrl, sockets } = await serve(() => {});
    const offered: (string | undefined)[] = [];
    const closed = new Promise((resolve) =>
      sockets.on('connection', (socket, request) => {
        offered.push(request.headers['sec-websocket-extensions']);
        socket.on('close', resolve);
        // Only the head of a binary frame: nothing of its 2 ** 20 + 1 bytes needs to come.
        const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 1]);
        socket.on('message', () => void request.socket.write(head));
      }),
    );
    const { job } = follow(baseUrl, ['websocket', 'polling']);
    const warning = await new Promise<JobWarning>((resolve) => job.on('warning', resolve));
    expect(warning).toMatchObject({ code: 'bad-frame', message: expect.stringContaining('1 MiB') });
    expect(offered[0]).toBeUndefined();
    await closed;
  });
});
