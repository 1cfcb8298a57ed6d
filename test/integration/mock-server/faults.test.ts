import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createMockServer, type MockFault, parseMockFault } from '../../../src/mock-server/index.js';
import { later, until } from '../../support/until.js';
import { get, post } from './support.js';

const GENERATE = '/api/generate?renderVersion=v3';
const INPUT = { walletAddress: '0x1', script: 'Hi' };

async function withFault(fault: MockFault) {
  const server = await createMockServer({ manual: true, faults: [fault] });
  server.jobs.create({ id: 'a' });
  return server;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: { cause?: { code?: string } }) => error.cause?.code ?? String(error),
  );

describe('faults of calls', () => {
  it('close the connection without an answer, nothing done', async () => {
    await using server = await withFault({ route: 'generate', type: 'refuse' });
    expect(await codeOf(post(server, GENERATE, INPUT))).toBe('UND_ERR_SOCKET');
    expect(server.jobs.size).toBe(1);
    expect(server.requests).toMatchObject([{ route: 'generate', body: undefined, status: undefined }]);
    expect((await get(server, '/api/videos/status/a')).status).toBe(200);
  });

  it.each([
    ['before-body', undefined, 1],
    ['after-body', INPUT, 1],
    ['after-handling', INPUT, 2],
  ] as const)('reset the connection %s', async (at, body, jobs) => {
    await using server = await withFault({ route: 'generate', type: 'reset', at });
    expect(await codeOf(post(server, GENERATE, INPUT))).toBe('ECONNRESET');
    expect(server.requests[0]?.body).toEqual(body);
    expect(server.jobs.size).toBe(jobs);
  });

  it('reset before the body is read, however large it is', async () => {
    await using server = await withFault({ type: 'reset', at: 'before-body' });
    const body = 'x'.repeat(5_000_000);
    expect(await codeOf(post(server, GENERATE, { ...INPUT, body }))).not.toBe('answered');
    expect(server.requests[0]?.body).toBeUndefined();
  });

  it('never answer, and let go when the caller does', async () => {
    await using server = await withFault({ route: 'status', type: 'stall' });
    // A plain socket: fetch opens another connection for the one that an abort breaks.
    const socket = createConnection(server.port, '127.0.0.1');
    let answered = false;
    socket.on('data', () => {
      answered = true;
    });
    socket.write('GET /api/videos/status/a HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => server.requests.length === 1);
    await later(50);
    expect([answered, server.connections.tcp]).toEqual([false, 1]);
    socket.destroy();
    await until(() => server.connections.tcp === 0);
  });

  it('answer late', async () => {
    await using server = await withFault({ type: 'slow', delayMs: 100 });
    const started = Date.now();
    expect((await get(server, '/api/videos/status/a')).status).toBe(200);
    expect(Date.now() - started).toBeGreaterThanOrEqual(95);
  });

  it('answer any status with any body, and Retry-After', async () => {
    await using server = await withFault({ type: 'status', status: 429, retryAfter: 2, times: 1 });
    const limited = await post(server, GENERATE, INPUT);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '2']);
    expect(server.jobs.size).toBe(1);
    const add = (fault: MockFault) => server.faults.add({ ...fault, times: 1 });
    add({ type: 'status', status: 503, body: '<b>down</b>', headers: { 'content-type': 'text/html' } });
    const html = await fetch(`${server.url}/api/videos/status/a`);
    expect([html.status, html.headers.get('content-type')]).toEqual([503, 'text/html']);
    add({ type: 'status', status: 200, body: Uint8Array.of(0xff, 0xfe) });
    const bytes = await fetch(`${server.url}/api/videos/status/a`);
    expect(new Uint8Array(await bytes.arrayBuffer())).toEqual(Uint8Array.of(0xff, 0xfe));
    add({ type: 'status', status: 204 });
    expect((await fetch(`${server.url}/api/videos/status/a`)).status).toBe(204);
    expect((await post(server, GENERATE, INPUT)).status).toBe(200);
  });

  it('send HTML, half a JSON, too much JSON, JSON without a field, nothing', async () => {
    const text = async (fault: MockFault) => {
      await using server = await withFault(fault);
      const response = await fetch(`${server.url}/api/videos/status/a`);
      return [response.status, await response.text()] as const;
    };
    expect((await text({ type: 'html', status: 502 }))[0]).toBe(502);
    expect((await text({ type: 'html' }))[1]).toContain('<html>');
    const [status, half] = await text({ type: 'truncated-json' });
    expect(status).toBe(200);
    expect(() => JSON.parse(half)).toThrow();
    const [, large] = await text({ type: 'oversized-json' });
    expect(large.length).toBeGreaterThan(64 * 1024 * 1024);
    expect(JSON.parse(large)).toMatchObject({ jobId: 'a' });
    const [, partial] = await text({ type: 'without-field', field: 'jobId' });
    expect(JSON.parse(partial)).toEqual({ status: 'queued', progress: 0 });
    expect(await text({ type: 'empty' })).toEqual([200, '']);
  });

  it('drop an answer in the middle', async () => {
    await using server = await withFault({ type: 'drop', atByte: 5 });
    const response = await fetch(`${server.url}/api/videos/status/a`);
    await expect(response.text()).rejects.toThrow();
  });

  it('strike one job, one route, and only some calls', async () => {
    await using server = await createMockServer({ manual: true });
    for (const id of ['a', 'b']) server.jobs.create({ id });
    server.faults.add({
      type: 'status',
      status: 500,
      jobId: 'a',
      route: ['status', 'list'],
      after: 1,
      every: 2,
    });
    const statuses = async (id: string, count: number) => {
      const all: number[] = [];
      for (let i = 0; i < count; i++) all.push((await get(server, `/api/videos/status/${id}`)).status);
      return all;
    };
    expect(await statuses('a', 5)).toEqual([200, 500, 200, 500, 200]);
    expect(await statuses('b', 2)).toEqual([200, 200]);
    expect((await get(server, '/api/download?jobId=a&renderVersion=v3')).status).toBe(404);
  });

  it('can be taken back', async () => {
    await using server = await createMockServer();
    const remove = server.faults.add({ type: 'status', status: 500 });
    expect((await get(server, '/api/videos/status/a')).status).toBe(500);
    remove();
    remove();
    expect((await get(server, '/api/videos/status/a')).status).toBe(404);
  });

  it('come from text as well', async () => {
    await using server = await withFault(parseMockFault('status=status:503'));
    expect((await get(server, '/api/videos/status/a')).status).toBe(503);
  });
});

describe('the server under odd callers', () => {
  it('refuses a body of more than 64 MiB', async () => {
    await using server = await createMockServer();
    const response = await fetch(server.url + GENERATE, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array(65 * 1024 * 1024),
    }).catch(() => undefined);
    // Either the answer arrives, or the connection is closed while the caller still writes.
    expect(response?.status ?? 413).toBe(413);
    expect(server.jobs.size).toBe(0);
  });

  it('answers 400 to JSON and forms that are none', async () => {
    await using server = await createMockServer();
    const send = (contentType: string, path: string) =>
      fetch(server.url + path, { method: 'POST', headers: { 'content-type': contentType }, body: '{"a' });
    expect((await send('application/json', GENERATE)).status).toBe(400);
    expect((await send('multipart/form-data; boundary=x', '/v1/videos')).status).toBe(400);
    expect((await send('multipart/form-data', '/api/generate-video-async')).status).toBe(400);
  });

  it('survives callers that hang up at any moment', async () => {
    await using server = await createMockServer({ manual: true });
    server.jobs.create({ id: 'a', videoBytes: 50_000_000 }).complete();
    for (const text of [
      'GET /',
      'GET / HTTP/1.1\r\n\r\n',
      'POST /api/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{',
    ]) {
      const socket = createConnection(server.port, '127.0.0.1');
      await new Promise<void>((resolve) => socket.write(text, () => resolve()));
      socket.destroy();
    }
    const download = createConnection(server.port, '127.0.0.1');
    download.write('GET /api/download?jobId=a&renderVersion=v3 HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise<void>((resolve) => download.once('data', () => resolve()));
    download.destroy();
    await until(() => server.connections.tcp === 0);
    expect((await get(server, '/api/videos/status/a')).status).toBe(200);
  });

  it('closes twice, and at once, whatever is under way', async () => {
    const server = await createMockServer({ faults: [{ type: 'stall' }] });
    const call = codeOf(get(server, '/api/videos/status/a'));
    await until(() => server.requests.length === 1);
    await Promise.all([server.close(), server.close()]);
    await server.close();
    expect(await call).toBe('UND_ERR_SOCKET');
  });

  it('says so when its port is taken', async () => {
    await using server = await createMockServer();
    await expect(createMockServer({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
