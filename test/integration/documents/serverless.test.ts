import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { Redis } from 'ioredis';
import { createWebhookHandler, type WebhookStore } from 'reelwire/webhooks';
import { createWebhookFactory } from 'reelwire/webhooks/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { blocksOf, root } from '../../support/documents.js';
import { listen } from '../../support/listen.js';
import { startRedis } from '../../support/redis.js';
import { temporaryFolder } from '../client/support.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const send = createWebhookFactory({ secret });
const blocks = blocksOf('examples/guides/serverless-receivers.md');
let told: unknown[];

beforeEach(() => {
  told = [];
  vi.stubEnv('WEBHOOK_SECRET', secret);
  vi.spyOn(console, 'log').mockImplementation((line) => void told.push(line));
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** What a platform gives its modules: its own, by the names that they import. */
type Platform = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Loads the block that has this text in it, as its platform would. */
async function load<T>(mark: string, platform: Platform = {}): Promise<T> {
  const block = blocks.find(({ code }) => code.includes(mark));
  if (block === undefined) throw new Error(`no block with ${mark}`);
  vi.stubGlobal('platformOfTest', platform);
  const plugin: Plugin = {
    name: 'platform',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /./ }, ({ path }) =>
        path in platform ? { path, namespace: 'platform' } : undefined,
      );
      onLoad({ filter: /./, namespace: 'platform' }, ({ path }) => ({
        contents: Object.keys(platform[path] ?? {})
          .map((name) => `export const ${name} = platformOfTest[${JSON.stringify(path)}].${name};`)
          .join('\n'),
      }));
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: block.code, resolveDir: root, loader: 'ts' },
    ...{
      absWorkingDir: root,
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      plugins: [plugin],
    },
  });
  // A file of its own each time: what was loaded once stays loaded.
  const file = join(await temporaryFolder(), 'receiver.mjs');
  await writeFile(file, outputFiles[0]?.contents ?? '');
  return import(/* @vite-ignore */ pathToFileURL(file).href) as Promise<T>;
}

type Receive = (request: Request, ...more: unknown[]) => Promise<Response>;

/** A genuine delivery, its repetition, and a forged one. */
async function deliver(receive: Receive, ...more: unknown[]): Promise<void> {
  const genuine = await send.completed('żółw');
  const deliveries = [...(await send.duplicate(genuine)), await send.tampered(genuine)];
  const statuses = [];
  for (const delivery of deliveries) statuses.push((await receive(delivery, ...more)).status);
  expect([statuses, told]).toEqual([[200, 200, 401], ['żółw is there']]);
}

/** As AWS documents them: function URLs send the second version, too. */
function eventsOf(headers: Readonly<Record<string, string>>, body: string): Record<string, object> {
  const { 'webhook-id': id = '', ...others } = headers;
  const encoded = { body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
  const v1 = {
    ...{ version: '1.0', resource: '/webhook', path: '/webhook', httpMethod: 'POST' },
    headers: { ...others, 'Webhook-Id': id, Host: 'example.com', 'Content-Type': 'application/json' },
    multiValueHeaders: { 'Webhook-Id': [id] },
    ...{ queryStringParameters: null, pathParameters: null, stageVariables: null },
    requestContext: { httpMethod: 'POST', identity: { sourceIp: '192.0.2.1' } },
    ...{ body, isBase64Encoded: false },
  };
  const v2 = {
    ...{ version: '2.0', routeKey: '$default', rawPath: '/webhook', rawQueryString: '' },
    headers: { ...headers, host: 'example.com', 'content-length': String(Buffer.byteLength(body)) },
    requestContext: { http: { method: 'POST', path: '/webhook', sourceIp: '192.0.2.1' } },
    ...{ body, isBase64Encoded: false },
  };
  const loadBalancer = {
    ...{ httpMethod: 'POST', path: '/webhook', queryStringParameters: {}, headers },
    ...{ requestContext: { elb: { targetGroupArn: 'arn:aws:…' } }, body, isBase64Encoded: false },
  };
  return {
    'API Gateway, REST': v1,
    'API Gateway, REST, in base64': { ...v1, ...encoded },
    'API Gateway, HTTP, or a function URL': v2,
    'API Gateway, HTTP, or a function URL, in base64': { ...v2, ...encoded },
    'a load balancer': loadBalancer,
  };
}

it.each(Object.keys(eventsOf({}, '')))('the receiver for AWS Lambda takes an event of %s', async (kind) => {
  type Handler = (event: object) => Promise<{ statusCode: number; headers: object; body: string }>;
  const { handler } = await load<{ handler: Handler }>('GatewayEvent');
  await deliver(async (request) => {
    const event = eventsOf(Object.fromEntries(request.headers), await request.text())[kind] ?? {};
    const { statusCode, headers, body } = await handler(event);
    expect([headers, JSON.parse(body).received]).toEqual([
      { 'content-type': 'application/json' },
      statusCode === 200,
    ]);
    return new Response(body, { status: statusCode });
  });
  expect((await handler({ headers: {}, body: null, isBase64Encoded: false })).statusCode).toBe(401);
});

it.each(['GatewayEvent', '@vercel/functions', "path: '/webhook'"])(
  'the receiver with %j is not made where the secret is not set',
  async (mark) => {
    vi.stubEnv('WEBHOOK_SECRET', undefined);
    const loading = load(mark, { '@vercel/functions': { waitUntil: () => {} } });
    await expect(loading).rejects.toMatchObject({ reason: 'bad-secret' });
  },
);

it('the receiver for Vercel takes a request', async () => {
  const waitUntil = vi.fn();
  const { POST } = await load<{ POST: Receive }>('@vercel/functions', { '@vercel/functions': { waitUntil } });
  await deliver(POST);
});

it('the receiver for Next is loaded without a secret, as next build does, and takes a request with its context', async () => {
  vi.stubEnv('WEBHOOK_SECRET', undefined);
  const { POST } = await load<{ POST: Receive }>('next/server', { 'next/server': { after: vi.fn() } });
  vi.stubEnv('WEBHOOK_SECRET', secret);
  await deliver(POST, { params: Promise.resolve({}) });
});

it('the receiver for Netlify takes a request with its context, at the path it names', async () => {
  const netlify = await load<{ default: Receive; config: object }>("path: '/webhook'");
  await deliver(netlify.default, { waitUntil: vi.fn(), params: {}, site: {}, geo: {} });
  expect(netlify.config).toEqual({ path: '/webhook', method: 'POST' });
});

it('the receiver for Workers takes a request with environment and context', async () => {
  const platform = { 'cloudflare:workers': { env: { WEBHOOK_SECRET: secret } } };
  const worker = await load<{ default: { fetch: Receive } }>('cloudflare:workers', platform);
  await deliver(worker.default.fetch, { WEBHOOK_SECRET: secret }, { waitUntil: vi.fn() });
});

it('the receiver for Firebase takes a request whose body was parsed, and whose bytes are kept', async () => {
  type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  const { webhook } = await load<{ webhook: Listener }>('firebase-functions', {
    'firebase-functions/params': { defineSecret: () => ({ value: () => secret }) },
    'firebase-functions/https': { onRequest: (_options: object, listener: Listener) => listener },
  });
  // As the functions framework does: it reads the body, parses it, and keeps the bytes.
  const server = await listen(
    createServer(async (request, response) => {
      const rawBody = Buffer.concat(await request.toArray());
      await webhook(Object.assign(request, { rawBody, body: JSON.parse(String(rawBody)) }), response);
    }),
  );
  await deliver(async (request) =>
    fetch(server.url, { method: 'POST', headers: request.headers, body: await request.arrayBuffer() }),
  );
});

it('the store over HTTP has two receivers act once on what comes to both', async () => {
  const redis = await startRedis();
  const client = new Redis({ port: redis.port, host: '127.0.0.1' });
  /** Reads each answer as JSON where it is any, as the client of Upstash does. */
  const answered = (answer: unknown) => {
    try {
      return JSON.parse(String(answer));
    } catch {
      return answer;
    }
  };
  const upstash = {
    eval: async (script: string, keys: string[], values: string[]) =>
      answered(await client.eval(script, keys.length, ...keys, ...values)),
  };
  const { store } = await load<{ store: WebhookStore }>('@upstash/redis', {
    '@upstash/redis': { Redis: { fromEnv: () => upstash } },
  });
  const receivers = [1, 2].map(() =>
    createWebhookHandler({ secret, store, onCompleted: ({ jobId }) => told.push(jobId) }),
  );
  const copies = await send.duplicate(await send.completed('a'));
  const statuses = await Promise.all(copies.map(async (copy, i) => (await receivers[i]?.(copy))?.status));
  expect([statuses, told]).toEqual([[200, 200], ['a']]);
  // Further than what is known, less than it, and the same in other words.
  for (const next of [await send.processing('b'), await send.completed('b'), await send.processing('b')]) {
    await receivers[0]?.(next);
  }
  await receivers[1]?.(await send.completed('b', { fields: { n: 2 } }));
  expect(told).toEqual(['a', 'b']);
  client.disconnect();
  await redis.stop();
}, 120_000);
