import { describe, expect, it, onTestFinished } from 'vitest';
import { fal } from '../../../src/backends/hosted/fal.js';
import { VideoClient } from '../../../src/client/client.js';
import { createMockServer, type MockServerOptions, mockMedia } from '../../../src/mock-server/index.js';
import { FAL_PROXIES, FAL_PROXY_ROUTE, type FalProxy, falProxy } from '../../support/fal-proxy.js';
import { listen } from '../../support/listen.js';
import { until } from '../../support/until.js';
import { errorOf } from '../client/support.js';

const model = 'fal-ai/veo3.1';
const input = { prompt: 'A boat', duration: '8s' };

/** A client as a page has it, fal's own proxy, and the mock in the place of fal. */
async function start(kind: FalProxy, options: MockServerOptions = {}) {
  const server = await createMockServer({ auth: { type: 'bearer', token: 'id:secret' }, ...options });
  onTestFinished(() => server.close());
  const proxy = await listen(falProxy(kind, server.urlOf('fal')));
  const asked: string[] = [];
  /** As in the guide, where the proxy is of the page's own origin. */
  const throughProxy: typeof fetch = (url, init) => {
    const target = String(url);
    if (!target.startsWith('https://queue.fal.run/')) return fetch(url, init);
    asked.push(target);
    const headers = { ...init?.headers, 'x-fal-target-url': target };
    const body = init?.method === 'PUT' ? '{}' : init?.body;
    return fetch(proxy.url + FAL_PROXY_ROUTE, { ...init, headers, body: body ?? null });
  };
  const client = new VideoClient({
    backend: fal({ model }),
    fetch: throughProxy,
    polling: { intervalMs: 20 },
    retry: { minDelayMs: 1, maxDelayMs: 50 },
    logger: 'silent',
  });
  onTestFinished(() => client.close());
  return { asked, client, server };
}

describe.each(FAL_PROXIES)('a page with fal’s own proxy, %s,', (kind) => {
  it('makes a video with no key of its own, followed by a stream, the file from where it is', async () => {
    const { asked, client, server } = await start(kind, { durationMs: 300 });
    const job = await client.generate({ input });
    expect(job.id).toMatch(/^fal-ai\/veo3\.1\/requests\/[\w-]{36}$/);
    const end = await job.completed();
    expect(end.outputs).toMatchObject([{ type: 'video/mp4' }]);
    expect(await (await job.download()).bytes()).toEqual(mockMedia());
    expect(asked[0]).toBe(`https://queue.fal.run/${model}`);
    const calls = server.requests.filter(({ origin }) => origin === 'main');
    expect(new Set(calls.map(({ headers }) => headers.authorization))).toEqual(new Set(['Key id:secret']));
    expect(calls.find(({ route }) => route === 'sse')?.query).toEqual({ logs: '1' });
    const file = server.requests.find(({ origin }) => origin === 'files');
    expect(file?.headers).not.toHaveProperty('x-fal-target-url');
  });

  it('reports to a webhook that the query names, and cancels', async () => {
    const { client, server } = await start(kind, { manual: true });
    const job = await client.generate({ input, webhookUrl: 'https://app.test/hook?a=1&b=2' });
    expect(server.jobs.last?.input).toMatchObject({ fal_webhook: 'https://app.test/hook?a=1&b=2' });
    server.jobs.last?.advance({ status: 'processing' });
    await client.cancel(job.id);
    await until(() => server.jobs.last?.ended === true);
  });

  it('is told what a model says of the input', async () => {
    const { client } = await start(kind, { durationMs: 50 });
    const job = await client.generate({ input: { ...input, duration: 8 } });
    expect(await errorOf(job.completed())).toMatchObject({
      name: 'JobFailedError',
      reasonCode: 'literal_error',
    });
  });

  it('is refused what the proxy does not let through', async () => {
    const { client, server } = await start(kind);
    const error = await errorOf(client.generate({ model: 'acme/private', input }));
    expect(error.message).toContain('Invalid request');
    expect(server.requests).toEqual([]);
  });
});

it('diagnose goes through the proxy, too', async () => {
  const { client } = await start('fetch');
  const { ok, transports } = await client.diagnose();
  expect([ok, transports.polling.state]).toEqual([true, 'works']);
});
