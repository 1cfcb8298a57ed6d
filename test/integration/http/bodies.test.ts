import { createRequire } from 'node:module';
import nodeFetch from 'node-fetch';
import { describe, expect, it } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { VideoClient } from '../../../src/client/client.js';
import { rejection } from '../../support/rejection.js';
import { serve } from './support.js';

const require = createRequire(import.meta.url);

/** As React Native's: no stream, and no bytes, only text and a Blob. */
const likeReactNative: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  const { status, ok, headers, url, type } = response;
  const text = () => response.text();
  return { status, ok, headers, url, type, text, arrayBuffer: () => response.arrayBuffer() } as Response;
};

/** What others install, and hand over as `fetch`. */
const FETCHES: Readonly<Record<string, typeof fetch>> = {
  'node-fetch 2': require('node-fetch-2'),
  'node-fetch 3': nodeFetch as unknown as typeof fetch,
  'cross-fetch': require('cross-fetch'),
  'make-fetch-happen': require('make-fetch-happen').defaults({ retry: false }),
  'undici 7': require('undici').fetch,
  'React Native': likeReactNative,
};

const VIDEO = Buffer.concat([Buffer.from('\0\0\0\x20ftypisom'), Buffer.alloc(300_000, 7)]);

describe.each(Object.entries(FETCHES))('with the fetch of %s', (_, ownFetch) => {
  const connect = (baseUrl: string) =>
    new VideoClient({
      ...{ baseUrl, fetch: ownFetch, transports: ['polling'], polling: { intervalMs: 20 } },
      ...{ backend: openAIVideos(), retry: { attempts: 1 } },
    });

  it('reads the answer to a submit, its status and its file, and sends a file in a form', async () => {
    const server = await serve(({ method, url }, response) => {
      if (url.includes('/content'))
        return response.writeHead(200, { 'content-type': 'video/mp4' }).end(VIDEO);
      const status = method === 'POST' ? 'queued' : 'completed';
      return response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`{"id":12345678901234567,"status":"${status}"}`);
    });
    const client = connect(server.url);
    const job = await client.generate({ prompt: 'a "cat"', input_reference: new Uint8Array([1, 2, 3]) });
    expect(job.id).toBe('12345678901234567');
    const [submit] = server.seen;
    const form = await new Response(submit?.body ?? '', {
      headers: { 'content-type': submit?.headers['content-type'] ?? '' },
    }).formData();
    expect(form.get('prompt')).toBe('a "cat"');
    const file = form.get('input_reference') as File;
    expect([...new Uint8Array(await file.arrayBuffer())]).toEqual([1, 2, 3]);
    await job.completed();
    expect(Buffer.compare(await (await job.download()).bytes(), VIDEO)).toBe(0);
  });

  it('quotes what the server refuses with, and follows no redirect by itself', async () => {
    const server = await serve(({ url }, response) => {
      if (url.endsWith('/from')) return response.writeHead(302, { location: '/v1/videos/to' }).end('moved');
      return response.writeHead(402).end('{"error":"Out of credits"}');
    });
    expect(await rejection(connect(server.url).status('from'))).toMatchObject({
      ...{ code: 'payment-required', serverMessage: 'Out of credits', jobId: 'from' },
    });
  });

  it('refuses an answer beyond 64 MiB and ends nothing but the call', async () => {
    const server = await serve((_seen, response) => response.end(`"${'x'.repeat(68_000_000)}"`));
    expect(await rejection(connect(server.url).status('j'))).toMatchObject({
      ...{ code: 'invalid-response', jobId: 'j', message: expect.stringContaining('more than 64 MiB') },
    });
  });

  it('takes an abort while the body comes, and leaves no failure unhandled', async () => {
    const server = await serve((_seen, response) => response.writeHead(200).write('{"id":'));
    const controller = new AbortController();
    const asked = rejection(connect(server.url).status('j', { signal: controller.signal }));
    await expect.poll(() => server.seen.length).toBe(1);
    controller.abort(new Error('enough'));
    expect(await asked).toMatchObject({ message: 'enough' });
  });
});

it('hands no dispatcher of the platform to a fetch of the caller’s own', async () => {
  const seen: RequestInit[] = [];
  const client = new VideoClient({
    baseUrl: 'http://127.0.0.1:9',
    timeouts: { requestMs: 400_000 },
    fetch: async (_input, init) => {
      seen.push(init ?? {});
      return Response.json({ jobId: 'j', status: 'queued' });
    },
  });
  await client.status('j');
  expect(seen).toHaveLength(1);
  expect(seen[0]).not.toHaveProperty('dispatcher');
});

describe('cached answers', () => {
  it('are taken for no call: status, submit, download and event stream ask with no-store', async () => {
    const seen: [string, RequestCache | undefined][] = [];
    const server = await serve(({ url, method }, response) => {
      if (url.startsWith('/api/jobs/events')) return response.writeHead(404).end();
      if (url.startsWith('/api/download'))
        return response.writeHead(200, { 'content-type': 'video/mp4' }).end(VIDEO);
      return response.end(JSON.stringify({ jobId: 'j', status: method === 'POST' ? 'queued' : 'completed' }));
    });
    const client = new VideoClient({
      baseUrl: server.url,
      transports: ['sse', 'polling'],
      fetch: (input, init) => {
        seen.push([new URL(String(input)).pathname, init?.cache]);
        return fetch(input, init);
      },
    });
    const job = await client.generate({ walletAddress: 'w', script: 's' });
    await job.completed();
    await (await job.download()).bytes();
    expect(new Set(seen.map(([path]) => path)).size).toBeGreaterThanOrEqual(3);
    expect(new Set(seen.map(([, cache]) => cache))).toEqual(new Set(['no-store']));
  });

  it('are not mentioned where the runtime throws on any cache option', async () => {
    const { Request: Native } = globalThis;
    globalThis.Request = class extends Native {
      constructor(input: RequestInfo | URL, init?: RequestInit) {
        if (init !== undefined && 'cache' in init) throw new Error("The 'cache' field is not implemented.");
        super(input, init);
      }
    };
    try {
      const inits: RequestInit[] = [];
      const client = new VideoClient({
        baseUrl: 'http://127.0.0.1:9',
        backend: soraGateway(),
        fetch: async (_input, init = {}) => {
          inits.push(init);
          return Response.json({ jobId: 'j', status: 'queued' });
        },
      });
      await client.status('j');
      expect(inits).toHaveLength(1);
      expect(inits[0]).not.toHaveProperty('cache');
    } finally {
      globalThis.Request = Native;
    }
  });
});

it('reads a JSON call whose answer is empty as one without a body', async () => {
  const server = await serve((_seen, response) => response.writeHead(200).end());
  const client = new VideoClient({ baseUrl: server.url, backend: openAIVideos() });
  expect(await client.backend.delete('j')).toEqual({ deleted: true });
});
