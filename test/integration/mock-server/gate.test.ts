import { get as getByHttp } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createMockServer, type MockServer, type MockServerOptions } from '../../../src/mock-server/index.js';
import { until } from '../../support/until.js';
import { get, Listener, post } from './support.js';

const SCENES = { scenes: [{ type: 'x', duration: 1, content: {} }] };
const SUBMIT = '/api/generate-video-async';

const preflight = (server: MockServer, origin: string) =>
  fetch(server.url + SUBMIT, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
      'access-control-request-private-network': 'true',
    },
  });

/** With whatever `Host`, as a page has it whose own name leads here. */
const statusAs = (server: MockServer, host: string, headers: Record<string, string> = {}) =>
  new Promise<number | undefined>((resolve, reject) => {
    const call = getByHttp(`${server.url}/v1/videos`, { headers: { host, ...headers } }, (response) => {
      resolve(response.resume().statusCode);
    });
    call.on('error', reject);
  });

describe('pages of strangers', () => {
  it.each(['https://evil.example', 'http://localhost.evil.example', 'http://8.8.8.8', 'null', 'file://'])(
    'are not let in, whatever they ask: %s',
    async (origin) => {
      await using server = await createMockServer();
      const asked = await preflight(server, origin);
      expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([403, null]);
      expect(asked.headers.has('access-control-allow-private-network')).toBe(false);
      const body = { ...SCENES, webhookUrl: server.url };
      // Needs no preflight.
      const sent = await post(server, SUBMIT, body, { origin, 'content-type': 'text/plain' });
      expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([403, null]);
      expect(sent.body.message).toContain('allowedOrigins');
      await using socket = new Listener(server, '/', { origin });
      await until(() => socket.error !== undefined);
      expect([server.jobs.size, server.streams.all.length]).toEqual([0, 0]);
      expect(server.requests.map(({ status }) => status)).toEqual([403, 403, 403]);
      // A redirect across origins says `null`, and is how a page gets to a store, which asks for a signed URL.
      const atStore = await fetch(server.filesUrl, { headers: { origin } });
      expect(atStore.status).toBe(origin === 'null' ? 404 : 403);
    },
  );

  it.each(['evil.example', 'evil.example:3001', '127.0.0.1.evil.example', 'evil.example.'])(
    'are not let in where their own name leads here: %s',
    async (host) => {
      await using server = await createMockServer();
      expect(await statusAs(server, host, { origin: `http://${host}` })).toBe(403);
      expect(await statusAs(server, host)).toBe(403);
    },
  );
});

describe('pages of this machine', () => {
  it.each(['http://localhost:5173', 'https://app.localhost', 'http://127.0.0.1:3000', 'http://[::1]:3000'])(
    'are let in: %s',
    async (origin) => {
      await using server = await createMockServer();
      const asked = await preflight(server, origin);
      expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
      expect(asked.headers.has('access-control-allow-private-network')).toBe(false);
      expect((await get(server, '/v1/videos', { origin })).status).toBe(200);
      await using socket = await new Listener(server, '/', { origin }).opened();
      expect(socket.error).toBeUndefined();
    },
  );

  it('are let in from the host that the server itself has', async () => {
    await using server = await createMockServer();
    const host = '192.168.1.5';
    expect(await statusAs(server, `${host}:3001`, { origin: `http://${host}:5173` })).toBe(200);
    expect(await statusAs(server, `${host}:3001`, { origin: 'http://192.168.1.6' })).toBe(403);
  });
});

describe('callers that are no pages', () => {
  it.each(['localhost', 'mock:3001', '10.0.0.7', '[fe80::1]:3001'])('may call it %s', async (host) => {
    await using server = await createMockServer();
    expect(await statusAs(server, host)).toBe(200);
  });
});

it('lets in the origins and the names that its owner gives it, from public networks too', async () => {
  const options: MockServerOptions = {
    allowedOrigins: ['https://app.example.com'],
    allowedHosts: ['mock.example.com'],
  };
  await using server = await createMockServer(options);
  const asked = await preflight(server, 'https://app.example.com');
  expect([asked.status, asked.headers.get('access-control-allow-private-network')]).toEqual([204, 'true']);
  expect((await preflight(server, 'https://other.example.com')).status).toBe(403);
  expect(await statusAs(server, 'mock.example.com')).toBe(200);
  await using open = await createMockServer({ allowedOrigins: ['*'] });
  expect((await preflight(open, 'https://other.example.com')).status).toBe(204);
});

describe('webhooks that a request orders', () => {
  it.each([
    'http://10.0.0.1:1/admin',
    'http://metadata.invalid/',
    'http://0.0.0.0:1/',
    'http://127.0.0.1.invalid/',
  ])('go to this machine only, and are not tried again: %s', async (webhookUrl) => {
    const told: unknown[] = [];
    await using server = await createMockServer({
      manual: true,
      webhooks: { onDelivery: ({ error, url }) => told.push([url, error]) },
    });
    const { body, status } = await post(server, SUBMIT, { ...SCENES, webhookUrl });
    expect(status).toBe(202);
    server.jobs.get(String(body.jobId))?.complete();
    await server.webhooks.settled();
    expect(server.webhooks.deliveries).toMatchObject([{ event: 'completed', status: undefined, attempt: 1 }]);
    expect(told).toEqual([[webhookUrl, expect.stringContaining('webhooks.allowedHosts')]]);
  });

  it('go to the hosts that its owner names', async () => {
    const told: (string | undefined)[] = [];
    await using server = await createMockServer({
      manual: true,
      webhooks: {
        allowedHosts: ['metadata.invalid'],
        retryDelaysMs: { vidBuilder: [] },
        onDelivery: ({ error }) => told.push(error),
      },
    });
    const { body } = await post(server, SUBMIT, { ...SCENES, webhookUrl: 'http://metadata.invalid/' });
    server.jobs.get(String(body.jobId))?.complete();
    await server.webhooks.settled();
    expect(told).toEqual([expect.stringMatching(/metadata\.invalid/)]);
  });
});
