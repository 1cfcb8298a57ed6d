import { expect, it } from 'vitest';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { VideoClient } from '../../../src/client/client.js';
import { connect, startServer } from './support.js';

it('says that all works where all works', async () => {
  const server = await startServer({ style: 'field' });
  const diagnosis = await connect(server).diagnose();
  expect(diagnosis).toMatchObject({
    ok: true,
    transport: 'websocket',
    baseUrl: `${server.url}/`,
    transports: {
      websocket: { state: 'works', enabled: true },
      sse: { state: expect.stringMatching(/works|opens/) },
      polling: { state: 'works' },
    },
  });
  await expect.poll(() => [server.connections.webSockets, server.connections.eventStreams]).toEqual([0, 0]);
  expect(server.jobs.size).toBe(0);
});

it('a server that is not running is told, with what to check', async () => {
  const server = await startServer();
  await server.pause();
  const { ok, transports } = await connect(server).diagnose();
  expect(ok).toBe(false);
  expect(transports.polling).toMatchObject({ state: 'fails', hint: expect.stringContaining('running') });
  expect(transports.polling.message).toContain(server.url);
  for (const name of ['websocket', 'sse'] as const) {
    expect(transports[name]).toMatchObject({ state: 'fails', hint: transports.polling.hint });
  }
});

it('an upgrade that a proxy blocks is told apart from a server that is down', async () => {
  const server = await startServer({ faults: [{ route: 'websocket', type: 'status', status: 400 }] });
  const { ok, transport, transports } = await connect(server).diagnose();
  expect([ok, transport]).toEqual([true, 'sse']);
  expect(transports.websocket.hint).toContain('Upgrade');
  expect(transports.websocket.message).toContain('itself is there');
});

it('a WebSocket that is swallowed is told after the time to connect', async () => {
  const server = await startServer({ faults: [{ route: 'websocket', type: 'stall' }] });
  const { transports } = await connect(server, { timeouts: { connectMs: 150 } }).diagnose();
  expect(transports.websocket).toMatchObject({ state: 'fails', message: expect.stringContaining('150 ms') });
});

it('a wrong WebSocket port is told, with the option that mends it', async () => {
  const server = await startServer({ faults: [{ route: 'websocket', type: 'status', status: 404 }] });
  const { transports } = await connect(server).diagnose();
  expect(transports.websocket.hint).toContain('webSocketUrl');
});

it('refused credentials are told on each transport, and never shown', async () => {
  const server = await startServer({ auth: { type: 'bearer', token: 'right' } });
  const diagnosis = await connect(server, { auth: { type: 'bearer', token: 'wr0ng' } }).diagnose();
  expect(diagnosis.ok).toBe(false);
  expect(diagnosis.transports.polling).toMatchObject({
    state: 'fails',
    hint: expect.stringContaining('auth'),
  });
  expect(diagnosis.transports.websocket.hint).toContain('token');
  expect(JSON.stringify(diagnosis)).not.toContain('wr0ng');
});

it('something else that answers at the address is no server of ours', async () => {
  const server = await startServer({ faults: [{ route: 'status', type: 'html', status: 200 }] });
  const { transports } = await connect(server).diagnose();
  expect(transports.polling).toMatchObject({
    state: 'fails',
    message: expect.stringContaining('not this API'),
  });
});

it('a server in trouble is told with its status', async () => {
  const server = await startServer({ faults: [{ route: 'status', type: 'status', status: 503 }] });
  expect((await connect(server).diagnose()).transports.polling.message).toContain('503');
});

it('a backend without streams has none, and polling is enough', async () => {
  const server = await startServer();
  const backend = vidBuilder({ webhookUrl: 'https://app.example.com/hook' });
  expect(await connect(server, { backend }).diagnose()).toMatchObject({
    ok: true,
    transport: 'polling',
    transports: { websocket: { state: 'unsupported' }, sse: { state: 'unsupported' } },
  });
});

it('a transport that is not enabled is tried, and not counted', async () => {
  const server = await startServer({ faults: [{ route: 'status', type: 'status', status: 503 }] });
  expect(await connect(server, { transports: ['polling'] }).diagnose()).toMatchObject({
    ok: false,
    transports: { sse: { enabled: false } },
  });
});

it('an abort ends it with the signal’s own reason, and a closed client refuses', async () => {
  const server = await startServer({ faults: [{ type: 'stall' }] });
  const client = new VideoClient({ baseUrl: server.url });
  const controller = new AbortController();
  const diagnosing = client.diagnose({ signal: controller.signal });
  setTimeout(() => controller.abort('enough'), 20);
  await expect(diagnosing).rejects.toBe('enough');
  client.close();
  await expect(client.diagnose()).rejects.toMatchObject({ code: 'closed' });
});
