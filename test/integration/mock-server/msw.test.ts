import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { HttpResponse, http } from 'msw';
import { type SetupServer, setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket as NodeWebSocket } from 'ws';
import { mockMedia } from '../../../src/mock-server/media/files.js';
import { createMockHandlers, type MockHandlersOptions } from '../../../src/mock-server/msw.js';
import { root } from '../../support/documents.js';
import { later, until } from '../../support/until.js';
import { golden } from './support.js';

const BASE = 'http://api.test:3001';
const ID = 'job-1a2b3c';
const native = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
let server: SetupServer;

beforeAll(() => {
  // msw replaces the global class, and Node 20 has none.
  Object.defineProperty(globalThis, 'WebSocket', {
    value: NodeWebSocket,
    configurable: true,
    writable: true,
  });
  server = setupServer();
  server.listen({ onUnhandledRequest: 'error' });
});
afterEach(() => server.resetHandlers());
afterAll(() => {
  server.close();
  if (native) Object.defineProperty(globalThis, 'WebSocket', native);
  else Reflect.deleteProperty(globalThis, 'WebSocket');
});

function mocked(options: MockHandlersOptions = {}) {
  const mock = createMockHandlers({ baseUrl: BASE, manual: true, ...options });
  server.use(...mock.handlers);
  return mock;
}

async function call(path: string, init?: RequestInit) {
  const response = await fetch(BASE + path, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('handlers for msw', () => {
  it('take a job from submit to a video, without a socket', async () => {
    using mock = mocked({ manual: false, durationMs: 50 });
    const { body } = await call('/api/generate?renderVersion=v3', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ walletAddress: '0x1', script: 'Hi' }),
    });
    const path = `/api/videos/status/${body.jobId}`;
    await until(async () => (await call(path)).body.status === 'completed');
    const response = await fetch(`${BASE}/api/download?jobId=${body.jobId}&renderVersion=v3`);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(mockMedia());
    expect(mock.requests[0]).toMatchObject({ route: 'generate', body: { script: 'Hi' } });
  });

  it('read forms, and serve the second origin', async () => {
    using mock = mocked({ s3: 'only' });
    const form = new FormData();
    form.set('config', JSON.stringify({ scenes: [{ type: 'x', duration: 1 }] }));
    form.set('webhookUrl', 'http://hooks.test/');
    form.append('images', new Blob([Uint8Array.of(1)]), 'a.png');
    const { status } = await call('/api/generate-video-async', { method: 'POST', body: form });
    expect(status).toBe(202);
    const job = mock.jobs.last;
    server.use(http.post('http://hooks.test/', () => new HttpResponse(null, { status: 200 })));
    job?.complete();
    const { body } = await call(`/api/job-status/${job?.id}`);
    const { signedUrl } = (body.s3Upload as { standard: { signedUrl: string } }).standard;
    expect(signedUrl).toMatch(/^http:\/\/files\.mock\.invalid\/video\//);
    expect((await fetch(signedUrl, { headers: { range: 'bytes=0-9' } })).status).toBe(206);
    await mock.webhooks.settled();
    expect(mock.webhooks.deliveries).toMatchObject([{ event: 'completed', status: 200 }]);
  });

  it('leave other routes to other handlers, and keep a path of the base URL', async () => {
    server.use(http.get(`${BASE}/v1/mine`, () => HttpResponse.json({ mine: true })));
    using mock = mocked({ baseUrl: `${BASE}/proxy/` });
    mock.jobs.create({ id: 'a/b' });
    expect((await call('/v1/mine')).body).toEqual({ mine: true });
    expect((await call('/proxy/api/videos/status/a%2Fb')).body).toMatchObject({ jobId: 'a/b' });
  });

  it('break calls and downloads as told', async () => {
    using mock = mocked({ faults: [{ type: 'refuse', times: 1 }] });
    mock.jobs.create({ id: ID }).complete();
    await expect(call(`/api/videos/status/${ID}`)).rejects.toThrow(TypeError);
    mock.faults.add({ route: 'download', type: 'drop', atByte: 100 });
    const response = await fetch(`${BASE}/api/download?jobId=${ID}&renderVersion=v3`);
    await expect(response.arrayBuffer()).rejects.toThrow();
    mock.faults.add({ route: 'status', type: 'stall' });
    const signal = AbortSignal.timeout(30);
    await expect(call(`/api/videos/status/${ID}`, { signal })).rejects.toThrow('timeout');
  });

  it('stream events until the caller has enough', async () => {
    using mock = mocked();
    const job = mock.jobs.create({ id: ID });
    const abort = new AbortController();
    const response = await fetch(`${BASE}/api/jobs/events?jobIds=${ID}`, { signal: abort.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    job.advance({ status: 'processing', progress: 60, message: 'Rendering frames' });
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    const data = JSON.parse(new TextDecoder().decode(value).slice('data: '.length));
    expect(data).toEqual(golden('sora-gateway/sse-processing'));
    // Not reader.cancel(): msw tees every body and never cancels its own half.
    abort.abort();
    await until(() => mock.streams.count('sse') === 0);
  });
});

it.runIf(native === undefined)(
  'without a global WebSocket, a job is followed over SSE, and msw says nothing',
  async () => {
    const program = `
    import { setupServer } from 'msw/node';
    import { VideoClient } from './src/index.js';
    import { createMockHandlers } from './src/mock-server/msw.js';
    const mock = createMockHandlers({ baseUrl: 'http://api.test', durationMs: 100 });
    const server = setupServer(...mock.handlers);
    server.listen({ onUnhandledRequest: 'error' });
    const client = new VideoClient({ baseUrl: 'http://api.test', logger: 'silent' });
    const job = await client.generate({ walletAddress: '0x123', script: 'x' });
    console.log((await job.completed()).status, mock.requests.some(({ route }) => route === 'sse'));
    mock.close();
    server.close();
  `;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root });
    expect({ stdout, stderr }).toEqual({ stdout: 'completed true\n', stderr: '' });
  },
  60_000,
);

describe('WebSocket handlers for msw', () => {
  function connect(url = BASE.replace('http', 'ws')) {
    const frames: Record<string, unknown>[] = [];
    const events: string[] = [];
    const socket = new globalThis.WebSocket(url);
    socket.addEventListener('open', () => events.push('open'));
    socket.addEventListener('close', ({ code }) => events.push(`close ${code}`));
    socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data))));
    return { socket, frames, events };
  }

  it('follow a job, with greeting and acknowledgement', async () => {
    using mock = mocked({ style: 'field' });
    const job = mock.jobs.create({ id: ID });
    const { socket, frames, events } = connect();
    await until(() => events.includes('open'));
    socket.send(JSON.stringify({ action: 'subscribe', jobId: ID }));
    await until(() => frames.length === 2);
    job.complete();
    await until(() => frames.length === 3);
    expect(frames.map(({ type }) => type)).toEqual(['connected', 'subscribed', 'completed']);
    socket.close();
    await until(() => mock.streams.count('websocket') === 0);
  });

  it('refuse, close with a code, and stay mute', async () => {
    using mock = mocked({ auth: { type: 'bearer', token: 't' } });
    const refused = connect();
    await until(() => refused.events.length > 0);
    expect(refused.events).toEqual(['close 1006']);
    const closing = connect(`${BASE.replace('http', 'ws')}/?token=t`);
    await until(() => closing.events.includes('open'));
    mock.streams.close(4002);
    await until(() => closing.events.includes('close 4002'));
    mock.faults.add({ route: 'websocket', type: 'stall' });
    const mute = connect(`${BASE.replace('http', 'ws')}/?token=t`);
    await until(() => mute.events.includes('open'));
    mute.socket.send('{');
    await later(20);
    expect(mute.frames).toEqual([]);
  });
});
