import { VideoClient } from 'reelwire';
import { expect, it } from 'vitest';
import { connect, heartbeat, input, listen, served } from './support/client.js';
import { startMock } from './support/remote-mock.js';

const end = { status: 'completed', progress: 100 } as const;
const bearer = { type: 'bearer', token: 'secret-token' } as const;

it('SSE carries the credentials and the headers, which EventSource cannot', async () => {
  const server = await startMock({ auth: bearer, faults: [heartbeat] });
  const client = connect(server, {
    auth: bearer,
    headers: { 'x-tenant': 'acme' },
    transports: ['sse'],
  });
  const job = await client.generate(input);
  const story = listen(job);
  await served(story, 'sse');
  await server.do('advance', job.id, end);
  await job.completed();
  expect(story.ends[0]?.transport).toBe('sse');
  const requests = await server.do('requests');
  const asked = requests.filter(({ method, route }) => method === 'GET' && route === 'sse');
  expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer secret-token', 'x-tenant': 'acme' });
});

it('basic credentials and a token of one’s own making go with every call', async () => {
  for (const [auth, expected] of [
    [{ type: 'basic', username: 'ann', password: 'é' }, /^Basic /],
    [{ type: 'bearer', token: async () => 'fresh' }, /^Bearer fresh$/],
  ] as const) {
    const server = await startMock();
    const job = await connect(server, { auth }).generate(input);
    await connect(server, { auth }).status(job.id);
    const requests = (await server.do('requests')).filter(({ method }) => method !== 'OPTIONS');
    for (const route of ['generate', 'status']) {
      expect(requests.find((request) => request.route === route)?.headers.authorization).toMatch(expected);
    }
  }
});

it('a WebSocket, which takes no headers in a browser, gets its token by its URL, anew at each connect', async () => {
  const server = await startMock();
  let tokens = 0;
  const client = connect(server, {
    webSocketUrl: () => `${server.url}/?token=t${++tokens}`,
    transports: ['websocket'],
  });
  const job = await client.generate(input);
  const story = listen(job);
  await served(story, 'websocket');
  await server.do('disconnect', 1012);
  await expect.poll(() => tokens).toBe(2);
  await served(story, 'websocket');
  const sockets = (await server.do('requests')).filter(({ route }) => route === 'websocket');
  expect(sockets.map(({ query }) => query.token)).toEqual(['t1', 't2']);
});

it('wrong credentials end the wait and say so', async () => {
  const server = await startMock({ auth: bearer });
  const id = await server.do('createJob', {});
  const client = connect(server, { auth: { type: 'bearer', token: 'wrong-token' } });
  const error: unknown = await client
    .subscribe(id)
    .completed()
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'unauthorized', jobId: id });
  expect(String(error)).not.toContain('wrong-token');
});

it('a download that is redirected to another origin takes no credentials there', async () => {
  const server = await startMock({ auth: bearer, faults: [{ route: 'download', type: 'redirect' }] });
  const id = await server.do('createJob', {});
  await server.do('advance', id, end);
  const client = connect(server, { auth: bearer, headers: { 'x-key': 'secret-key' } });
  const video = await (await client.download(id)).bytes();
  expect(video.byteLength).toBeGreaterThan(1_000);
  const requests = await server.do('requests');
  const elsewhere = requests.filter(({ route }) => route === 'files');
  expect(elsewhere.length).toBeGreaterThan(0);
  for (const { headers } of elsewhere) {
    expect(headers.authorization).toBeUndefined();
    expect(headers['x-key']).toBeUndefined();
  }
});

it('a server that lets no other origin in is told from one that is there', async () => {
  const server = await startMock({ cors: false });
  const error: unknown = await connect(server, { retry: { attempts: 1 } })
    .status('job-1')
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'network', jobId: 'job-1' });
  expect((error as { hint?: string }).hint).toMatch(/CORS/);
  const diagnosis = await connect(server).diagnose();
  expect(diagnosis.transports.polling).toMatchObject({ state: 'fails' });
  expect(`${diagnosis.transports.polling.message} ${diagnosis.transports.polling.hint}`).toMatch(/CORS/);
});

it('diagnose finds every transport at work', async () => {
  const server = await startMock();
  const diagnosis = await connect(server).diagnose();
  expect(diagnosis).toMatchObject({ ok: true, transport: 'websocket' });
});

it('a base URL may be relative to the page', () => {
  expect(() => new VideoClient({ baseUrl: '/api-gateway' })).not.toThrow();
});
